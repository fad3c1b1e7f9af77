"""Soil water alone: cascade, Richards substep, bounds; each keeps the water (energy document §4.12)."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ldas.model.constants import W_MIN
from ldas.model.soil_water import bound_water, infiltrate, move_water, pay_deficit, set_hydraulics
from tests.model.soil_case import GRID, HALF_WET, PARAMETERS, SHAPE, SOIL, soil_water

N, STEP = GRID.n_water, 300.0
THICKNESS = GRID.thickness[:, None]


def stored(wg: np.ndarray) -> np.ndarray:
    """Water of the hydrological layers, m."""
    return (THICKNESS * wg)[:N].sum(axis=0)


def move(wg: np.ndarray, wgi: np.ndarray, extraction=0.0, evaporation=0.0) -> np.ndarray:
    """One substep, `wg` in place; returns the drainage, m."""
    water = soil_water(wg, wgi)
    drainage = np.zeros(4)
    sinks = (np.full(4, value) for value in (extraction, evaporation))
    move_water(GRID, SOIL, PARAMETERS.root_fraction, *sinks, False, STEP, wg, water, drainage)
    return drainage


def test_rain_fills_the_layers_from_the_top_up_to_the_room_that_ice_leaves() -> None:
    wg, wgi, supply = HALF_WET.copy(), np.zeros(SHAPE), np.array([0.02, 0.02, -0.01, 0.0])
    wgi[0] = 0.05
    water, overflow = soil_water(wg, wgi), np.zeros(4)
    start = wg.copy()
    infiltrate(GRID, SOIL, supply, STEP, wg, wgi, water, overflow)
    assert stored(wg) - stored(start) == pytest.approx(np.maximum(supply, 0.0) * STEP / 1000.0, abs=1e-15)
    assert wg[0, :2] == pytest.approx((PARAMETERS.w_sat[0] - 0.05)[:2], rel=1e-15)
    assert (wg[:, 2:] == start[:, 2:]).all() and not overflow.any()
    assert (wg[3:N, :2] == start[3:N, :2]).all()
    assert water.impedance[0] == pytest.approx(10.0 ** (-6.0 * 0.05 / (0.05 + start[0])), rel=1e-12)
    assert (water.impedance[1:N] == 1.0).all()


def test_what_the_column_cannot_hold_overflows() -> None:
    wg, wgi, supply = HALF_WET.copy(), np.zeros(SHAPE), np.full(4, 10.0)
    water, overflow, start = soil_water(wg, wgi), np.zeros(4), stored(HALF_WET)
    infiltrate(GRID, SOIL, supply, STEP, wg, wgi, water, overflow)
    assert wg[:N] == pytest.approx(PARAMETERS.w_sat[:N], rel=1e-15)
    assert stored(wg) - start + overflow == pytest.approx(3.0, rel=1e-13)


def test_a_deficit_is_paid_by_the_layers_above_the_last() -> None:
    wg, wgi = HALF_WET.copy(), np.zeros(SHAPE)
    wg[2] += 0.05
    water = soil_water(wg, wgi)
    supply, snow = np.array([-2e-4, 1e-4, 0.0, -1e-4]), np.array([0.0, 0.0, 3e-4, 1e-4])
    assert pay_deficit(GRID, supply, snow, wg, water)
    paid = water.source[:N]
    assert paid.sum(axis=0) * 1000.0 == pytest.approx([-2e-4, 0.0, -3e-4, -2e-4], abs=1e-18)
    assert (paid[-1] == 0.0).all()
    share = (THICKNESS * wg)[: N - 1]
    assert paid[: N - 1, 0] == pytest.approx(-2e-7 * share[:, 0] / share[:, 0].sum(), rel=1e-12)
    assert not pay_deficit(GRID, np.zeros(4), np.zeros(4), wg, water)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), extraction=st.floats(0.0, 2e-7), evaporation=st.floats(-1e-8, 1e-7))
def test_a_substep_loses_what_drains_and_what_is_taken(seed: int, extraction: float, evaporation: float) -> None:
    generator = np.random.default_rng(seed)
    wgi = np.where(generator.random(SHAPE) < 0.3, 0.1, 0.0)
    wg = 0.05 + generator.random(SHAPE) * (PARAMETERS.w_sat - wgi - 0.05)
    before = stored(wg)
    drainage = move(wg, wgi, extraction, evaporation)
    taken = STEP * (evaporation + extraction * PARAMETERS.root_fraction[:N].sum(axis=0))
    assert stored(wg) == pytest.approx(before - drainage - taken, abs=1e-14)


def test_water_at_rest_does_not_move() -> None:
    """Where the potential falls by the height, capillarity carries gravity; only the last layer drains."""
    water = soil_water(HALF_WET, np.zeros(SHAPE))
    psi = np.zeros(SHAPE)
    psi[N - 1] = -60.0
    for j in range(N - 2, -1, -1):
        psi[j] = psi[j + 1] - GRID.node_spacing[j]
    wg = PARAMETERS.w_sat * np.where(psi < 0.0, psi / PARAMETERS.psi_sat, 1.0) ** (-1.0 / PARAMETERS.b)
    start = wg.copy()
    drainage = move(wg, np.zeros(SHAPE))
    set_hydraulics(GRID, SOIL, start, water)
    assert drainage == pytest.approx(STEP * water.k[N - 1], rel=1e-6)
    assert np.abs(wg - start)[: N - 2].max() < 1e-12
    displaced = start.copy()
    displaced[0] += 0.02
    move(displaced, np.zeros(SHAPE))
    assert (displaced[0] < start[0] + 0.02).all() and (displaced[1] > start[1]).all()


def test_bounds_pass_the_surplus_down_and_lift_the_dry_from_below() -> None:
    wg, wgi = HALF_WET.copy(), np.zeros(SHAPE)
    water, drainage = soil_water(wg, wgi), np.zeros(4)
    wg[1, 0] = PARAMETERS.w_sat[1, 0] + 0.1
    wg[N - 1, 1] = PARAMETERS.w_sat[N - 1, 1] + 0.01
    wg[0, 2] = -0.02
    wg[N - 1, 3] = 0.0
    start = wg.copy()
    bound_water(GRID, wg, water, drainage)
    assert stored(wg) + drainage == pytest.approx(stored(start), abs=1e-15)
    assert wg[1, 0] == PARAMETERS.w_sat[1, 0]
    assert wg[2, 0] == pytest.approx(start[2, 0] + 0.1 * 0.03 / 0.06, rel=1e-12)
    assert drainage[1] == pytest.approx(0.01 * GRID.thickness[N - 1], rel=1e-12)
    assert wg[0, 2] == W_MIN
    assert wg[1, 2] == pytest.approx(start[1, 2] - (0.02 + W_MIN) * 0.01 / 0.03, rel=1e-12)
    assert wg[N - 1, 3] == W_MIN
    assert drainage[3] == pytest.approx(-W_MIN * GRID.thickness[N - 1], rel=1e-12)
    assert drainage[0] == drainage[2] == 0.0


def upward_flux(w: np.ndarray, column: int) -> np.ndarray:
    """q_j of the document from the water of the N layers, ice-free and without vapour, m s-1."""
    p = PARAMETERS
    s = w / p.w_sat[:N, column]
    psi = p.psi_sat[:N, column] * s ** -p.b[:N, column]
    k = p.k_sat[:N, column] * s ** (2.0 * p.b[:N, column] + 3.0)
    mean = np.sqrt(k[:-1] * k[1:])
    return np.append(-mean * (psi[:-1] - psi[1:]) / GRID.node_spacing[: N - 1] - mean, -k[-1])


def test_a_substep_is_half_implicit() -> None:
    """Against a dense solution of item 8 with theta = 1/2 and derivatives of the fluxes by differences."""
    generator = np.random.default_rng(7)
    wg = PARAMETERS.w_fc + generator.random(SHAPE) * 0.9 * (PARAMETERS.w_sat - PARAMETERS.w_fc)
    start = wg.copy()
    drainage = move(wg, np.zeros(SHAPE), 1e-7, 5e-8)
    for column in range(4):
        w = start[:N, column]
        steps = 1e-6 * np.eye(N)
        slopes = np.array([(upward_flux(w + d, column) - upward_flux(w - d, column)) / 2e-6 for d in steps]).T
        above = np.vstack([np.zeros(N), slopes[:-1]])
        flux = upward_flux(w, column)
        sink = 1e-7 * PARAMETERS.root_fraction[:N, column] + np.append(5e-8, np.zeros(N - 1))
        matrix = np.diag(GRID.thickness[:N] / STEP) - 0.5 * (slopes - above)
        x = np.linalg.solve(matrix, flux - np.append(0.0, flux[:-1]) - sink)
        assert wg[:N, column] - w == pytest.approx(x, rel=1e-5, abs=1e-9)
        assert drainage[column] == pytest.approx(-STEP * (flux[-1] + 0.5 * slopes[-1, -1] * x[-1]), rel=1e-6)
