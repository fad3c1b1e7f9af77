"""Freezing and thawing alone: water and energy kept, limits, insulation, overflow of ice (energy document §4.13)."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ldas.model.constants import C_I, GRAVITY, L_F, RHO_I, RHO_W, T_T, W_MIN
from ldas.model.soil import soil_grid, soil_parameters
from ldas.model.soil_heat import SoilHeat, largest_liquid
from ldas.model.soil_ice import freeze_soil
from tests.model.vegetation_cases import columns_of

STEP = 300.0
TAU = 3300.0
LATENT = L_F * RHO_W
CAPACITY = 2.0e6


class Ground:
    """Columns of grass on loam, the water uniform unless said."""

    def __init__(self, temperature, water, ice, veg=0.0, lai=0.0, columns: int = 1) -> None:
        self.parameters = columns_of(["GRAS"] * columns)
        self.grid, self.soil = soil_grid(self.parameters), soil_parameters(self.parameters)
        shape = (14, columns)
        self.tg, self.wg, self.wgi = (
            np.ascontiguousarray(np.broadcast_to(value, shape), dtype=float).copy()
            for value in (temperature, water, ice)
        )
        rows = {name: np.zeros(columns) for name in SoilHeat._fields}
        rows["conductivity"], rows["capacity"] = np.ones(shape), np.full(shape, CAPACITY)
        self.heat = SoilHeat(**rows)
        self.veg, self.lai = (np.ascontiguousarray(np.broadcast_to(v, columns), dtype=float) for v in (veg, lai))
        self.drainage = np.zeros(columns)

    def freeze(self, steps: int = 1, sublimation: float = 0.0) -> "Ground":
        for _ in range(steps):
            freeze_soil(
                self.grid,
                self.soil,
                self.heat,
                self.veg,
                self.lai,
                np.full(self.veg.size, sublimation),
                STEP,
                self.tg,
                self.wg,
                self.wgi,
                np.zeros(self.veg.size),
                self.drainage,
            )
        return self

    @property
    def total(self) -> np.ndarray:
        """Water and ice of the hydrological layers, m."""
        n = self.grid.n_water
        return (self.grid.thickness[:n, None] * (self.wg + self.wgi)[:n]).sum(axis=0)

    def liquid_limit(self, temperature: float) -> float:
        """w_max of layer 1, what stays liquid at `temperature` (K)."""
        w_sat, psi_sat, b = (float(x[0, 0]) for x in self.properties)
        return float(largest_liquid.py_func(temperature, w_sat, psi_sat, 1.0 / b))

    @property
    def properties(self) -> tuple[np.ndarray, ...]:
        return self.parameters.w_sat, self.parameters.psi_sat, self.parameters.b


@settings(max_examples=60, deadline=None)
@given(temperature=st.floats(245.0, 300.0), wetness=st.floats(0.02, 1.0), frozen=st.floats(0.0, 0.99))
def test_water_is_kept_and_ice_takes_the_heat_of_the_layer(temperature: float, wetness: float, frozen: float) -> None:
    w_sat = columns_of(["GRAS"]).w_sat[0, 0]
    total = max(2.0 * W_MIN, wetness * w_sat)
    ice = frozen * (total - W_MIN)
    ground = Ground(temperature, total - ice, ice)
    before, n = ground.total, ground.grid.n_water
    ground.freeze()
    gained, warmed = (ground.wgi[:n] - ice) * LATENT, (ground.tg[:n] - temperature) * CAPACITY
    melts = gained <= 0.0
    assert warmed[melts] == pytest.approx(gained[melts], abs=1e-3)
    # the apparent capacity only ever makes the warming by freezing smaller
    assert ((warmed[~melts] > 0.0) & (warmed[~melts] <= gained[~melts] + 1e-3)).all()
    ground.freeze(30)
    assert ground.total + ground.drainage == pytest.approx(before, abs=1e-14)
    assert (ground.wg >= 0.0).all() and (ground.wgi >= 0.0).all()
    assert (ground.wg + ground.wgi <= w_sat + 1e-12)[:n].all()


def test_warm_ground_without_ice_is_left_alone() -> None:
    ground = Ground(280.0, 0.3, 0.0).freeze(3)
    assert (ground.tg == 280.0).all() and (ground.wg == 0.3).all() and (ground.wgi == 0.0).all()


def test_melt_of_warm_ground_takes_a_share_of_the_ice_each_step() -> None:
    """Far above freezing the ice decays with the time scale of 3300 s and cools the layer by its latent heat."""
    ground = Ground(320.0, 0.2, 0.02).freeze()
    assert ground.wgi[:8] == pytest.approx(0.02 * (1.0 - STEP / TAU), rel=1e-12)
    assert ground.wg[:8] == pytest.approx(0.2 + 0.02 * STEP / TAU, rel=1e-12)
    assert ground.tg[:8] == pytest.approx(320.0 - 0.02 * STEP / TAU * LATENT / CAPACITY, rel=1e-12)


def test_melt_near_freezing_is_limited_by_the_temperature() -> None:
    """The melting point of the water in the pores, L_f T_t / (L_f - g psi), decides."""
    ground = Ground(T_T + 0.1, 0.3, 0.1)
    w_sat, psi_sat, b = (float(x[0, 0]) for x in ground.properties)
    psi = psi_sat * (0.3 / w_sat) ** -b
    departure = T_T + 0.1 - L_F * T_T / (L_F - GRAVITY * psi)
    melted = STEP / TAU * C_I * RHO_I * departure / LATENT
    ground.freeze()
    assert 0.1 - ground.wgi[0, 0] == pytest.approx(melted, rel=1e-9)


def test_water_that_stays_liquid_in_the_cold_does_not_freeze() -> None:
    ground = Ground(268.0, 0.2, 0.0)
    limit = ground.liquid_limit(268.0)
    assert 0.0 < limit < 0.2
    dry = Ground(268.0, 0.99 * limit, 0.0).freeze(5)
    assert (dry.wgi[: dry.grid.n_water] == 0.0).all() and (dry.tg == 268.0).all()
    held = Ground(268.0, 0.2, 0.0)
    held.heat.capacity[:] = 1e12  # a layer that freezing cannot warm goes to the limit
    held.freeze(200)
    assert held.wg[0, 0] == pytest.approx(limit, rel=1e-6)


def test_freezing_along_the_liquid_limit_has_an_apparent_capacity() -> None:
    """Where cold abounds, C + L_f rho_w dw_max/dT takes the heat; the derivative here by differences."""
    temperature, step = 262.0, 1e-3
    limits = [Ground(262.0, 0.1, 0.0).liquid_limit(temperature + d) for d in (-step, 0.0, step)]
    apparent = LATENT * (limits[2] - limits[0]) / (2.0 * step)
    ground = Ground(temperature, limits[1] + 0.01, 0.0).freeze()
    frozen = 0.01 * STEP / TAU
    assert ground.wgi[0, 0] == pytest.approx(frozen, rel=1e-9)
    assert ground.tg[0, 0] - temperature == pytest.approx(frozen * LATENT / (CAPACITY + apparent), rel=1e-6)
    assert apparent > 0.02 * CAPACITY


def test_frozen_fraction_grows_with_the_cold() -> None:
    temperatures = np.array([272.5, 271.0, 268.0, 260.0])
    ice = np.array([Ground(t, 0.3, 0.0).freeze(3).wgi[0, 0] for t in temperatures])
    assert (np.diff(ice) >= 0.0).all() and ice[0] > 0.0


def test_plants_insulate_the_first_layer_only() -> None:
    """Freezing that the temperature limits slows by (1 - 0.2 veg)(1 - LAI / 30) in layer 1."""
    bare, covered = (Ground(T_T - 0.5, 0.4, 0.0, veg, lai).freeze() for veg, lai in ((0.0, 0.0), (0.95, 6.0)))
    assert covered.wgi[0, 0] / bare.wgi[0, 0] == pytest.approx((1.0 - 0.2 * 0.95) * (1.0 - 6.0 / 30.0), rel=1e-9)
    assert covered.wgi[1, 0] == bare.wgi[1, 0]
    forest = Ground(T_T - 0.5, 0.4, 0.0, 0.95, 31.0).freeze()
    assert forest.wgi[0, 0] == 0.0 and forest.wgi[1, 0] == bare.wgi[1, 0]


def test_sublimation_takes_ice_and_then_water_of_the_first_layer() -> None:
    rate = 1e-8
    lost = rate * STEP / 0.01
    still, dried = (Ground(270.0, 0.2, 0.1).freeze(1, r) for r in (0.0, rate))
    assert still.wgi[0, 0] - dried.wgi[0, 0] == pytest.approx(lost, rel=1e-9)
    assert dried.wg[0, 0] == still.wg[0, 0] and (dried.wgi[1:] == still.wgi[1:]).all()
    strong = 0.15 * 0.01 / STEP
    short = Ground(270.0, 0.2, 0.1).freeze(1, strong)
    assert short.wgi[0, 0] == 0.0
    assert still.total - short.total == pytest.approx(strong * STEP, rel=1e-9)


def test_ice_beyond_the_pores_goes_down_and_drains_at_the_bottom() -> None:
    liquid = Ground(265.0, 0.1, 0.0).liquid_limit(265.0)  # neither freezes nor melts
    ground = Ground(265.0, liquid, 0.1)
    w_sat, last = ground.parameters.w_sat[0, 0], ground.grid.n_water - 1
    ground.wgi[2, 0] = w_sat + 0.02
    before = ground.total
    ground.freeze()
    assert ground.wgi[2, 0] == pytest.approx(w_sat - W_MIN, rel=1e-12)
    assert ground.wgi[3, 0] == pytest.approx(0.1 + 0.021 * 0.06 / 0.10, rel=1e-9)
    assert ground.total == pytest.approx(before, abs=1e-14) and ground.drainage[0] == 0.0
    ground.wgi[last, 0] = w_sat
    assert ground.freeze().drainage[0] == pytest.approx(W_MIN * ground.grid.thickness[last], rel=1e-6)


def test_traces_of_ice_melt() -> None:
    ground = Ground(T_T - 1e-4, 0.05, 5e-7).freeze()
    assert (ground.wgi[: ground.grid.n_water] == 0.0).all()
    assert ground.wg[0, 0] == pytest.approx(0.05 + 5e-7, rel=1e-14)
    assert ground.tg[0, 0] == pytest.approx(T_T - 1e-4 - 5e-7 * LATENT / CAPACITY, rel=1e-14)
