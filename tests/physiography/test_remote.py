"""Static maps from a real S3 server equal those from this disk, and a refusal is not an empty map."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import numpy as np
import pytest
import xarray as xr

from ldas.demo.servers import ObjectStore
from ldas.errors import AccessError, InputError
from ldas.physiography import build
from ldas.physiography.settings import MapLayer, PhysiographySettings
from tests.forcing.faulty_server import Handler, s3_refusal, serving
from tests.physiography.test_build import GRID, settings_of, terrain, write_codes

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("maps")
    codes = np.full((100, 100), 40, dtype=np.uint8)
    codes[:, 45:] = 114
    write_codes(folder / "codes.tif", codes)
    terrain().to_netcdf(folder / "terrain.nc")
    terrain().to_zarr(folder / "terrain.zarr", zarr_format=2)
    return folder


@pytest.fixture(scope="module")
def endpoint(folder: Path) -> Iterator[str]:
    store = ObjectStore()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in store.environ.items():
            patch.setenv(name, value)
        client = boto3.client("s3", endpoint_url=store.url)
        client.create_bucket(Bucket="maps")
        for path in folder.rglob("*"):
            if path.is_file():
                client.upload_file(str(path), "maps", path.relative_to(folder).as_posix())
        yield store.url
    store.close()


def remote(endpoint: str, store: str) -> PhysiographySettings:
    layers = {name: MapLayer(uri=(f"s3://maps/{store}",), variable=name) for name in ("sand", "clay", "elevation")}
    return PhysiographySettings(land_cover=MapLayer(uri=("s3://maps/codes.tif",)), endpoint_url=endpoint, **layers)


@pytest.mark.parametrize("store", ["terrain.nc", "terrain.zarr"])
def test_s3_gives_the_local_maps(folder: Path, endpoint: str, store: str) -> None:
    xr.testing.assert_equal(build(remote(endpoint, store), GRID), build(settings_of(folder), GRID))


def test_a_map_that_is_not_there_is_named(endpoint: str) -> None:
    settings = remote(endpoint, "terrain.nc").model_copy(update={"land_cover": MapLayer(uri=("s3://maps/none.tif",))})
    with pytest.raises(InputError, match=r"s3://maps/none\.tif"):
        build(settings, GRID)


def test_a_page_under_a_raster_name_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "codes.tif").write_text("<html>login</html>")
    settings = settings_of(folder, land_cover=MapLayer(uri=(str(tmp_path / "codes.tif"),)))
    with pytest.raises(InputError, match=r"codes\.tif"):
        build(settings, GRID)


@pytest.mark.parametrize("code", ["ExpiredToken", "AccessDenied"])
def test_refused_keys_are_not_an_empty_map(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    monkeypatch.setattr(Handler, "faults", {"/maps": (403, s3_refusal(code))})
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "old")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "old")
    with serving(tmp_path) as url:
        land_cover = remote(url, "terrain.nc").model_copy(
            update=dict.fromkeys(("sand", "clay", "elevation"), MapLayer(uri=("s3://maps/codes.tif",), units="m"))
        )
        for settings in (remote(url, "terrain.nc"), remote(url, "terrain.zarr"), land_cover):
            with pytest.raises(AccessError):
                build(settings, GRID)
