"""Encodings of real and of doubtful granules: numbers, scales, flags, places and names, each with its outcome."""

from pathlib import Path

import numpy as np
import pytest
import rasterio

from ldas.observations import Observations, collect
from ldas.observations.clms_ssm import UNKNOWN_CODE
from ldas.observations.settings import SSM_DEFAULT
from tests.observations.granule_files import (
    ROWS,
    SSM_NAME,
    item,
    serve_catalogue,
    ssm_axes,
    write_ssm,
    write_ssm_netcdf,
)
from tests.observations.test_faults import COG, GRID, T0, T1, gather, left_in_cache, settings
from tests.servers import ScriptedServer

pytestmark = pytest.mark.server


def read_local(tmp_path: Path, path: Path, variant: str, **asset: object) -> Observations:
    """The outcome of one local granule behind a catalogue of one item."""
    server = ScriptedServer()
    key = "ssm1km_ssm"
    entry = item(f"{SSM_NAME}_{variant}", path.as_uri(), path.read_bytes(), **asset)
    serve_catalogue(server, [entry])
    layer = "file" if variant == "nc" else "ssm"
    product = SSM_DEFAULT.model_copy(update={"variant": variant, "assets": {layer: key}})
    given = settings(server).model_copy(update={"ssm": product})
    try:
        return collect(given, GRID, T0, T1, tmp_path / "cache")
    finally:
        server.close()


def test_a_missing_scale_is_taken_from_the_product_and_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    found = read_local(tmp_path, write_ssm(tmp_path, scale=None), "cog", **{"raster:scale": None})
    assert found.ssm is not None and np.allclose(found.ssm.value, 50.0)
    assert "neither file nor catalogue states a scale" in caplog.text


@pytest.mark.parametrize("where", ["file", "catalogue"])
def test_a_contradictory_scale_is_refused(tmp_path: Path, where: str) -> None:
    path = write_ssm(tmp_path, scale=0.25 if where == "file" else 0.5)
    found = read_local(tmp_path, path, "cog", **{"raster:scale": 0.5 if where == "file" else 0.25})
    assert found.ssm is None and f"the {where} states a scale of 0.25" in found.degraded[0]


@pytest.mark.parametrize("code", [201, 230, 254])
def test_a_number_that_is_neither_value_nor_known_flag_is_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, code: int
) -> None:
    lat, lon = ssm_axes()
    number = np.full((ROWS, len(lon)), 100)
    number[:, lon < 4.15] = code
    found = read_local(tmp_path, write_ssm_netcdf(tmp_path / "g.nc", number, lat, lon, 0.5), "nc")
    assert found.degraded == [] and found.ssm is not None
    west, east = GRID.lon < 4.14, GRID.lon > 4.16
    assert np.isnan(found.ssm.value[:, west]).all() and np.allclose(found.ssm.value[:, east], 50.0)
    assert (found.ssm["flags"][:, west] == UNKNOWN_CODE).all() and (found.ssm["flags"][:, east] == 0).all()
    assert f"pixels hold numbers of unknown meaning: [{code}]" in caplog.text


def test_another_place_of_the_scale_counts_too(tmp_path: Path) -> None:
    """STAC 1.1 has it in `bands`, the older extension in `raster:bands`."""
    for place in ({"bands": [{"raster:scale": 0.25}]}, {"raster:bands": [{"scale": 0.25, "offset": 0}]}):
        found = read_local(tmp_path, write_ssm(tmp_path, scale=None), "cog", **{"raster:scale": None, **place})
        assert found.ssm is None and "the catalogue states a scale of 0.25" in found.degraded[0]


@pytest.mark.parametrize("where", ["file", "catalogue"])
def test_an_offset_is_refused(tmp_path: Path, where: str) -> None:
    path = write_ssm(tmp_path)
    with rasterio.open(path, "r+") as target:
        target.offsets = (1.5 if where == "file" else 0.0,)
    found = read_local(tmp_path, path, "cog", **{"raster:offset": 0 if where == "file" else 1.5})
    assert found.ssm is None and f"the {where} states an offset of 1.5" in found.degraded[0]


@pytest.mark.parametrize("variant", ["cog", "nc"])
def test_a_truncated_file_of_unstated_size_is_final_and_not_kept(tmp_path: Path, variant: str) -> None:
    lat, lon = ssm_axes()
    random = np.random.default_rng(1).integers(0, 200, (ROWS, len(lon)))
    path = write_ssm(tmp_path) if variant == "cog" else write_ssm_netcdf(tmp_path / "g.nc", random, lat, lon, 0.5)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    found = read_local(tmp_path, path, variant, **{"file:size": None, "file:checksum": None})
    assert found.ssm is None and not found.transient and len(found.seen) == 1
    assert found.degraded[0].startswith(f"ssm: {path.as_uri()}: cannot be read") and left_in_cache(tmp_path) == []


def test_an_undocumented_asset_key_is_found_by_its_layer(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    entry = item(COG, write_ssm(tmp_path).as_uri())
    asset = entry["assets"].pop("ssm1km_ssm")
    server = ScriptedServer()
    try:
        serve_catalogue(server, [entry | {"assets": {"SSM": asset, "ssm_thumbnail": asset}}])
        found = gather(server, tmp_path)
        assert found.ssm is not None and "no asset 'ssm1km_ssm', 'SSM' is taken" in caplog.text
        serve_catalogue(server, [entry | {"assets": {"SSM": asset, "eu_ssm": asset}}])
        assert "expected an asset 'ssm1km_ssm', got SSM, eu_ssm" in gather(server, tmp_path).degraded[0]
    finally:
        server.close()


def test_a_grid_shifted_by_half_a_pixel_is_refused(tmp_path: Path) -> None:
    found = read_local(tmp_path, write_ssm(tmp_path, shift=0.5), "cog")
    assert found.ssm is None and "expected pixel edges on multiples" in found.degraded[0]


def test_a_geotiff_of_0_to_360_degrees_is_refused(tmp_path: Path) -> None:
    found = read_local(tmp_path, write_ssm(tmp_path, turn=360.0), "cog")
    assert found.ssm is None and "expected longitudes from -180 to 180" in found.degraded[0]


@pytest.mark.parametrize("upward", [False, True], ids=["descending", "ascending"])
@pytest.mark.parametrize("turn", [0.0, 360.0])
def test_a_netcdf_says_the_same_in_every_direction(tmp_path: Path, upward: bool, turn: float) -> None:
    lat, lon = ssm_axes()
    ramp = np.repeat(np.arange(ROWS)[:, None] * 4, len(lon), axis=1)  # wetter southwards
    order = slice(None, None, -1) if upward else slice(None)
    path = write_ssm_netcdf(tmp_path / "g.nc", ramp[order], lat[order], lon + turn, 0.5)
    found = read_local(tmp_path, path, "nc")
    assert found.degraded == [] and found.ssm is not None
    expected = 2.0 * ((lat[0] - GRID.lat) * 112.0)
    assert np.allclose(found.ssm.value.mean("lon"), expected, atol=0.6)
    assert (np.diff(found.ssm.value.mean("lon")) > 0).all()
