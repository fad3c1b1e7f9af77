"""Dekads, climatology by dekad, its moments and quantiles."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldas.dekads import Dekad, complete_dekads
from ldas.errors import InputError
from ldas.products.anomaly import weibull_percentile
from ldas.products.climatology import Climatology, moments, quantiles, reference_years


@given(st.dates(date(1950, 1, 1), date(2100, 12, 31)))
def test_every_day_lies_in_exactly_one_dekad(day: date) -> None:
    dekad = Dekad.of(day)
    assert dekad.first_day <= day <= dekad.last_day
    assert Dekad.from_index(dekad.index) == dekad
    assert dekad.shift(1).first_day == dekad.last_day + timedelta(days=1)
    assert dekad.shift(36) == Dekad(dekad.year + 1, dekad.number)


def test_dekads_of_a_leap_february() -> None:
    dekad = Dekad.of(date(2024, 2, 29))
    assert (dekad.number, dekad.first_day, dekad.last_day, dekad.days) == (6, date(2024, 2, 21), date(2024, 2, 29), 9)
    assert dekad.closes_month and dekad.month == 2


def test_complete_dekads_end_with_the_last_day() -> None:
    found = complete_dekads(date(2026, 1, 5), date(2026, 1, 30))
    assert found == [Dekad(2026, 1), Dekad(2026, 2)]
    assert complete_dekads(date(2026, 1, 5), date(2026, 1, 31))[-1] == Dekad(2026, 3)


def _climatology(years: range, version: str = "v1") -> Climatology:
    climatology = Climatology(version)
    for year in years:
        for number in range(1, 37):
            climatology = climatology.with_dekad(Dekad(year, number), {"rzsm": _map(year, number)})
    return climatology


def _map(year: int, number: int) -> np.ndarray:
    return np.full((1, 2), 100 * (year - 2000) + number, dtype="float32")


def test_evaluated_year_is_left_out_of_a_baseline() -> None:
    climatology = _climatology(range(2001, 2005))
    dekad = Dekad(2003, 7)
    years = reference_years(dekad, (2001, 2004), climatology.years("rzsm"))
    assert years == [2001, 2002, 2004]
    sample = climatology.sample("rzsm", dekad, [*years, 2003], (1, 2))
    np.testing.assert_array_equal(sample[0, :, 0, 0], [107, 207, 407])


def test_moving_reference_never_looks_ahead() -> None:
    assert reference_years(Dekad(2003, 1), None, [2001, 2002, 2003, 2004]) == [2001, 2002]


def test_windows_reach_over_the_turn_of_the_year() -> None:
    sample = _climatology(range(2001, 2004)).sample("rzsm", Dekad(2003, 1), [2001, 2002], (1, 2), half_window=1)
    np.testing.assert_array_equal(sample[:, 1, 0, 0], [136, 201, 202])
    np.testing.assert_array_equal(sample[:, 0, 0, 0], [np.nan, 101, 102])


def test_moments_count_years_and_pool_windows() -> None:
    sample = np.array([[1.0, np.nan], [2.0, 4.0], [3.0, 8.0]]).reshape(3, 2, 1, 1)
    n_years, mean, deviation = moments(sample)
    pooled = np.array([1.0, 2.0, 4.0, 3.0, 8.0])
    assert n_years[0, 0] == 2
    assert mean[0, 0] == pytest.approx(pooled.mean())
    assert deviation[0, 0] == pytest.approx(pooled.std(ddof=1))


def test_moments_of_nothing_are_nan() -> None:
    n_years, mean, deviation = moments(np.full((1, 3, 2, 2), np.nan))
    assert not n_years.any() and np.isnan(mean).all() and np.isnan(deviation).all()


def test_quantiles_are_weibull_positions() -> None:
    sample = np.arange(1.0, 10.0).reshape(1, 9, 1, 1)
    np.testing.assert_allclose(quantiles(sample, np.array([0.1, 0.5, 0.9]))[:, 0, 0], [1.0, 5.0, 9.0])
    np.testing.assert_allclose(quantiles(sample, np.array([0.25]))[:, 0, 0], [2.5])
    assert np.isnan(quantiles(sample, np.array([0.09, 0.91]))).all(), "nine values cannot tell the lowest 9 %"
    assert np.isnan(quantiles(np.full((1, 2, 1, 1), np.nan), np.array([0.5]))).all()
    assert np.isnan(quantiles(np.empty((1, 0, 1, 1)), np.array([0.5]))).all()


@given(st.lists(st.integers(0, 50), min_size=1, max_size=60, unique=True), st.integers(0, 50))
def test_quantiles_and_percentiles_agree(values: list[int], value: int) -> None:
    sample = np.array(values, dtype=float).reshape(1, -1, 1, 1)
    percentile = weibull_percentile(np.full((1, 1), float(value)), sample[0])[0, 0]
    for probability in (0.02, 0.1, 0.2, 0.5):
        level = quantiles(sample, np.array([probability]))[0, 0, 0]
        if np.isfinite(level) and value < level and len(values) > 1:
            assert percentile <= 100.0 * probability + 100.0 / (len(values) + 1)
        if np.isfinite(level) and value > level:
            assert percentile >= 100.0 * probability - 1e-9


def test_quantiles_are_numpys_where_the_sample_resolves_them() -> None:
    random = np.random.default_rng(3)
    sample = random.random((3, 8, 4, 5))
    expected = np.quantile(sample.reshape(24, 4, 5), [0.1, 0.3, 0.5], axis=0, method="weibull")
    np.testing.assert_allclose(quantiles(sample, np.array([0.1, 0.3, 0.5])), expected, rtol=1e-12)


def test_merged_records_equal_one_record() -> None:
    whole = _climatology(range(2001, 2007))
    merged = _climatology(range(2001, 2004)).merge(_climatology(range(2004, 2007)))
    dekad = Dekad(2007, 20)
    years = list(range(2001, 2007))
    for left, right in zip(
        moments(whole.sample("rzsm", dekad, years, (1, 2), 1)),
        moments(merged.sample("rzsm", dekad, years, (1, 2), 1)),
        strict=True,
    ):
        np.testing.assert_array_equal(left, right)


def test_replacing_a_dekad_forgets_its_old_value() -> None:
    climatology = _climatology(range(2001, 2002)).with_dekad(Dekad(2001, 3), {"rzsm": np.zeros((1, 2), "float32")})
    assert climatology.sample("rzsm", Dekad(2002, 3), [2001], (1, 2)).max() == 0.0


def test_versions_never_mix() -> None:
    with pytest.raises(InputError, match="expected version v1 to merge, got v2"):
        _climatology(range(2001, 2002)).merge(_climatology(range(2001, 2002), "v2"))
