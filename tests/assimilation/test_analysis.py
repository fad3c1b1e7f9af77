"""One window from end to end on a linear model: options, cells without observations, bad inputs, diagnostics."""

from typing import Any

import numpy as np
import pytest

from ldas.assimilation.analysis import Analysis, active_columns, analyse, perturbed_starts
from ldas.assimilation.control import control_values
from ldas.assimilation.diagnostics import (
    SUMS,
    cell_diagnostics,
    consistency,
    consistency_sums,
    days_since,
    domain_summary,
    error_report,
    sliding_summary,
)
from ldas.assimilation.quality_control import CellObservations, Flag, check_observations
from ldas.assimilation.settings import AssimilationSettings, BoundSettings, Experiment, JacobianSettings
from ldas.model.state import State
from ldas.variables import variables
from tests.assimilation.builders import linear_members, make_domain, make_state

# Cell 2 has no column; cell 3 is bare soil and permanent snow.
DOMAIN = make_domain([3, 3, 0, 1, 0, 1, 4], [1, 3, 4, 4, 7, 7, 10], [0.8, 0.2, 0.4, 0.3, 0.6, 0.7, 1.0])
START = make_state(np.array([[0.0, 0.0, 3.0, 2.5, 2.0, 1.5, 1.0], *[np.linspace(0.15, 0.30, 7)] * 7]))
JACOBIAN = np.random.default_rng(3).uniform(0.05, 0.4, (2, 8, 7))
JACOBIAN[0, 0] = -0.01
JACOBIAN[1, 1:] *= 2.0
JACOBIAN[:, :, :2] *= np.array([1.0, 0.0])[:, None, None]
OPEN_LOOP = np.array([[0.25, 0.25, 0.0, 0.2, 0.2], [2.0, 2.0, 0.0, 0.0, 1.0]])
SSM, LAI_OBS = np.array([0.30, 0.18, 0.2, 0.15, np.nan]), np.array([2.0, np.nan, 2.0, np.nan, np.nan])


def run(
    ssm: np.ndarray = SSM,
    lai: np.ndarray = LAI_OBS,
    experiment: Experiment = "SSM_LAI",
    end: State = START,
    members: Any = linear_members,
    **settings: Any,
) -> Analysis:
    options = AssimilationSettings(**settings)
    checked = check_observations(CellObservations.on_cells(5, ssm=ssm, lai=lai), end, DOMAIN, options, experiment)
    columns = active_columns(checked, DOMAIN)
    part = DOMAIN.select(columns)
    perturbed = members(START.select(columns), end.select(columns), JACOBIAN[:, :, columns], part)
    return analyse(checked, end, perturbed, START, columns, DOMAIN, options)


def test_only_cells_with_a_usable_observation_are_perturbed_and_changed() -> None:
    result = run()
    np.testing.assert_array_equal(result.columns, [0, 1, 2, 3, 4, 5])
    assert result.flags[0, 2] == Flag.NO_COLUMN and result.flags[0, 4] == Flag.MISSING
    after, before = control_values(result.state), control_values(START)
    np.testing.assert_array_equal(after[:, 6], before[:, 6])
    assert (after[1:, 2:6] != before[1:, 2:6]).all()
    assert np.isnan(result.background[:, 2]).all() and np.isnan(result.innovation_spread[:, 4]).all()


def test_bare_soil_gets_water_only_and_permanent_snow_nothing() -> None:
    result = run()
    assert result.increments[0, 0] == 0.0 and (result.increments[1:, 0] != 0.0).all()
    assert not result.increments[:, 1].any()
    assert result.state.lai[0] == 0.0 and result.state.biomass_leaf[0] == 0.0


def test_observation_equal_to_the_background_gives_no_increment() -> None:
    background = run().background
    result = run(ssm=background[0], lai=np.where(background[1] > 0.0, background[1], np.nan))
    np.testing.assert_allclose(result.increments, 0.0, atol=1e-16)
    np.testing.assert_allclose(result.residual[result.used], 0.0, atol=1e-15)


@pytest.mark.parametrize("experiment", ["OL", "SSM", "LAI"])
def test_an_observation_left_out_by_the_experiment_does_not_act(experiment: Experiment) -> None:
    nothing = np.full(5, np.nan)
    kept = {"OL": (nothing, nothing), "SSM": (SSM, nothing), "LAI": (nothing, LAI_OBS)}[experiment]
    assert run(experiment=experiment).state.equals(run(*kept).state)


def test_the_analysis_is_closer_to_what_it_used() -> None:
    result = run()
    used = result.used
    assert (np.abs(result.residual[used]) < np.abs(result.innovation[used])).all()


def test_all_observations_missing_returns_the_background_bit_for_bit() -> None:
    result = run(np.full(5, np.nan), np.full(5, np.nan))
    assert result.state.equals(START) and len(result.columns) == 0
    assert not result.water_added.any() and result.counts["elements_updated"] == 0
    assert np.isnan(domain_summary(result, DOMAIN, AssimilationSettings())["ssm_mean_innovation"])


def test_innovation_check_removes_one_observation_and_keeps_the_other() -> None:
    far = SSM.copy()
    far[0] = 0.47
    result = run(ssm=far)
    assert result.flags[0, 0] == Flag.INNOVATION and result.used[1, 0]
    without = SSM.copy()
    without[0] = np.nan
    in_cell_0 = DOMAIN.cell[result.columns] == 0
    np.testing.assert_array_equal(result.increments[:, in_cell_0], run(ssm=without).increments[:, in_cell_0])
    assert np.isnan(result.residual[0, 0]) and result.innovation[0, 0] > 0.2


def test_frozen_columns_get_nothing_and_the_rest_of_the_cell_does() -> None:
    end = START.copy()
    end.wgi[2, 2] = 0.02
    result = run(end=end)
    frozen = result.columns == 2
    assert not result.jacobian[:, :, frozen].any() and not result.increments[:, frozen].any()
    assert result.increments[:, result.columns == 4].all() and result.counts["jacobian_frozen"] == 1


def test_strict_mode_uses_the_frozen_column() -> None:
    end = START.copy()
    end.wgi[2, 2] = 0.02
    result = run(end=end, strict=True)
    assert result.jacobian[:, :, result.columns == 2].any()


def test_broken_member_is_rejected_counted_and_flagged() -> None:
    def broken(*args: Any) -> list[State]:
        members = linear_members(*args)
        members[3].wg[1, 2] = np.nan
        return members

    result = run(members=broken)
    assert result.counts["jacobian_not_finite"] == 1
    np.testing.assert_array_equal(result.jacobian_rejected[:, 2], [True, False])
    assert np.isfinite(control_values(result.state)).all()
    maps = cell_diagnostics(result, DOMAIN)
    assert has(maps["qc_flags"], "jacobian_rejected")[0] and not has(maps["qc_flags"], "jacobian_rejected")[1]


def test_window_start_update_changes_the_start_state_by_the_same_increments() -> None:
    end = START.copy()
    end.wg[1:8] -= 0.02
    at_end, at_start = run(end=end), run(end=end, update="window_start")
    np.testing.assert_array_equal(at_start.increments, at_end.increments)
    np.testing.assert_allclose(
        control_values(at_start.state) - control_values(START),
        control_values(at_end.state) - control_values(end),
        atol=1e-15,
    )


def test_crops_and_grass_option_leaves_trees_out_of_the_ssm_equivalent() -> None:
    result = run(experiment="SSM", ssm_patches="crops_and_grass")
    np.testing.assert_allclose(result.background[0, :2], START.wg[1, [4, 5]], rtol=1e-14)
    np.testing.assert_allclose(result.background[1, :2], run().background[1, :2], rtol=0)
    trees = DOMAIN.patch[result.columns] == 4
    assert not result.increments[:, trees].any() and result.increments[1:, ~trees].all()


def test_floor_of_the_lai_jacobian_lifts_a_patch_at_its_minimum() -> None:
    def blind(start: State, end: State, jacobian: np.ndarray, part: Any) -> list[State]:
        return linear_members(start, end, np.zeros_like(jacobian), part)

    end = START.copy()
    end.lai[[2, 4]] = 0.3
    lai = np.array([1.2, np.nan, np.nan, np.nan, np.nan])
    nothing = np.full(5, np.nan)
    assert not run(nothing, lai, end=end, members=blind).increments.any()
    lifted = run(nothing, lai, end=end, members=blind, jacobian=JacobianSettings(lai_floor=0.5))
    assert (lifted.increments[0] > 0.0).all() and not lifted.increments[1:].any()
    lower = run(
        nothing, np.where(np.isnan(lai), lai, 0.1), end=end, members=blind, jacobian=JacobianSettings(lai_floor=0.5)
    )
    assert not lower.increments.any()


def has(flags: np.ndarray, meaning: str) -> np.ndarray:
    row = variables("analysis")["qc_flags"]
    return (flags & row.flag_masks[row.flag_meanings.split().index(meaning)]) != 0


def test_published_flags() -> None:
    flags = cell_diagnostics(run(bounds=BoundSettings(wg_increment=1e-4)), DOMAIN)["qc_flags"]
    np.testing.assert_array_equal(has(flags, "ssm_assimilated"), [True, True, False, True, False])
    np.testing.assert_array_equal(has(flags, "lai_assimilated"), [True, False, False, False, False])
    assert has(flags, "increment_limited")[0] and not has(flags, "soil_moisture_bounded").any()


def test_bounded_soil_moisture_is_published() -> None:
    end = START.copy()
    end.wg[7, 2] = 0.5
    flags = cell_diagnostics(run(end=end), DOMAIN)["qc_flags"]
    np.testing.assert_array_equal(has(flags, "soil_moisture_bounded"), [True, False, False, False, False])


def test_maps_have_the_names_of_the_variable_table_and_agree_with_each_other() -> None:
    result = run()
    maps = cell_diagnostics(result, DOMAIN)
    known = {**variables("analysis"), **variables("diagnostic")}
    assert set(maps) <= set(known)
    for name, values in maps.items():
        assert values.shape == ((8, 5) if "control" in known[name].dims else (5,)), name
    np.testing.assert_allclose(maps["water_added"], 1000.0 * maps["increment"][1:].T @ [0.03, 0.06, 0.1, *[0.2] * 4])
    used = result.used[0]
    np.testing.assert_allclose(
        maps["ssm_residual"][used], maps["ssm_innovation"][used] - maps["increment"][1][used], atol=1e-15
    )


def test_days_since_count_up_and_reset() -> None:
    previous = np.array([[-1, 0, 32767], [3, -1, 7]], np.int16)
    used = np.array([[False, False, False], [True, True, False]])
    np.testing.assert_array_equal(days_since(previous, used), [[-1, 1, 32767], [0, 0, 8]])


def test_consistency_of_innovations_drawn_from_the_filters_own_statistics() -> None:
    """10 000 innovations ~ N(0, S): chi2 and both Desroziers ratios are 1."""
    random = np.random.default_rng(0)
    hbht, r, windows = 1.4e-3, 2.0e-3, 10
    sums = np.zeros((windows, 2, len(SUMS)))
    for window in range(windows):
        d = random.normal(0.0, np.sqrt(hbht + r), 1000)
        residual = d * r / (hbht + r)
        terms = (1.0 + 0 * d, d, d**2, hbht + r, r, hbht, residual * d, (d - residual) * d, d**2 / (hbht + r), 0 * d)
        sums[window, 0] = [np.sum(np.broadcast_to(term, d.shape)) for term in terms]
    result = consistency(sums, AssimilationSettings())
    for ratio in (result.chi_square, result.desroziers_r, result.desroziers_b):
        np.testing.assert_allclose(ratio[0], 1.0, atol=0.05)
        assert np.isnan(ratio[1])
    assert result.relative_bias[0] < 0.03


def test_consistency_sums_of_one_window_and_the_sliding_length() -> None:
    result = run()
    sums = dict(zip(SUMS, consistency_sums(result, OPEN_LOOP)[0], strict=True))
    d, residual = result.innovation[0, result.used[0]], result.residual[0, result.used[0]]
    np.testing.assert_allclose(sums["n"], 3)
    np.testing.assert_allclose(sums["d_oa_d_ob"], (d * residual).sum(), rtol=1e-12)
    np.testing.assert_allclose(sums["d_oa_d_ob"] + sums["d_ab_d_ob"], sums["d_squared"], rtol=1e-12)
    np.testing.assert_allclose(sums["hbht"] + sums["r"], sums["s"], rtol=1e-12)
    np.testing.assert_allclose(sums["departure"], (0.30 - 0.25) + (0.18 - 0.25) + (0.15 - 0.2), rtol=1e-12)
    many = np.stack([consistency_sums(result, OPEN_LOOP)] * 40)
    assert consistency(many, AssimilationSettings(desroziers_cycles=30)).n[0] == 90


def test_sliding_summary_raises_the_drift_alarm() -> None:
    sums = np.zeros((100, 2, len(SUMS)))
    sums[-50:, 0, SUMS.index("n")] = 10.0
    sums[-50:, 0, SUMS.index("departure")] = 10.0 * 0.03
    summary = sliding_summary(sums, AssimilationSettings())
    assert summary["ssm_drift_alarm"] is True and np.isclose(summary["ssm_drift"], 0.03)
    assert summary["ssm_month_n"] == 300.0 and np.isnan(summary["lai_month_chi_square"])


def test_summary_counts_and_raises_the_rejection_alarm() -> None:
    far = np.where(np.isnan(SSM), SSM, 0.47)
    summary = domain_summary(run(ssm=far), DOMAIN, AssimilationSettings())
    assert summary["ssm_rejection_alarm"] is True and summary["lai_rejection_alarm"] is False
    assert summary["ssm_innovation"] == 3 and summary["lai_used"] == 1
    assert summary["background_wg2"] == pytest.approx(0.035, abs=5e-4)


def test_mean_errors_are_near_the_published_ones() -> None:
    report = error_report(DOMAIN, AssimilationSettings())
    np.testing.assert_allclose(list(report.values()), [0.035, 0.018, 0.044], atol=5e-4)


def test_perturbed_starts_belong_to_the_active_columns() -> None:
    members = perturbed_starts(START, np.array([2, 4]), DOMAIN, AssimilationSettings())
    assert len(members) == 8 and all(member.columns == 2 for member in members)
    np.testing.assert_allclose(members[0].lai, 1.001 * START.lai[[2, 4]], rtol=1e-14)
