"""The twin experiment's machinery on four cells and a few windows."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from ldas.assimilation.rescaling import Method, RescalingParameters
from ldas.assimilation.settings import AssimilationSettings
from ldas.demo.world import World
from ldas.errors import InputError
from ldas.evaluation.twin_run import IDENTITY, Twin, draw_observations, prepare, report, run_experiment, train
from ldas.grid import Grid
from ldas.model.options import ModelOptions

pytestmark = pytest.mark.slow

WORLD = World(Grid(4.10, 44.00, 4.12, 44.02), datetime(2020, 5, 5, 18, tzinfo=UTC), 10)


def silent(stage: str, share: float) -> None:
    assert 0.0 <= share <= 1.0


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Twin:
    return prepare(WORLD, tmp_path_factory.mktemp("twin"), ModelOptions(), AssimilationSettings(), silent)


def test_observations_are_biased_noisy_and_come_on_their_days(twin: Twin) -> None:
    ssm, lai = draw_observations(twin)
    assert ssm.shape == lai.shape == (10, 4)
    days = np.array([twin.window(i)[1].toordinal() % 6 for i in range(10)])
    assert not np.isfinite(ssm[~np.isin(days, (0, 3))]).any() and np.isfinite(ssm[days == 0]).any()
    dekads = np.flatnonzero(np.isfinite(lai).any(axis=1))
    assert [twin.window(int(i))[1].day for i in dekads] == [10]
    again = draw_observations(twin)
    np.testing.assert_array_equal(ssm, again[0])


def test_cells_and_days_without_observations_stay_with_the_open_loop(twin: Twin) -> None:
    ssm, lai = draw_observations(twin)
    start, fitted = train(twin, ssm, 2, silent)
    assert (fitted.method >= Method.RANGE).all() and fitted.identity == IDENTITY
    lai[:] = np.nan
    lai[4, :2] = 1.5
    none = RescalingParameters.none(4, IDENTITY)
    analysed, open_loop, innovations = run_experiment(twin, "SSM_LAI", start, none, ssm, lai, 2, silent)
    for name, values in analysed.items():
        np.testing.assert_array_equal(values[:2], open_loop[name][:2])
        np.testing.assert_array_equal(values[:, 2:], open_loop[name][:, 2:])
    assert (analysed["lai"][2, :2] != open_loop["lai"][2, :2]).all()
    assert np.isfinite(innovations["innovation"]).sum() == 2 and np.isfinite(innovations["innovation"][2, 1, :2]).all()


def test_the_report_has_a_score_for_every_experiment(twin: Twin) -> None:
    found = report(twin, 2, silent)
    assert set(found["scores"]) == {"SSM", "LAI", "SSM_LAI"} and found["cells"] == 4
    assert len(found["thresholds"]) == 4 and len(found["directions"]) == 7


def test_a_truth_of_another_world_is_refused(twin: Twin) -> None:
    longer = World(WORLD.grid, WORLD.start, 11)
    with pytest.raises(InputError, match="11 days"):
        prepare(longer, Path(twin.folder), ModelOptions(), AssimilationSettings(), silent)
