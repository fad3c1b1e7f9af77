"""Anomalies, percentiles and classes against the numbers of the method document §6."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldas.products import anomaly
from ldas.products.anomaly import Confidence, DroughtClass, MoistureClass
from ldas.products.climatology import moments


def _one(value: float) -> np.ndarray:
    return np.array([[value]])


@pytest.mark.parametrize(("years", "error"), [(3, 1.15), (5, 0.84), (10, 0.57), (20, 0.39), (30, 0.32)])
def test_standard_errors_of_the_document_at_minus_two(years: int, error: float) -> None:
    z, standard_error = anomaly.standardised_anomaly(_one(-2.0), _one(years), _one(0.0), _one(1.0))
    assert z[0, 0] == -2.0
    assert standard_error[0, 0] == pytest.approx(error, abs=0.006)


@pytest.mark.parametrize(("years", "limit"), [(3, 1.15), (5, 1.79), (9, 2.67)])
def test_including_the_evaluated_year_bounds_the_anomaly(years: int, limit: float) -> None:
    values = np.zeros((1, years, 1, 1))
    values[0, -1] = -1000.0
    n_years, mean, deviation = moments(values)
    z, _ = anomaly.standardised_anomaly(values[0, -1], n_years, mean, deviation)
    assert abs(z[0, 0]) == pytest.approx((years - 1) / np.sqrt(years))
    assert abs(z[0, 0]) == pytest.approx(limit, abs=0.006)


def test_anomaly_needs_three_years_and_a_spread() -> None:
    z, error = anomaly.standardised_anomaly(np.ones(3), np.array([2, 3, 3]), np.zeros(3), np.array([1.0, 1.0, 0.0]))
    np.testing.assert_array_equal(np.isfinite(z), [False, True, False])
    np.testing.assert_array_equal(np.isfinite(error), [False, True, False])


@pytest.mark.parametrize(
    ("years", "label", "drought", "moisture"),
    [
        (0, Confidence.NONE, DroughtClass.NOT_ISSUED, MoistureClass.NOT_ISSUED),
        (2, Confidence.NONE, DroughtClass.NOT_ISSUED, MoistureClass.NOT_ISSUED),
        (3, Confidence.EXPERIMENTAL, DroughtClass.NOT_ISSUED, MoistureClass.NOT_ISSUED),
        (4, Confidence.EXPERIMENTAL, DroughtClass.NOT_ISSUED, MoistureClass.NOT_ISSUED),
        (5, Confidence.PROVISIONAL, DroughtClass.NOT_ISSUED, MoistureClass.DRY),
        (9, Confidence.PROVISIONAL, DroughtClass.NOT_ISSUED, MoistureClass.DRY),
        (10, Confidence.PROVISIONAL, DroughtClass.D2, MoistureClass.DRY),
        (19, Confidence.PROVISIONAL, DroughtClass.D2, MoistureClass.DRY),
        (20, Confidence.FULL, DroughtClass.D4, MoistureClass.DRY),
        (30, Confidence.FULL, DroughtClass.D4, MoistureClass.DRY),
    ],
)
def test_short_record_rules(years: int, label: int, drought: int, moisture: int) -> None:
    assert anomaly.confidence(_one(years))[0, 0] == label
    assert anomaly.drought_class(_one(1.0), _one(years))[0, 0] == drought
    assert anomaly.moisture_class(_one(-2.5), _one(years))[0, 0] == moisture


def test_thresholds_of_the_drought_monitor() -> None:
    percentile = np.array([31.0, 30.0, 20.1, 20.0, 10.0, 5.0, 2.0, 0.5, np.nan])
    expected = ["WET_OR_NORMAL", "D0", "D0", "D1", "D2", "D3", "D4", "D4", "NOT_ISSUED"]
    found = anomaly.drought_class(percentile, np.full(9, 30))
    assert [DroughtClass(value).name for value in found] == expected


def test_three_classes_split_at_one() -> None:
    found = anomaly.moisture_class(np.array([-1.0, -0.99, 0.99, 1.0, np.nan]), np.full(5, 7))
    assert [MoistureClass(value).name for value in found] == ["DRY", "NORMAL", "NORMAL", "WET", "NOT_ISSUED"]


def test_percentile_of_a_known_sample() -> None:
    sample = np.arange(1.0, 50.0).reshape(49, 1, 1)
    for value, rank in [(-5.0, 1), (1.0, 1), (2.5, 2.5), (25.0, 25), (49.0, 49), (99.0, 49)]:
        assert anomaly.weibull_percentile(_one(value), sample)[0, 0] == pytest.approx(100 * rank / 50)


def test_tied_values_take_their_mean_rank() -> None:
    sample = np.array([1.0, 2.0, 2.0, 2.0, 3.0]).reshape(5, 1, 1)
    assert anomaly.weibull_percentile(_one(2.0), sample)[0, 0] == pytest.approx(50.0)


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=40), st.floats(-2, 2))
def test_percentile_is_mirrored_by_the_sign(values: list[float], value: float) -> None:
    sample = np.array(values).reshape(-1, 1, 1)
    low = anomaly.weibull_percentile(_one(value), sample)[0, 0]
    high = anomaly.weibull_percentile(_one(-value), -sample)[0, 0]
    assert low + high == pytest.approx(100.0)
    assert 100.0 / (len(values) + 1) - 1e-9 <= low <= 100.0 * len(values) / (len(values) + 1) + 1e-9


def test_missing_values_do_not_count_in_a_percentile() -> None:
    sample = np.array([1.0, np.nan, 3.0]).reshape(3, 1, 1)
    assert anomaly.weibull_percentile(_one(5.0), sample)[0, 0] == pytest.approx(100 * 2 / 3)
    assert np.isnan(anomaly.weibull_percentile(_one(np.nan), sample)[0, 0])
    assert np.isnan(anomaly.weibull_percentile(_one(1.0), sample[1:2])[0, 0])


def test_shrunk_deviation_weighs_by_years() -> None:
    deviation = np.full((20, 20), 2.0)
    deviation[10, 10] = 0.0
    shrunk = anomaly.shrunk_deviation(deviation, np.full((20, 20), 5), cells=3)
    assert shrunk[10, 10] == pytest.approx(np.sqrt(0.5 * 0.0 + 0.5 * 4.0 * 8 / 9))
    assert shrunk[0, 0] == pytest.approx(2.0)


def test_shrinking_ignores_cells_without_a_deviation() -> None:
    deviation = np.full((5, 5), 2.0)
    deviation[2, 2] = np.nan
    shrunk = anomaly.shrunk_deviation(deviation, np.full((5, 5), 3), cells=3)
    assert np.isnan(shrunk[2, 2])
    assert shrunk[2, 1] == pytest.approx(2.0)


def test_relative_monthly_anomaly_of_equation_two() -> None:
    month = np.full((30, 1, 3), 0.15)
    reference = np.full((31, 1, 3), 0.20)
    month[:11, 0, 1] = np.nan
    reference[:, 0, 2] = 0.019
    found = anomaly.relative_anomaly(month, reference)
    assert found[0, 0] == pytest.approx(-0.25)
    assert np.isnan(found[0, 1:]).all()


def test_dry_spell_counts_and_breaks() -> None:
    spell = None
    counts = []
    for z in (-1.5, -1.0001, -1.0, -2.0, np.nan, -3.0):
        spell = anomaly.dry_spell(_one(z), spell)
        counts.append(int(spell[0, 0]))
    assert counts == [1, 2, 0, 1, -1, 1]
