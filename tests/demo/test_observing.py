"""Scenes of the demo world carry the products' encodings and calendars."""

import hashlib
import itertools
from datetime import date, timedelta

import numpy as np
import pytest
import rasterio
import xarray as xr

from ldas.demo.granules import COLLECTIONS, SCALES, make_item, write_scene
from ldas.demo.observing import LAI_STEP, SSM_STEP, centre_pixels, edge_pixels, scenes
from ldas.grid import Grid

GRID = Grid(4.0, 43.95, 4.3, 44.25)


@pytest.fixture(scope="module")
def truth() -> xr.Dataset:
    times = np.arange(np.datetime64("2026-05-01T18"), np.datetime64("2026-06-01T18"), np.timedelta64(24, "h"))
    shape = (len(times), *GRID.shape)
    return xr.Dataset(
        {
            "ssm_observed_patches": (("time", "lat", "lon"), np.full(shape, 0.24)),
            "lai": (("time", "lat", "lon"), np.full(shape, 2.0)),
        },
        coords={"time": times.astype("datetime64[ns]"), "lat": GRID.lat, "lon": GRID.lon},
    )


def test_pixel_centres_follow_the_products_registration():
    assert edge_pixels(4.0, 4.3, SSM_STEP)[0] * 112 == pytest.approx(448.5)
    assert centre_pixels(4.0, 4.3, LAI_STEP)[0] * 336 == pytest.approx(1344.0)


def test_scenes_come_in_order_of_arrival_and_are_late_and_revised(truth):
    drawn = list(scenes(GRID, truth, 5))
    assert all(a.arrives <= b.arrives for a, b in itertools.pairwise(drawn))
    lai = {(s.nominal, s.revision) for s in drawn if s.product == "lai"}
    assert lai == {(date(2026, 5, 10), 0), (date(2026, 5, 10), 1), (date(2026, 5, 20), 0), (date(2026, 5, 31), 0)}
    delays = {s.arrives.date() - s.nominal for s in drawn if s.product == "ssm"}
    assert delays == {timedelta(days=1), timedelta(days=4)}


def test_ssm_is_a_degree_of_saturation_with_flags_apart(truth):
    drawn = [s for s in scenes(GRID, truth, 5) if s.product == "ssm"]
    full = [s for s in drawn if s.nominal.toordinal() % 6 == 0]
    empty = [s for s in drawn if s.nominal.toordinal() % 6 == 1]
    assert all(not (s.layers["ssm"] <= 200).any() for s in empty)
    number = full[0].layers["ssm"]
    assert {251, 252} <= set(np.unique(number).tolist())
    valid = number[number <= 200] / 2.0
    assert valid.mean() == pytest.approx(50.0, abs=8.0)


def test_lai_is_thirty_times_the_value(truth):
    scene = next(s for s in scenes(GRID, truth, 5) if s.product == "lai" and s.revision == 1)
    assert scene.layers["lai"].mean() / 30.0 == pytest.approx(2.0, abs=0.2)
    assert not (scene.layers["lai"] == 255).any()


def test_granules_keep_the_integers_and_items_describe_the_files(truth, tmp_path):
    for scene in itertools.islice(scenes(GRID, truth, 5), 4):
        files = write_scene(scene, tmp_path)
        item = make_item(scene, files, "s3://eodata")
        assert item["collection"] == COLLECTIONS[scene.product]
        for layer, path in files.items():
            with rasterio.open(path) as stored:
                assert np.array_equal(stored.read(1), scene.layers[layer])
                assert stored.scales[0] == pytest.approx(SCALES[layer])
                assert stored.xy(0, 0) == pytest.approx((scene.lon[0], scene.lat[0]), abs=1e-9)
            asset = next(a for a in item["assets"].values() if a["href"].endswith(path.name))
            assert asset["file:size"] == path.stat().st_size
            assert asset["file:checksum"] == "d50110" + hashlib.md5(path.read_bytes()).hexdigest()
