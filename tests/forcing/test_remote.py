"""The same weather and maps from a real S3 server and over HTTP, and what each kind of failure becomes."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest
import xarray as xr

from ldas.demo.servers import ObjectStore
from ldas.errors import AccessError, ForcingUnavailable, TransientError
from ldas.forcing import window_forcing
from ldas.forcing.settings import AromeSettings, ForcingSettings
from ldas.grid import Grid
from tests.forcing.arome_files import write_run
from tests.forcing.conftest import T0, T1, make_weather
from tests.forcing.faulty_server import Handler, s3_refusal, serving
from tests.servers import Answer, ScriptedServer

pytestmark = pytest.mark.server

FIRST, SECOND = datetime(2017, 6, 1, tzinfo=UTC), datetime(2017, 6, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The endpoint of an S3 server whose bucket `weather` holds a Zarr store and a NetCDF file."""
    store = ObjectStore()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in store.environ.items():
            patch.setenv(name, value)
        client = boto3.client("s3", endpoint_url=store.url)
        client.create_bucket(Bucket="weather")
        folder = tmp_path_factory.mktemp("bucket")
        make_weather().to_zarr(folder / "weather.zarr", zarr_format=2)
        make_weather().to_netcdf(folder / "weather.nc")
        for path in folder.rglob("*"):
            if path.is_file():
                client.upload_file(str(path), "weather", path.relative_to(folder).as_posix())
        yield store.url
    store.close()


@pytest.mark.parametrize("name", ["weather.zarr", "weather.nc"])
def test_s3_gives_the_local_window(bucket: str, weather: xr.Dataset, grid: Grid, tmp_path: Path, name: str) -> None:
    weather.to_netcdf(tmp_path / "weather.nc")
    local = window_forcing(ForcingSettings(uri=str(tmp_path / "weather.nc")), grid, T0, T1)
    remote = window_forcing(ForcingSettings(uri=f"s3://weather/{name}", endpoint_url=bucket), grid, T0, T1)
    xr.testing.assert_equal(remote, local)


@pytest.mark.parametrize("name", ["rewritten.nc", "rewritten.zarr"])
def test_what_is_written_again_in_a_bucket_is_read_again_in_the_same_process(
    bucket: str, weather: xr.Dataset, grid: Grid, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    client, settings = (
        boto3.client("s3", endpoint_url=bucket),
        ForcingSettings(uri=f"s3://weather/{name}", endpoint_url=bucket),
    )
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()

    def mean(warmer: float) -> float:
        content = weather.assign(Tair=weather["Tair"] + warmer)
        if name.endswith(".nc"):
            content.to_netcdf(tmp_path / name)
        else:
            content.to_zarr(tmp_path / name, mode="w")
        for path in [tmp_path / name, *(tmp_path / name).rglob("*")]:
            if path.is_file():
                client.upload_file(str(path), "weather", path.relative_to(tmp_path).as_posix())
        return float(window_forcing(settings, grid, T0, T1, tmp_path / "cache")["Tair"].mean())

    assert mean(1.0) - mean(0.0) == pytest.approx(1.0)
    assert list((tmp_path / "scratch").iterdir()) == [], "fetched files are removed"


@pytest.mark.parametrize("uri", ["s3://weather/none.nc", "s3://weather/none.zarr"])
def test_what_is_not_there_is_missing_forcing(bucket: str, grid: Grid, uri: str) -> None:
    with pytest.raises(ForcingUnavailable, match="does not exist"):
        window_forcing(ForcingSettings(uri=uri, endpoint_url=bucket), grid, T0, T1)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    write_run(folder, FIRST, FIRST, ("13H18H", "19H24H"))
    write_run(folder, SECOND, FIRST, ("00H06H", "07H12H", "13H18H"))
    return folder


@pytest.fixture
def serve(runs: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(Handler, "faults", {})
    with serving(runs) as url:
        yield url


def arome(root: str) -> ForcingSettings:
    template = f"{root}/{{run}}/arome/0025/{{package}}/arome__0025__{{package}}__{{range}}__{{run}}.grib2"
    return ForcingSettings(adapter="arome", arome=AromeSettings(url_template=template))


def test_arome_over_http_equals_arome_from_disk(serve: str, runs: Path, grid: Grid) -> None:
    xr.testing.assert_equal(window_forcing(arome(serve), grid, T0, T1), window_forcing(arome(str(runs)), grid, T0, T1))


@pytest.mark.parametrize(
    ("status", "error"),
    [(404, ForcingUnavailable), (403, AccessError), (401, AccessError), (429, TransientError), (503, TransientError)],
)
def test_each_answer_of_a_server_has_its_own_outcome(
    serve: str, grid: Grid, status: int, error: type[Exception]
) -> None:
    Handler.faults = {"SP1__13H18H__2017-06-01": (status, b"")}
    with pytest.raises(error, match="SP1__13H18H__2017-06-01"):
        window_forcing(arome(serve), grid, T0, T1)


def test_a_page_under_a_grib_name_makes_the_run_incomplete(serve: str, grid: Grid) -> None:
    Handler.faults = {"SP1__13H18H__2017-06-01": (200, b"<html>maintenance</html>")}
    with pytest.raises(ForcingUnavailable, match="expected GRIB messages, found none"):
        window_forcing(arome(serve), grid, T0, T1)


def test_no_server_is_transient(grid: Grid) -> None:
    with pytest.raises(TransientError):
        window_forcing(arome("http://127.0.0.1:9"), grid, T0, T1)


@pytest.mark.parametrize("code", ["ExpiredToken", "InvalidAccessKeyId", "AccessDenied"])
def test_refused_keys_are_not_missing_data(serve: str, grid: Grid, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    Handler.faults = {"/weather": (403, s3_refusal(code))}
    monkeypatch.setitem(os.environ, "AWS_ACCESS_KEY_ID", "old")
    monkeypatch.setitem(os.environ, "AWS_SECRET_ACCESS_KEY", "old")
    for name in ("weather.nc", "weather.zarr"):
        with pytest.raises(AccessError):
            window_forcing(ForcingSettings(uri=f"s3://weather/{name}", endpoint_url=serve), grid, T0, T1)


def test_a_folder_that_disappears_between_windows_is_noticed(runs: Path, tmp_path: Path, grid: Grid) -> None:
    copy = Path(shutil.copytree(runs, tmp_path / "copy"))
    window_forcing(arome(str(copy)), grid, T0, T1, tmp_path / "cache")
    shutil.rmtree(copy)
    kept = window_forcing(arome(str(copy)), grid, T0, T1, tmp_path / "cache")
    assert kept.sizes["time"] == 25
    with pytest.raises(ForcingUnavailable):
        window_forcing(arome(str(copy)), grid, T0, T1)


@pytest.mark.parametrize("how", ["silent", "stalled"])
@pytest.mark.parametrize("name", ["weather.nc", "weather.zarr", "run"])
def test_a_hanging_source_is_given_up_in_time(
    scripted_server: ScriptedServer, grid: Grid, monkeypatch: pytest.MonkeyPatch, how: str, name: str
) -> None:
    monkeypatch.setitem(os.environ, "AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setitem(os.environ, "AWS_SECRET_ACCESS_KEY", "secret")
    silent, stalled = Answer(silence=600.0), Answer(b"x" * 999, withheld=99, stall=600.0)
    scripted_server.default = silent if how == "silent" else stalled
    if name == "run":
        settings = arome(scripted_server.url)
    else:
        settings = ForcingSettings(uri=f"s3://weather/{name}", endpoint_url=scripted_server.url)
    impatient = settings.model_copy(update={"connect_timeout": 0.4, "read_timeout": 0.4})
    started = time.monotonic()
    with pytest.raises(TransientError, match="answer"):
        window_forcing(impatient, grid, T0, T1)
    assert time.monotonic() - started < 20.0
