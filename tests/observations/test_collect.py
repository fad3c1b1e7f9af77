"""From a real STAC API and a real S3 endpoint (or local files) to observations on the grid."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from ldas.config import load_profile
from ldas.demo.granules import make_collection, make_item, write_scene
from ldas.demo.observing import scenes
from ldas.demo.servers import StacApi
from ldas.grid import Grid
from ldas.observations import available, collect
from ldas.observations.settings import ObservationSettings
from ldas.record import state_configuration

GRID = Grid(4.0, 43.95, 4.3, 44.25)
DAY = date(2026, 5, 10)
PROFILES = Path(__file__).resolve().parents[2] / "deploy" / "profiles"


@pytest.fixture(scope="module")
def drawn():
    times = np.arange(np.datetime64("2026-05-04T18"), np.datetime64("2026-05-13T18"), np.timedelta64(24, "h"))
    shape = (len(times), *GRID.shape)
    truth = xr.Dataset(
        {
            "ssm_observed_patches": (("time", "lat", "lon"), np.full(shape, 0.24)),
            "lai": (("time", "lat", "lon"), np.full(shape, 2.0)),
        },
        coords={"time": times.astype("datetime64[ns]"), "lat": GRID.lat, "lon": GRID.lon},
    )
    return list(scenes(GRID, truth, 5))


@pytest.fixture(scope="module")
def stac():
    api = StacApi()
    yield api
    api.close()


def window(day: date) -> tuple[datetime, datetime]:
    end = datetime(day.year, day.month, day.day, 18, tzinfo=UTC)
    return end - timedelta(days=1), end


@pytest.fixture(scope="module", params=["file", "s3"])
def settings(request, drawn, stac, tmp_path_factory, s3_server):
    root = tmp_path_factory.mktemp("granules")
    address = root.as_uri() if request.param == "file" else "s3://eodata"
    items = [make_item(scene, write_scene(scene, root), address) for scene in drawn]
    if request.param == "s3":
        s3_server.upload(root, "eodata")
    stac.serve([make_collection("ssm"), make_collection("lai")], items)
    return ObservationSettings(stac_url=stac.url, endpoint_url=s3_server.url, retries=1, page_size=5)


@pytest.mark.server
def test_a_window_gets_the_best_granules_of_its_date(settings, tmp_path):
    found = collect(settings, GRID, *window(DAY), tmp_path)
    assert found.degraded == []
    assert [granule.product for granule in found.used] == ["ssm", "lai"]
    assert found.used[1].revision == 1, "the revised LAI ranks above RT0"
    assert found.lai is not None
    assert float(found.lai.value.mean()) == pytest.approx(2.0, abs=0.2)
    assert found.lai.attrs["units"] == "m2 m-2"


@pytest.mark.server
def test_ssm_is_masked_where_the_radar_sees_forest_and_valued_elsewhere(settings, tmp_path, drawn):
    full = next(s for s in drawn if s.product == "ssm" and s.nominal.toordinal() % 6 == 0)
    found = collect(settings, GRID, *window(full.nominal), tmp_path)
    assert found.ssm is not None
    valid = np.isfinite(found.ssm.value.values)
    assert 0.3 < valid.mean() < 0.98
    assert float(found.ssm.value.mean()) == pytest.approx(50.0, abs=10.0)
    assert (found.ssm["count"].values[valid] >= 20.0).all()
    assert np.allclose(found.ssm.uncertainty.values[valid], 8.0)


@pytest.mark.server
def test_no_overpass_is_no_observation_and_no_degradation(settings, tmp_path, drawn):
    empty = next(s for s in drawn if s.product == "ssm" and s.nominal.toordinal() % 6 == 1)
    found = collect(settings, GRID, *window(empty.nominal), tmp_path)
    assert found.degraded == []
    assert found.ssm is not None and np.isnan(found.ssm.value).all()
    before = collect(settings, GRID, *window(date(2025, 1, 1)), tmp_path)
    assert before.ssm is None and before.lai is None and before.degraded == []


@pytest.mark.server
def test_a_suspended_product_is_left_out_unseen_and_the_record_stays_the_same(settings, tmp_path):
    suspended = settings.model_copy(update={"suspended": ("ssm",)})
    found = collect(suspended, GRID, *window(DAY), tmp_path)
    assert found.ssm is None and found.degraded == ["ssm: suspended in the profile"]
    assert {granule.product for granule in found.seen} == {"lai"}, "its granules are new when it is back"
    assert {granule.product for granule in available(suspended, GRID, DAY, DAY)} == {"lai"}
    profile = load_profile(PROFILES / "ales.yaml")
    changed = profile.model_copy(
        update={"observations": profile.observations.model_copy(update={"suspended": ("ssm",)})}
    )
    assert state_configuration(changed) == state_configuration(profile)


@pytest.mark.server
def test_paging_reaches_every_item(settings, drawn):
    dates = {(s.product, s.nominal) for s in drawn}
    found = available(settings, GRID, date(2026, 5, 1), date(2026, 5, 31))
    assert {(g.product, g.nominal) for g in found} == dates


def test_an_unreachable_catalogue_degrades_and_says_that_it_did_not_answer(tmp_path):
    settings = ObservationSettings(stac_url="http://127.0.0.1:9", retries=0, connect_timeout=1.0)
    found = collect(settings, GRID, *window(DAY), tmp_path)
    assert found.ssm is None and found.transient
    assert all("does not answer" in sentence for sentence in found.degraded) and len(found.degraded) == 2
