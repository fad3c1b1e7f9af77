"""Scores of a twin experiment on series whose answers are known."""

import numpy as np
import pytest

from ldas.evaluation.twin import (
    Gain,
    bootstrap_reduction,
    directions,
    gain,
    in_season,
    innovation_statistics,
    score_table,
    thresholds,
)

TIME = np.arange("2021-01-01", "2022-01-01", dtype="datetime64[D]")
CELLS = 20


def truth() -> np.ndarray:
    random = np.random.default_rng(0)
    return 0.25 + 0.05 * np.sin(2 * np.pi * np.arange(365)[:, None] / 365) + random.normal(0, 0.01, (365, CELLS))


def with_error(deviation: float, seed: int) -> np.ndarray:
    return truth() + np.random.default_rng(seed).normal(0.0, deviation, (365, CELLS))


def test_half_the_error_is_a_reduction_of_one_half() -> None:
    score = gain(with_error(0.02, 1), with_error(0.04, 2), truth())
    np.testing.assert_allclose(score.rmse_open_loop, 0.04, rtol=0.02)
    np.testing.assert_allclose(score.reduction, 0.5, atol=0.02)
    assert score.low < score.reduction < score.high and score.low > 0.45 and score.high < 0.55
    assert score.correlation_analysis > score.correlation_open_loop


def test_a_constant_bias_leaves_the_unbiased_score_and_the_correlation() -> None:
    score = gain(truth(), truth() + 0.1, truth())
    np.testing.assert_allclose(score.rmse_open_loop, 0.1, rtol=1e-12)
    np.testing.assert_allclose([score.unbiased_open_loop, score.rmse_analysis], 0.0, atol=1e-12)
    np.testing.assert_allclose(score.correlation_open_loop, 1.0, rtol=1e-12)
    assert score.reduction == 1.0


def test_the_interval_of_no_skill_holds_zero() -> None:
    score = gain(with_error(0.03, 1), with_error(0.03, 2), truth())
    assert score.low < 0.0 < score.high


def test_the_bootstrap_is_wider_for_errors_with_memory() -> None:
    """Squared errors of one good half-year and one bad one vary more over draws of blocks than day-to-day noise."""
    steady = np.stack([np.ones(365), np.ones(365)])
    halves = np.stack([np.ones(365), np.r_[np.full(180, 0.1), np.full(185, 1.9)]])
    assert np.ptp(bootstrap_reduction(steady)) == 0.0
    assert np.ptp(bootstrap_reduction(halves)) > 0.2


def test_missing_values_are_left_out_of_all_three_series() -> None:
    analysis, open_loop = with_error(0.02, 1), with_error(0.04, 2)
    analysis[::2] = np.nan
    open_loop[:, 3] = np.nan
    score = gain(analysis, open_loop, truth())
    assert score.n == (365 - 183) * (CELLS - 1)
    assert gain(np.full((3, 2), np.nan), np.ones((3, 2)), np.ones((3, 2))).n == 0


def test_table_by_variable_group_and_season_after_the_burn_in() -> None:
    good = {"lai": truth(), "wg2": truth()}
    bad = {"lai": truth() + 1.0, "wg2": truth() + 0.1}
    groups = {"all": np.ones(CELLS, bool), "cropland": np.arange(CELLS) < 5}
    table = score_table(good, bad, good, TIME, groups)
    assert len(table) == 2 * 2 * 5 and all(score.reduction == 1.0 for score in table.values())
    assert table["lai", "cropland", "all"].n == (365 - 90) * 5
    assert table["lai", "all", "DJF"].n == 31 * CELLS
    np.testing.assert_array_equal(in_season(TIME, "JJA"), np.isin(np.arange(365), np.arange(151, 243)))


@pytest.mark.parametrize("memory", [0.0, 0.7])
def test_innovation_statistics_of_a_consistent_filter(memory: float) -> None:
    random = np.random.default_rng(0)
    s, r = 3.4e-3, 2.0e-3
    d = np.empty((400, 50))
    d[0] = random.normal(0.0, 1.0, 50)
    for i in range(1, 400):
        d[i] = memory * d[i - 1] + np.sqrt(1 - memory**2) * random.normal(0.0, 1.0, 50)
    d *= np.sqrt(s)
    d[random.random(d.shape) < 0.3] = np.nan
    result = innovation_statistics(d, np.full_like(d, np.sqrt(s)), np.full_like(d, np.sqrt(r)), d * r / s)
    np.testing.assert_allclose([result.chi_square, result.desroziers_r, result.desroziers_b], 1.0, atol=0.05)
    assert result.relative_bias < 0.05
    assert (result.lag_1 > 0.4) if memory else abs(result.lag_1) < 0.03


def test_no_innovations_give_no_statistics() -> None:
    nothing = np.full((5, 2), np.nan)
    assert innovation_statistics(nothing, nothing, nothing, nothing).n == 0


def scored(reduction: float, low: float) -> Gain:
    return Gain(100, 1.0, 1.0 - reduction, 1.0, 1.0, 0.0, 0.0, reduction, low, reduction + 0.01)


@pytest.mark.parametrize(
    ("lai", "wg2", "wg5", "low", "irrigated", "expected"),
    [
        (0.2, 0.0, 0.05, 0.01, 0.0, [True, True, True, True]),
        (0.1, -0.03, 0.05, -0.01, -0.2, [False, False, False, False]),
    ],
)
def test_thresholds(lai: float, wg2: float, wg5: float, low: float, irrigated: float, expected: list[bool]) -> None:
    table = {
        ("lai", "all", "all"): scored(lai, lai),
        ("wg2", "all", "all"): scored(wg2, wg2),
        ("wg5", "cropland", "all"): scored(wg5, low),
        **{(v, "irrigated", "all"): scored(irrigated, 0.0) for v in ("lai", "wg2", "wg5")},
    }
    assert [finding.holds for finding in thresholds(table, regions=("irrigated",))] == expected


def test_directions_of_a_world_that_behaves_as_published() -> None:
    random = np.random.default_rng(0)
    open_loop = {"wg2": with_error(0.03, 1), "wg5": with_error(0.03, 2), "lai": 10 * with_error(0.05, 3)}
    reality = {"wg2": truth(), "wg5": truth(), "lai": 10 * truth()}
    lai_change = random.normal(0.0, 0.3, CELLS)
    strength = np.where(in_season(TIME, "JJA") | in_season(TIME, "SON"), 1.0, 0.2)[:, None]

    def made(wg5: np.ndarray, lai: np.ndarray) -> dict[str, np.ndarray]:
        return {"wg2": open_loop["wg2"], "wg5": open_loop["wg5"] + wg5 * strength, "lai": open_loop["lai"] + lai}

    towards = 0.5 * (reality["lai"] - open_loop["lai"]) * strength
    series = {
        "SSM": made(0.002 * lai_change, 0.1 * lai_change + 0 * strength),
        "LAI": made(-0.02 * lai_change, towards + lai_change * 0.05 * strength),
        "SSM_LAI": made(-0.03 * lai_change, towards),
    }
    findings = directions(series, open_loop, reality, TIME, np.arange(CELLS) < 10)
    assert all(finding.holds for finding in findings), [f for f in findings if not f.holds]
    swapped = directions(
        {**series, "LAI": series["SSM"], "SSM": series["LAI"]}, open_loop, reality, TIME, np.ones(CELLS, bool)
    )
    assert not swapped[1].holds


def test_directions_of_experiments_that_changed_nothing_do_not_hold() -> None:
    series = {"wg2": truth(), "wg5": truth(), "lai": truth()}
    series["lai"][:, 3] = np.nan
    findings = directions(dict.fromkeys(("SSM", "LAI", "SSM_LAI"), series), series, series, TIME, np.ones(CELLS, bool))
    assert not any(finding.holds for finding in findings[1:3]) and np.isnan(findings[1].value)
