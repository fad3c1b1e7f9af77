"""Exchange coefficients alone: printed resistances, neutral limit, stability, snow (energy document §§4.1, 4.7)."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ldas.model.exchange import (
    RICHARDSON_MAX,
    Exchange,
    heat_exchange,
    momentum_exchange,
    prepare_exchange,
    richardson_number,
)

Z_T, Z_U = 2.0, 10.0
PRINTED = {-1.0: 30.0896, -0.1: 52.4458, 0.0: 71.4869, 0.05: 131.4305, 0.2: 374.7802}
"""R_a (s m-1) by Richardson number over z_0 = 0.04 m at V = 3 m s-1 (energy document §9.2)."""


def exchange_of(z0, p_sn=0.0, z_t=Z_T, z_u=Z_U) -> Exchange:
    """The roughness part over `z0` (m) under a snow fraction `p_sn`."""
    z0, p_sn = (np.array(a, dtype=float) for a in np.broadcast_arrays(np.atleast_1d(z0), p_sn))
    exchange = Exchange(*(np.zeros(z0.size) for _ in Exchange._fields))
    prepare_exchange(z0, p_sn, z_t, z_u, exchange)
    return exchange


def heat_coefficient(ri: float, exchange: Exchange, column: int = 0) -> float:
    return float(heat_exchange.py_func(ri, exchange.neutral[column], exchange.unstable[column]))


@pytest.mark.parametrize(("ri", "resistance"), PRINTED.items())
def test_printed_resistances(ri: float, resistance: float) -> None:
    assert 1.0 / (3.0 * heat_coefficient(ri, exchange_of(0.04))) == pytest.approx(resistance, abs=0.6e-4)


@pytest.mark.parametrize("z0", [0.001, 0.04, 0.3, 1.5])
def test_neutral_air_has_a_logarithmic_profile(z0: float) -> None:
    exchange = exchange_of(z0)
    per_log_momentum, per_log_heat = 0.4 / np.log(Z_U / z0), 0.4 / np.log(Z_T / (0.1 * z0))
    assert heat_coefficient(0.0, exchange) == pytest.approx(per_log_momentum * per_log_heat, rel=1e-12)
    assert momentum_exchange.py_func(0.0, z0, 0.1 * z0, Z_U) == pytest.approx(per_log_momentum**2, rel=1e-12)
    for ri in (-1e-12, 1e-12):
        assert heat_coefficient(ri, exchange) == pytest.approx(heat_coefficient(0.0, exchange), rel=1e-9)


@settings(max_examples=100, deadline=None)
@given(z0=st.floats(0.001, 4.0), p_sn=st.floats(0.0, 1.0), low=st.floats(-20.0, 0.2), step=st.floats(1e-3, 1.0))
def test_stability_always_weakens_exchange(z0: float, p_sn: float, low: float, step: float) -> None:
    high = min(low + step, RICHARDSON_MAX)
    exchange = exchange_of(z0, p_sn)
    z0_star, z0h_star = float(exchange.z0_effective[0]), float(exchange.z0h_effective[0])
    assert heat_coefficient(low, exchange) >= heat_coefficient(high, exchange) > 0.0
    drag = [momentum_exchange.py_func(ri, z0_star, z0h_star, Z_U) for ri in (low, high)]
    assert drag[0] >= drag[1] > 0.0


def test_richardson_number_has_the_sign_of_the_air_over_the_surface() -> None:
    ri = richardson_number.py_func
    assert ri(290.0, 290.0, 3.0, Z_T, Z_U) == 0.0
    assert ri(289.0, 290.0, 3.0, Z_T, Z_U) == pytest.approx(-9.80665 * 100.0 / (289.5 * 9.0 * 2.0), rel=1e-12)
    assert ri(290.2, 290.0, 3.0, Z_T, Z_U) > 0.0
    assert ri(310.0, 290.0, 1.0, Z_T, Z_U) == RICHARDSON_MAX
    assert ri(289.0, 290.0, 6.0, Z_T, Z_U) == pytest.approx(ri(289.0, 290.0, 3.0, Z_T, Z_U) / 4.0, rel=1e-12)


def test_snow_mixes_the_roughness_of_ground_and_snow() -> None:
    z0 = 0.1
    exchange = exchange_of(np.full(4, z0), [0.0, 1e-9, 0.4, 1.0])
    assert exchange.z0_effective[0] == z0
    assert exchange.z0h_effective[0] == pytest.approx(0.1 * z0, rel=1e-15)
    assert exchange.z0_effective[1] == pytest.approx(z0, rel=1e-7)
    assert exchange.z0h_effective[1] == pytest.approx(0.1 * z0, rel=1e-7)
    assert exchange.z0_effective[3] == pytest.approx(1e-3, rel=1e-12)
    assert exchange.z0h_effective[3] == pytest.approx(1e-4, rel=1e-12)
    mixed = 0.4 / np.log(Z_U / 1e-3) ** 2 + 0.6 / np.log(Z_U / z0) ** 2
    assert 1.0 / np.log(Z_U / exchange.z0_effective[2]) ** 2 == pytest.approx(mixed, rel=1e-12)
    assert (np.diff(exchange.neutral) < 0.0).all()


def test_roughness_is_limited_by_the_heights_of_the_weather() -> None:
    """z_0' = z_u / 2 and z_0h' <= z_T / 2 over trees taller than the wind's height."""
    exchange = exchange_of(3.9, z_t=2.0, z_u=6.0)
    limited = 0.4**2 / (np.log(2.0) * np.log(2.0 / 0.39))
    assert heat_coefficient(0.0, exchange) == pytest.approx(limited, rel=1e-12)
    assert exchange.z0_effective[0] == 3.9
    assert momentum_exchange.py_func(0.0, 3.9, 0.39, 6.0) == pytest.approx((0.4 / np.log(2.0)) ** 2, rel=1e-12)
