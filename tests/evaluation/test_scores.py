"""Scores: identities, the paper's own numbers, significance, maps."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ldas.evaluation.scores import (
    MINIMUM_PAIRS,
    change_of_rmsd,
    gain_in_correlation,
    map_scores,
    p_value,
    scores,
)
from ldas.evaluation.stratify import at_times, in_season, monthly_contrasts, without_frost


@settings(max_examples=50, deadline=None)
@given(st.integers(MINIMUM_PAIRS, 200), st.integers(0, 10_000))
def test_rmsd_splits_into_bias_and_ubrmsd(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    o, s = rng.normal(0.2, 0.05, n), rng.normal(0.3, 0.08, n)
    result = scores(o, s)
    assert result.rmsd**2 == pytest.approx(result.ubrmsd**2 + result.bias**2)
    assert result.bias == pytest.approx(s.mean() - o.mean())
    assert result.r == pytest.approx(np.corrcoef(o, s)[0, 1])
    assert result.p_value == pytest.approx(stats.pearsonr(o, s).pvalue)
    assert 2.0 <= result.n_effective <= n


@pytest.mark.parametrize(
    ("rmsd", "bias", "ubrmsd"), [(0.165, 0.159, 0.043), (0.028, 0.013, 0.024), (0.156, 0.145, 0.058)]
)
def test_the_papers_table_2_obeys_the_identity(rmsd: float, bias: float, ubrmsd: float) -> None:
    assert np.sqrt(rmsd**2 - bias**2) == pytest.approx(ubrmsd, abs=1.5e-3)


def test_the_papers_las_brozas_significance() -> None:
    # R = 0.09 with p = 0.1 implies about 335 pairs (evaluation document §5.1)
    assert p_value(0.09, 335) == pytest.approx(0.1, abs=0.002)


def test_autocorrelated_series_have_fewer_independent_pairs() -> None:
    rng = np.random.default_rng(4)
    red = np.zeros((2, 2000))
    for i in range(1, 2000):
        red[:, i] = 0.9 * red[:, i - 1] + rng.normal(size=2)
    result = scores(red[0], red[1])
    assert result.n_effective == pytest.approx(2000 * (1 - 0.81) / (1 + 0.81), rel=0.15)
    assert result.p_effective > result.p_value


def test_few_or_constant_pairs_have_no_score() -> None:
    short = scores(np.arange(9.0), np.arange(9.0))
    assert short.n == 9 and np.isnan(short.r) and np.isnan(short.rmsd)
    flat = scores(np.full(20, 0.2), np.linspace(0.1, 0.3, 20))
    assert np.isnan(flat.r) and np.isnan(flat.p_value) and flat.n == 20 and flat.rmsd > 0


def test_missing_values_are_left_out_in_pairs() -> None:
    o, s = np.arange(20.0), np.arange(20.0) + 1.0
    o[3], s[7] = np.nan, np.nan
    result = scores(o, s)
    assert result.n == 18 and result.bias == pytest.approx(1.0) and result.r == pytest.approx(1.0)


def test_gains() -> None:
    assert gain_in_correlation(0.8, 0.6) == pytest.approx(50.0)
    assert gain_in_correlation(0.6, 0.6) == 0.0
    assert change_of_rmsd(0.04, 0.05) == pytest.approx(-20.0)
    assert np.isnan(gain_in_correlation(1.0, 1.0))


def test_map_scores_equal_the_scores_of_each_cell() -> None:
    rng = np.random.default_rng(5)
    o, s = rng.normal(size=(60, 2, 3)), rng.normal(size=(60, 2, 3))
    s[rng.random(s.shape) < 0.2] = np.nan
    s[:40, 1, 2] = np.nan
    r, ubrmsd, n = map_scores(o, s)
    for i, j in np.ndindex(2, 3):
        expected = scores(o[:, i, j], s[:, i, j])
        assert n[i, j] == expected.n
        if expected.n >= 30:
            assert r[i, j] == pytest.approx(expected.r) and ubrmsd[i, j] == pytest.approx(expected.ubrmsd)
        else:
            assert np.isnan(r[i, j])
    assert np.isnan(r[1, 2])


def test_seasons_cut_the_year_into_four() -> None:
    times = pd.date_range("2019-01-01", "2019-12-31", freq="D")
    counts = {season: int(in_season(times, season).sum()) for season in ("DJF", "MAM", "JJA", "SON", "all")}
    assert counts == {"DJF": 90, "MAM": 92, "JJA": 92, "SON": 91, "all": 365}


def test_station_values_at_the_pass() -> None:
    series = pd.Series(np.arange(48.0), index=pd.date_range("2019-01-01", periods=48, freq="h"))
    times = pd.DatetimeIndex(["2019-01-01 18:00", "2019-01-02 18:00", "2019-01-03 18:00"])
    np.testing.assert_array_equal(at_times(series, times), [18.0, 42.0, np.nan])
    gappy = series.drop(pd.Timestamp("2019-01-01 18:00"))
    np.testing.assert_array_equal(at_times(gappy, times, pd.Timedelta(hours=1)), [18.0, 42.0, np.nan])


def test_frozen_pairs_are_left_out() -> None:
    kept = without_frost(np.array([0.1, 0.2, 0.3]), np.array([3.9, 4.0, np.nan]))
    np.testing.assert_array_equal(kept, [np.nan, 0.2, 0.3])


def test_monthly_contrasts_of_a_doubled_year() -> None:
    days = pd.date_range("2017-01-01", "2018-12-31", freq="D")
    base = pd.Series(0.1 + 0.01 * days.month, index=days)
    station = base.where(days.year == 2017, 1.5 * base)
    model = base.where(days.year == 2017, 1.2 * base)
    table = monthly_contrasts(station, model, 2017)
    assert list(table["month"]) == list(range(1, 13)) and set(table["year"]) == {2018}
    np.testing.assert_allclose(table["reference"], 0.5)
    np.testing.assert_allclose(table["evaluated"], 0.2)


def test_monthly_contrasts_need_twenty_common_days() -> None:
    days = pd.date_range("2017-01-01", "2018-02-28", freq="D")
    station = pd.Series(0.2, index=days)
    model = pd.Series(0.3, index=days.delete(np.arange(31, 41)))
    table = monthly_contrasts(station, model, 2017)
    assert list(table["month"]) == [1]
