"""Sources that accept a connection and then say nothing, or stop in the middle: given up in time, nothing kept.

The time-out is half a second and the servers are silent for ten minutes, so a test that ends within seconds proves it.
"""

import os
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from ldas.errors import TransientError
from ldas.grid import Grid
from ldas.observations.discovery import find_granules
from ldas.observations.download import AssetReader
from ldas.observations.granule import Asset
from ldas.observations.raster import read_geotiff
from ldas.observations.settings import ObservationSettings
from tests.observations.granule_files import SSM_NAME, item, serve_catalogue, write_ssm
from tests.servers import Answer, ScriptedServer

pytestmark = pytest.mark.server

GRID = Grid(4.0, 43.95, 4.3, 44.25)
DAY = date(2026, 5, 10)
FOR_EVER = 600.0
LONGEST = 6.0
"""s: a HEAD and a GET that are both given up after half a second, and a slow machine."""


def settings(server: ScriptedServer, retries: int = 0) -> ObservationSettings:
    return ObservationSettings(
        stac_url=server.url,
        endpoint_url=server.url,
        lai=None,
        retries=retries,
        connect_timeout=0.5,
        read_timeout=0.5,
    )


def given_up(action: Callable[[], object], sentence: str, longest: float = LONGEST) -> None:
    """The action ends in time as transient, in one sentence."""
    started = time.monotonic()
    with pytest.raises(TransientError, match=sentence) as found:
        action()
    assert time.monotonic() - started < longest
    assert "\n" not in str(found.value)


@pytest.mark.parametrize(
    ("path", "how"), [("/", "silent"), ("/search", "silent"), ("/search", "stalled"), ("/page1", "stalled")]
)
def test_a_hanging_catalogue_is_given_up(scripted_server: ScriptedServer, path: str, how: str) -> None:
    wanted = item(f"{SSM_NAME}_cog", "s3://eodata/x.tiff")
    serve_catalogue(scripted_server, [wanted], [wanted])
    body = scripted_server.script[path][0].body
    hanging = Answer(silence=FOR_EVER) if how == "silent" else Answer(body, withheld=9, stall=FOR_EVER)
    scripted_server.script[path] = [hanging]
    given_up(
        lambda: find_granules(settings(scripted_server), "ssm", GRID, DAY, DAY),
        r"^http://\S+: the catalogue does not answer \(no answer in time\)$",
    )


def test_a_catalogue_that_hangs_once_is_asked_again(scripted_server: ScriptedServer) -> None:
    serve_catalogue(scripted_server, Answer(silence=FOR_EVER), [item(f"{SSM_NAME}_cog", "s3://eodata/x.tiff")])
    started = time.monotonic()
    found = find_granules(settings(scripted_server, retries=1), "ssm", GRID, DAY, DAY)
    assert len(found) == 1 and time.monotonic() - started < LONGEST


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setitem(os.environ, "AWS_SECRET_ACCESS_KEY", "secret")


@pytest.mark.parametrize("address", ["http", "s3"])
@pytest.mark.parametrize(
    ("how", "form"),
    [("silent", "whole file"), ("silent after HEAD", "window"), ("stalled", "whole file"), ("stalled", "window")],
)
@pytest.mark.usefixtures("keys")
def test_a_hanging_file_is_given_up_and_leaves_nothing(
    scripted_server: ScriptedServer, tmp_path: Path, address: str, how: str, form: str
) -> None:
    content = write_ssm(tmp_path).read_bytes()
    scripted_server.script["/eodata/x.tiff"] = {
        "silent": [Answer(silence=FOR_EVER)],
        "silent after HEAD": [Answer(content), Answer(silence=FOR_EVER)],
        "stalled": [Answer(content, withheld=len(content) // 2, stall=FOR_EVER)],
    }[how]
    href = "s3://eodata/x.tiff" if address == "s3" else f"{scripted_server.url}/eodata/x.tiff"
    reader, cache = AssetReader(settings(scripted_server), tmp_path / "cache"), tmp_path / "cache"
    asset = Asset(href, len(content))
    given_up(
        lambda: reader.whole_file(asset) if form == "whole file" else read_geotiff(reader, asset, GRID),
        rf"^{href}: (no answer in time|the source did not answer)",
    )
    assert not cache.exists() or list(cache.iterdir()) == []


@pytest.mark.usefixtures("keys")
def test_a_file_that_stalls_once_is_read(scripted_server: ScriptedServer, tmp_path: Path) -> None:
    content = write_ssm(tmp_path).read_bytes()
    good, stalled = Answer(content), Answer(content, withheld=len(content) // 2, stall=FOR_EVER)
    scripted_server.script["/eodata/x.tiff"] = [good, stalled, good]
    reader = AssetReader(settings(scripted_server, retries=1), tmp_path / "cache")
    assert reader.whole_file(Asset("s3://eodata/x.tiff", len(content))).read_bytes() == content
