"""Implicit soil temperatures and the heat at the base of the snow alone (energy document §4.8)."""

import numpy as np
import pytest

from ldas.model.energy import solve_temperatures, spread_snow_flux
from tests.model.soil_case import GRID, HALF_WET, SHAPE, soil_heat

STEP, LAYERS = 300.0, SHAPE[0]
CORRECTED = int(np.count_nonzero(GRID.correction_depth))


def conductances(heat) -> np.ndarray:
    """Gamma_j between layers j and j + 1, W m-2 K-1."""
    per = GRID.thickness[:, None] / heat.conductivity
    return 2.0 / (per[:-1] + per[1:])


def test_temperatures_solve_the_linear_system() -> None:
    """Against a dense solution of the fourteen equations, the first row given as A T_1 - c T_2 = r."""
    heat = soil_heat(HALF_WET, np.zeros(SHAPE))
    start = 280.0 + np.random.default_rng(3).normal(0.0, 3.0, SHAPE)
    base_flux = np.random.default_rng(4).normal(0.0, 20.0, (CORRECTED, SHAPE[1]))
    gamma = conductances(heat)
    ratio_first, eliminated = 0.4, 290.0
    tg, ratio = start.copy(), np.zeros(SHAPE)
    tg[0], ratio[0] = eliminated, ratio_first
    solve_temperatures(GRID, heat, base_flux, STEP, gamma[0].copy(), np.zeros(4), np.zeros(4), ratio, tg)
    for i in range(SHAPE[1]):
        matrix, rhs = np.zeros((LAYERS, LAYERS)), np.zeros(LAYERS)
        matrix[0, :2], rhs[0] = (1.0, -ratio_first), eliminated
        for j in range(1, LAYERS):
            inertia = heat.capacity[j, i] * GRID.thickness[j] / STEP
            below = gamma[j, i] if j < LAYERS - 1 else 0.0
            matrix[j, j - 1], matrix[j, j] = -gamma[j - 1, i], inertia + gamma[j - 1, i] + below
            if j < LAYERS - 1:
                matrix[j, j + 1] = -below
            rhs[j] = inertia * start[j, i] + (base_flux[j, i] if j < CORRECTED else 0.0)
        assert tg[:, i] == pytest.approx(np.linalg.solve(matrix, rhs), rel=1e-13)


def test_ground_under_an_insulating_surface_keeps_its_heat() -> None:
    heat = soil_heat(HALF_WET, np.zeros(SHAPE))
    start = 280.0 + np.random.default_rng(5).normal(0.0, 5.0, SHAPE)
    tg, ratio = start.copy(), np.zeros(SHAPE)
    gamma, near_ratio, near_t = (np.zeros(4) for _ in range(3))
    solve_temperatures(GRID, heat, np.zeros((CORRECTED, 4)), 3600.0, gamma, near_ratio, near_t, ratio, tg)
    content = heat.capacity * GRID.thickness[:, None]
    assert (content * (tg - start))[1:].sum(axis=0) == pytest.approx(0.0, abs=1e-3)
    assert (tg[0] == start[0]).all()
    assert (tg[1:].max(axis=0) <= start[1:].max(axis=0)).all() and (tg[1:].min(axis=0) >= start[1:].min(axis=0)).all()


@pytest.mark.parametrize(("ground", "spread"), [(50.0, False), (-4000.0, True)])
def test_heat_at_the_snow_base_is_kept_and_spread_where_it_is_strong(ground: float, spread: bool) -> None:
    """Within 10 K it enters layer 1; stronger heat and all corrections go by inertia to the top 0.6 m."""
    heat = soil_heat(HALF_WET, np.zeros(SHAPE))
    p_sn, correction = np.array([0.0, 0.3, 0.8, 1.0]), np.array([5.0, -20.0, 0.0, 12.0])
    base_flux = np.full((CORRECTED, 4), np.nan)
    spread_snow_flux(GRID, heat, p_sn, np.full(4, ground), correction, STEP, np.zeros(4), base_flux)
    assert base_flux.sum(axis=0) == pytest.approx(p_sn * (ground + correction), rel=1e-12, abs=1e-12)
    inertia = heat.capacity[:CORRECTED] * GRID.correction_depth[:CORRECTED, None]
    inertia[0] = 1.0 / heat.c_t
    share = inertia / inertia.sum(axis=0)
    strong = (STEP * heat.c_t * p_sn * abs(ground) >= 10.0) if spread else np.zeros(4, dtype=bool)
    assert strong.any() == spread
    below = p_sn * (correction + np.where(strong, ground, 0.0)) * share[1:]
    assert base_flux[1:] == pytest.approx(below, rel=1e-12, abs=1e-12)
