"""Every fault of a catalogue or a file has a stated outcome: tried again, degraded for now, or refused for good."""

import json
import os
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from email.utils import formatdate
from pathlib import Path

import numpy as np
import pytest

from ldas.errors import AccessError, InputError, TransientError
from ldas.grid import Grid
from ldas.observations import Observations, collect, discovery
from ldas.observations.discovery import find_granules
from ldas.observations.download import AssetReader
from ldas.observations.granule import Asset
from ldas.observations.settings import SSM_DEFAULT, ObservationSettings
from tests.observations.granule_files import (
    ROWS,
    SSM_NAME,
    item,
    md5,
    serve_catalogue,
    ssm_axes,
    write_ssm,
    write_ssm_netcdf,
)
from tests.servers import Answer, ScriptedServer

pytestmark = pytest.mark.server

GRID = Grid(4.0, 43.95, 4.3, 44.25)
DAY = date(2026, 5, 10)
T0, T1 = datetime(2026, 5, 9, 18, tzinfo=UTC), datetime(2026, 5, 10, 18, tzinfo=UTC)
BUSY = Answer(status=429, headers={"Retry-After": "0"})
DOWN = Answer(status=503)


def settings(server: ScriptedServer, retries: int = 3, read_timeout: float = 20.0) -> ObservationSettings:
    return ObservationSettings(stac_url=server.url, lai=None, retries=retries, read_timeout=read_timeout)


def find(server: ScriptedServer, **options: float) -> list[str]:
    return [granule.id for granule in find_granules(settings(server, **options), "ssm", GRID, DAY, DAY)]


def gather(server: ScriptedServer, tmp_path: Path, **options: float) -> Observations:
    return collect(settings(server, **options), GRID, T0, T1, tmp_path / "cache")


COG = f"{SSM_NAME}_cog"


def test_a_burst_of_429_and_503_is_outlasted(scripted_server: ScriptedServer) -> None:
    serve_catalogue(scripted_server, BUSY, DOWN, [item(COG, "s3://eodata/x.tiff")])
    assert find(scripted_server) == [COG]
    assert [path for _, path in scripted_server.requests].count("/search") == 3


def http_date(seconds: float) -> str:
    return formatdate(time.time() + seconds, usegmt=True)


@pytest.mark.parametrize(
    ("asked", "waited"),
    [(lambda: "3600", 1.0), (lambda: http_date(3600), 1.0), (lambda: http_date(-3600), 0.0), (lambda: "soon", 0.0)],
    ids=["an hour", "a date in an hour", "a date in the past", "nonsense"],
)
def test_retry_after_is_honoured_up_to_a_bound(
    scripted_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, asked: Callable[[], str], waited: float
) -> None:
    """The bound is a second here and twenty in service."""
    assert discovery.LONGEST_RETRY_AFTER == 20
    monkeypatch.setattr(discovery, "LONGEST_RETRY_AFTER", 1.0)
    busy = Answer(status=429, headers={"Retry-After": asked()})
    serve_catalogue(scripted_server, busy, [item(COG, "s3://eodata/x.tiff")])
    started = time.monotonic()
    assert find(scripted_server) == [COG]
    assert waited <= time.monotonic() - started < waited + 5.0


@pytest.mark.parametrize("answer", [BUSY, DOWN, Answer(status=500)], ids=["429", "503", "500"])
def test_a_catalogue_that_stays_down_is_transient(scripted_server: ScriptedServer, answer: Answer) -> None:
    serve_catalogue(scripted_server, answer)
    with pytest.raises(TransientError, match="does not answer"):
        find(scripted_server, retries=1)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_is_no_empty_catalogue(scripted_server: ScriptedServer, tmp_path: Path, status: int) -> None:
    serve_catalogue(scripted_server, Answer(status=status))
    with pytest.raises(AccessError, match=str(status)):
        find(scripted_server)
    refused = gather(scripted_server, tmp_path)
    assert refused.ssm is None and refused.seen == [] and "refuses" in refused.degraded[0]
    serve_catalogue(scripted_server, [])
    nothing = gather(scripted_server, tmp_path)
    assert nothing.ssm is None and nothing.degraded == []


def test_a_web_page_instead_of_a_catalogue_is_refused(scripted_server: ScriptedServer) -> None:
    serve_catalogue(scripted_server, Answer(b"<html>sign in</html>"))
    with pytest.raises(InputError, match="expected a STAC item collection"):
        find(scripted_server)


def test_paging_goes_on_past_an_empty_page_and_counts_an_id_once(scripted_server: ScriptedServer) -> None:
    first = item(COG.replace("0510", "0509"), "s3://eodata/a.tiff")
    wanted = item(COG, "s3://eodata/b.tiff")
    serve_catalogue(scripted_server, [first, wanted], [], [wanted], [item(COG.replace("0510", "0511"), "s3://x/c")])
    both = find_granules(settings(scripted_server), "ssm", GRID, date(2026, 5, 1), date(2026, 5, 31))
    assert [granule.nominal.day for granule in both] == [9, 10, 11]


@pytest.mark.parametrize(("day", "transient"), [(DAY, False), (date(2026, 5, 9), True)], ids=["given", "kept back"])
def test_a_catalogue_that_keeps_items_back_is_never_an_empty_day(
    scripted_server: ScriptedServer, caplog: pytest.LogCaptureFixture, day: date, transient: bool
) -> None:
    """Three items promised, two pages with one of them twice: what is given is used, what is not may come later."""
    serve_catalogue(scripted_server, [item(COG, "s3://eodata/x.tiff")], [item(COG, "s3://eodata/x.tiff")])
    for path in ("/search", "/page1"):
        page = json.loads(scripted_server.script[path][0].body)
        scripted_server.json(path, {**page, "numberMatched": 3})
    if transient:
        with pytest.raises(TransientError, match="gave 1 of 3 items"):
            find_granules(settings(scripted_server), "ssm", GRID, day, day)
    else:
        assert find(scripted_server) == [COG]
        assert "gave 1 of 3 items" in caplog.text


def test_a_number_matched_that_is_too_small_changes_nothing(scripted_server: ScriptedServer) -> None:
    serve_catalogue(scripted_server, [item(COG, "s3://eodata/x.tiff")])
    page = json.loads(scripted_server.script["/search"][0].body)
    scripted_server.json("/search", {**page, "numberMatched": 0})
    assert find(scripted_server) == [COG]


def test_items_of_another_collection_or_date_are_filtered_here(scripted_server: ScriptedServer) -> None:
    other = item(COG.replace("V1.2.1", "V1.2.9"), "s3://eodata/x.tiff") | {"collection": "another"}
    later = item(COG.replace("0510", "0512"), "s3://eodata/x.tiff")
    serve_catalogue(scripted_server, [other, later, item(COG, "s3://eodata/x.tiff")])
    assert find(scripted_server) == [COG]


def test_an_odd_item_does_not_hide_the_others_and_is_no_empty_day(
    scripted_server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    odd = item("a-name-of-their-own", "s3://eodata/x.tiff")
    bare = item(COG.replace("V1.2.1", "V1.2.2"), "s3://eodata/x.tiff") | {"assets": {}}
    serve_catalogue(scripted_server, [odd, bare, item(COG, "s3://eodata/x.tiff")])
    assert find(scripted_server) == [COG]
    assert "a-name-of-their-own: expected an id like" in caplog.text and "expected an asset" in caplog.text
    for alone, sentence in ((odd, "expected an id like"), (bare, "expected an asset")):
        serve_catalogue(scripted_server, [alone])
        with pytest.raises(InputError, match=sentence):
            find(scripted_server)


def test_one_variant_and_the_best_version_are_kept(scripted_server: ScriptedServer) -> None:
    older = item(COG.replace("V1.2.1", "V1.1.1"), "s3://eodata/old.tiff")
    other = item(f"{SSM_NAME}_nc".replace("V1.2.1", "V1.2.2"), "s3://eodata/x.nc")
    newest = item(COG, "s3://eodata/new.tiff")
    newest["properties"]["processing:version"] = "1.2.1"
    serve_catalogue(scripted_server, [older, other, newest])
    (found,) = find_granules(settings(scripted_server), "ssm", GRID, DAY, DAY)
    assert (found.id, found.processing_version, found.passed_over) == (COG, "1.2.1", (older["id"],))
    assert found.provenance()["passed_over"] == [older["id"]]


def served(server: ScriptedServer, tmp_path: Path, name: str = "good.tiff", **asset: object) -> bytes:
    """An SSM layer with 50 % everywhere behind the catalogue, as `name` on the same server."""
    content = write_ssm(tmp_path).read_bytes()
    serve_catalogue(server, [item(COG, f"{server.url}/{name}", content, **asset)])
    server.script[f"/{name}"] = [Answer(content)]
    return content


def test_a_good_file_over_http_is_read(scripted_server: ScriptedServer, tmp_path: Path) -> None:
    served(scripted_server, tmp_path)
    found = gather(scripted_server, tmp_path)
    assert found.degraded == [] and found.ssm is not None
    assert np.allclose(found.ssm.value, 50.0)


def test_a_burst_of_503_on_the_file_is_outlasted(scripted_server: ScriptedServer, tmp_path: Path) -> None:
    content = served(scripted_server, tmp_path)
    scripted_server.script["/good.tiff"] = [DOWN, DOWN, Answer(content)]
    found = gather(scripted_server, tmp_path)
    assert found.degraded == [] and found.ssm is not None


@pytest.mark.parametrize(
    ("answer", "transient", "seen", "sentence"),
    [
        (DOWN, True, 0, "did not answer"),
        (Answer(status=403), False, 0, "access refused"),
        (Answer(status=401), False, 0, "access refused"),
        (Answer(status=404), False, 1, "not there"),
        (Answer(b"<!DOCTYPE html><p>sign in"), False, 1, "expected .* bytes"),
    ],
    ids=["503", "403", "401", "404", "html"],
)
def test_what_becomes_of_a_file_that_cannot_be_had(
    scripted_server: ScriptedServer, tmp_path: Path, answer: Answer, transient: bool, seen: int, sentence: str
) -> None:
    served(scripted_server, tmp_path)
    scripted_server.script["/good.tiff"] = [answer]
    found = gather(scripted_server, tmp_path, retries=1)
    assert found.ssm is None and found.used == []
    assert (found.transient, len(found.seen)) == (transient, seen)
    assert len(found.degraded) == 1
    with pytest.raises(AssertionError, match=sentence):
        raise AssertionError(found.degraded[0])


def fetch(server: ScriptedServer, tmp_path: Path, asset: Asset, retries: int = 1, timeout: float = 20.0) -> Path:
    return AssetReader(settings(server, retries, timeout), tmp_path / "cache").whole_file(asset)


def left_in_cache(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "cache").iterdir()) if (tmp_path / "cache").exists() else []


def netcdf(tmp_path: Path) -> bytes:
    lat, lon = ssm_axes()
    return write_ssm_netcdf(tmp_path / "g.nc", np.full((ROWS, len(lon)), 100), lat, lon, 0.5).read_bytes()


def test_a_broken_transfer_is_tried_again(scripted_server: ScriptedServer, tmp_path: Path) -> None:
    content = netcdf(tmp_path)
    scripted_server.script["/g.nc"] = [Answer(content), Answer(content[:999]), Answer(content)]
    asset = Asset(f"{scripted_server.url}/g.nc", len(content), None)
    assert fetch(scripted_server, tmp_path, asset).read_bytes() == content
    scripted_server.script["/short.nc"] = [Answer(content[:999])]
    with pytest.raises(TransientError, match="ended early"):
        fetch(scripted_server, tmp_path, Asset(f"{scripted_server.url}/short.nc", len(content)))
    assert [path.suffix for path in left_in_cache(tmp_path)] == [".nc"], "nothing half-written stays"


def test_a_web_page_under_a_netcdf_name_is_refused(scripted_server: ScriptedServer, tmp_path: Path) -> None:
    scripted_server.script["/g.nc"] = [Answer(b"<html>sign in</html>")]
    with pytest.raises(InputError, match="an HTML page"):
        fetch(scripted_server, tmp_path, Asset(f"{scripted_server.url}/g.nc"))
    assert left_in_cache(tmp_path) == []


def test_a_wrong_checksum_is_refused_and_a_new_one_fetched_again(
    scripted_server: ScriptedServer, tmp_path: Path
) -> None:
    content = netcdf(tmp_path)
    scripted_server.script["/g.nc"] = [Answer(content)]
    href = f"{scripted_server.url}/g.nc"
    with pytest.raises(InputError, match="expected MD5"):
        fetch(scripted_server, tmp_path, Asset(href, len(content), "0" * 32))
    first = fetch(scripted_server, tmp_path, Asset(href, len(content), md5(content)))
    asked = len(scripted_server.requests)
    assert fetch(scripted_server, tmp_path, Asset(href, len(content), md5(content))) == first
    assert len(scripted_server.requests) == asked, "the cache answers"
    revised = content + b"\0"
    scripted_server.script["/g.nc"] = [Answer(revised)]
    again = fetch(scripted_server, tmp_path, Asset(href, len(revised), md5(revised)))
    assert again.read_bytes() == revised


def test_the_cache_stays_within_its_bound(scripted_server: ScriptedServer, tmp_path: Path) -> None:
    content = netcdf(tmp_path)
    bound = settings(scripted_server).model_copy(update={"cache_gigabytes": 2.5e-9 * len(content)})
    reader = AssetReader(bound, tmp_path / "cache")
    for name in ("a.nc", "b.nc", "c.nc"):
        scripted_server.script[f"/{name}"] = [Answer(content)]
        newest = reader.whole_file(Asset(f"{scripted_server.url}/{name}", len(content)))
    assert len(left_in_cache(tmp_path)) == 2 and newest in left_in_cache(tmp_path)


@pytest.mark.parametrize("stated", [True, False])
def test_a_file_larger_than_the_cache_may_be_is_refused_by_name(
    scripted_server: ScriptedServer, tmp_path: Path, stated: bool
) -> None:
    content = netcdf(tmp_path)
    scripted_server.script["/g.nc"] = [Answer(content)]
    small = settings(scripted_server).model_copy(update={"cache_gigabytes": 1e-9 * (len(content) - 1)})
    asset = Asset(f"{scripted_server.url}/g.nc", len(content) if stated else None)
    with pytest.raises(
        InputError, match=r"/g\.nc: .* GB or more, expected at most the .* observations.cache_gigabytes"
    ):
        AssetReader(small, tmp_path / "cache").whole_file(asset)
    assert left_in_cache(tmp_path) == [] and (len(scripted_server.requests) == 0) is stated


@pytest.mark.parametrize("fault", ["full", "no folder"])
def test_a_disk_of_ours_that_cannot_be_written_is_no_fault_of_the_granule(
    scripted_server: ScriptedServer, tmp_path: Path, fault: str
) -> None:
    """/dev/full takes the place of the half-written file: its writes fail as on a full disk."""
    content = netcdf(tmp_path)
    scripted_server.script["/g.nc"] = [Answer(content)]
    cache = tmp_path / "cache"
    if fault == "no folder":
        cache.write_bytes(b"a file stands where the folder should")
    with pytest.MonkeyPatch.context() as patch:
        if fault == "full":
            patch.setattr(tempfile, "mkstemp", lambda **_: (os.open("/dev/full", os.O_WRONLY), str(cache / "part")))
        with pytest.raises(TransientError, match=f"{cache}: the cache cannot be written"):
            fetch(scripted_server, tmp_path, Asset(f"{scripted_server.url}/g.nc", len(content)), retries=0)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "ExpiredToken"),
        (400, "InvalidToken"),
        (400, "TokenRefreshRequired"),
        (403, "InvalidAccessKeyId"),
        (403, "SignatureDoesNotMatch"),
        (403, "RequestTimeTooSkewed"),
        (403, "AccessDenied"),
    ],
)
@pytest.mark.parametrize("variant", ["cog", "nc"])
def test_refused_keys_are_a_refusal(
    scripted_server: ScriptedServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    code: str,
    variant: str,
) -> None:
    monkeypatch.setitem(os.environ, "AWS_ACCESS_KEY_ID", "old")
    monkeypatch.setitem(os.environ, "AWS_SECRET_ACCESS_KEY", "old")
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>no</Message></Error>".encode()
    scripted_server.default = Answer(body, status=status, headers={"Content-Type": "application/xml"})
    serve_catalogue(scripted_server, [item(f"{SSM_NAME}_{variant}", "s3://eodata/x.tiff")])
    layer = "file" if variant == "nc" else "ssm"
    product = SSM_DEFAULT.model_copy(update={"variant": variant, "assets": {layer: "ssm1km_ssm"}})
    changes = {"endpoint_url": scripted_server.url, "ssm": product}
    found = collect(settings(scripted_server, retries=0).model_copy(update=changes), GRID, T0, T1, tmp_path / "cache")
    assert found.ssm is None and found.seen == [] and not found.transient
    assert "access refused" in found.degraded[0] and left_in_cache(tmp_path) == []
