"""Water on leaves and stress of roots alone (energy document §§4.3, 4.4, 4.10; vegetation document §9.6)."""

import numpy as np
import pytest

from ldas.model.constants import L_V
from ldas.model.energy import SurfaceFluxes
from ldas.model.interception import intercept, wet_leaves
from ldas.model.soil import soil_grid, soil_parameters
from ldas.model.water_stress import stress_roots
from tests.model.vegetation_cases import columns_of

DT = 900.0


def leaves(wr, veg, lai, c_wr, z0) -> tuple[np.ndarray, np.ndarray]:
    """(capacity, wet fraction)."""
    arrays = [np.array(a, dtype=float) for a in np.broadcast_arrays(np.atleast_1d(wr), veg, lai, c_wr, z0)]
    wr_max, delta = np.full(arrays[0].size, np.nan), np.full(arrays[0].size, np.nan)
    wet_leaves(*arrays, wr_max, delta)
    return wr_max, delta


def test_low_plants_wet_by_two_thirds_power_and_tall_ones_slower() -> None:
    capacity, delta = leaves([0.0, 0.1, 0.38, 2.0], 0.95, 2.0, 0.2, 0.04)
    assert capacity == pytest.approx(0.38)
    assert delta == pytest.approx([0.0, (0.1 / 0.38) ** (2.0 / 3.0), 1.0, 1.0], rel=1e-12)
    _, tall = leaves(0.1, 0.95, 2.0, 0.2, 1.5)
    y, c = 0.1 / 0.38, 5.0
    assert tall[0] == pytest.approx(y / ((1.0 - c) * y + c), rel=1e-12)
    _, between = leaves(0.1, 0.95, 2.0, 0.2, 0.75)
    assert between[0] == pytest.approx(0.5 * (tall[0] + delta[1]), rel=1e-12)


def test_no_leaves_hold_no_water() -> None:
    capacity, delta = leaves([0.5, 0.5], [0.0, 0.95], [2.0, 0.0], 0.2, 0.04)
    assert not capacity.any() and not delta.any()


@pytest.mark.parametrize("evaporation", [0.0, 30.0, 400.0])
@pytest.mark.parametrize("rain", [0.0, 1e-4, 5e-3])
@pytest.mark.parametrize("p_sn", [0.0, 0.4])
def test_rain_on_leaves_is_kept_dripped_or_evaporated(evaporation: float, rain: float, p_sn: float) -> None:
    """W_r and the water reaching the ground hold the rain on snow-free ground less the evaporation."""
    veg, start, capacity = 0.7, 0.2, 0.3
    fluxes = SurfaceFluxes(*(np.zeros(1) for _ in SurfaceFluxes._fields))
    fluxes.le_v[:], fluxes.le_tr[:] = evaporation + 50.0, 50.0
    wr, ground = np.array([start]), np.full(1, np.nan)
    intercept(np.array([rain]), np.array([p_sn]), np.array([veg]), np.array([capacity]), fluxes, DT, wr, ground)
    gained = DT * ((1.0 - p_sn) * rain - evaporation / L_V)
    assert wr[0] - start + DT * ground[0] == pytest.approx(gained, abs=1e-14)
    assert 0.0 <= wr[0] <= capacity
    filled = start + DT * (veg * (1.0 - p_sn) * rain - evaporation / L_V)
    assert wr[0] == pytest.approx(min(capacity, max(0.0, filled)), abs=1e-15)
    if filled < 0.0:
        assert ground[0] == pytest.approx((1.0 - veg) * (1.0 - p_sn) * rain + filled / DT, rel=1e-12)


def test_stress_counts_liquid_water_where_roots_are() -> None:
    parameters = columns_of(["GRAS", "TEBD", "NO"], overrides={"soil_depth": 2.0})
    grid, soil = soil_grid(parameters), soil_parameters(parameters)
    span = parameters.w_fc - parameters.w_wilt

    def stress(water: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        layer, total = np.zeros((14, 3)), np.full(3, np.nan)
        stress_roots(grid, soil, parameters.root_fraction, water, layer, total)
        return layer, total

    for wetness, expected in ((-0.5, 0.0), (0.0, 0.0), (0.25, 0.25), (1.0, 1.0), (1.2, 1.0)):
        layer, total = stress(parameters.w_wilt + wetness * span)
        assert total[:2] == pytest.approx(expected, abs=1e-12)
        assert total[2] == 0.0
        assert layer.sum(axis=0) == pytest.approx(total, abs=1e-15)
    upper = parameters.w_wilt.copy()
    upper[:3] = parameters.w_fc[:3]
    layer, total = stress(upper)
    assert total == pytest.approx(parameters.root_fraction[:3].sum(axis=0), rel=1e-12)
    assert not layer[3:].any()
