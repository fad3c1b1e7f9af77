"""Saturation over water and ice: the printed table, continuity, slope (energy document §§2.4, 9.2)."""

import pytest

from ldas.model.constants import E_T, T_T
from ldas.model.saturation import saturation_humidity, saturation_humidity_slope, saturation_pressure

PRINTED = [
    (263.16, 259.969137, 1.6185487e-3, 1.4381106e-4),
    (273.16, 611.14, 3.8099752e-3, 3.1432119e-4),
    (283.15, 1226.496703, 7.6641075e-3, 5.1546104e-4),
    (293.15, 2334.300691, 1.4648158e-2, 9.1416188e-4),
]
"""T (K), e_sat (Pa), q_sat and its slope at 10^5 Pa (K-1)."""


@pytest.mark.parametrize(("t", "pressure", "humidity", "slope"), PRINTED)
def test_printed_table(t: float, pressure: float, humidity: float, slope: float) -> None:
    """To the printed digits; 283.15 K gives 1226.4967023 Pa, one unit of the last digit less than printed."""
    assert saturation_pressure(t) == pytest.approx(pressure, abs=0.8e-6)
    assert saturation_humidity(t, 1.0e5) == pytest.approx(humidity, rel=4e-8)
    assert saturation_humidity_slope(t, 1.0e5) == pytest.approx((humidity, slope), rel=4e-8)


@pytest.mark.parametrize(
    ("t", "p", "pressure", "humidity"),
    [(298.16, 101325.0, 3163.491, 0.01965093), (268.16, 101325.0, 401.8228, 0.00247028)],
)
def test_values_of_the_leaf_model(t: float, p: float, pressure: float, humidity: float) -> None:
    """Vegetation document §3.1."""
    assert saturation_pressure(t) == pytest.approx(pressure, rel=2e-7)
    assert saturation_humidity(t, p) == pytest.approx(humidity, abs=0.6e-8)


def test_ice_and_water_meet_at_the_triple_point() -> None:
    assert saturation_pressure(T_T) == pytest.approx(E_T, rel=1e-14)
    assert saturation_pressure(T_T + 1e-9) == pytest.approx(E_T, rel=1e-9)
    cold, warm = (saturation_humidity_slope(T_T + d, 1.0e5)[1] for d in (-1e-9, 1e-9))
    assert cold > 1.1 * warm


@pytest.mark.parametrize("t", [230.0, 260.0, 273.5, 285.0, 310.0])
def test_slope_is_the_derivative(t: float) -> None:
    step = 1e-4
    high, low = (saturation_humidity(t + d, 9.0e4) for d in (step, -step))
    assert saturation_humidity_slope(t, 9.0e4)[1] == pytest.approx((high - low) / (2.0 * step), rel=1e-7)
