"""Soil heat, water potential, vapour and surface humidity alone: the printed numbers of the energy document §9."""

import numpy as np
import pytest

from ldas.model.constants import T_T
from ldas.model.energy import Budget, half_cosine, halstead, prepare_humidity
from ldas.model.soil_heat import diagnose_deep_water, largest_liquid
from ldas.model.soil_water import set_vapour
from tests.model.soil_case import GRID, HALF_WET, ONE, PARAMETERS, SHAPE, SOIL, soil_heat, soil_water


def test_printed_water_and_conductivity() -> None:
    assert HALF_WET[0] == pytest.approx([0.183048, 0.245975, 0.288144, 0.343084], abs=0.6e-6)
    water = soil_water(HALF_WET, np.zeros(SHAPE))
    assert water.psi[0] == pytest.approx([-11.362, -13.861, -16.746, -16.863], abs=0.6e-3)
    assert water.k[0] == pytest.approx([7.7528e-10, 5.5584e-10, 2.6683e-10, 3.2306e-10], abs=0.6e-14)


def test_printed_heat() -> None:
    heat = soil_heat(HALF_WET, np.zeros(SHAPE))
    assert heat.capacity[0] == pytest.approx([1.91185e6, 2.12384e6, 2.28461e6, 2.49497e6], abs=6.0)
    assert heat.conductivity[0] == pytest.approx([1.32236, 1.19318, 1.18862, 1.16647], abs=0.6e-5)
    assert heat.c_g == pytest.approx([5.2305e-5, 4.7085e-5, 4.3771e-5, 4.0081e-5], abs=0.6e-9)
    assert heat.c_t == pytest.approx(heat.c_g, rel=1e-14)
    saturated = soil_heat(PARAMETERS.w_sat.copy(), np.zeros(SHAPE))
    assert saturated.conductivity[0] == pytest.approx([1.95361, 1.54680, 1.44069, 1.32152], abs=0.6e-5)


def test_printed_inertia_of_plants() -> None:
    """C_T with veg 0.95, C_v 2e-5, W_r 0.1 and C_1 2e6."""
    water = 0.2
    soil = SOIL._replace(c_dry=np.full_like(SOIL.c_dry, 2.0e6 - water * 4.218e6))
    heat = soil_heat(np.full(SHAPE, water), np.zeros(SHAPE), 0.1 * ONE, 0.95 * ONE, soil)
    assert heat.capacity[0] == pytest.approx(2.0e6, rel=1e-14)
    assert heat.c_t == pytest.approx(9.17371e-5, abs=0.6e-10)


def test_printed_humidity() -> None:
    budget = Budget(**{name: np.zeros(SHAPE if name == "ratio" else 4) for name in Budget._fields})
    prepare_humidity(SOIL, HALF_WET, np.zeros(SHAPE), budget)
    assert budget.hu_free == pytest.approx([0.83312, 0.85547, 0.90280, 0.94413], abs=0.6e-5)
    assert (budget.liquid_share == 1.0).all() and (budget.hui_free == 0.0).all()
    assert halstead.py_func(0.3, 50.0, 80.0, True, 0.7) == pytest.approx(0.567152, abs=0.6e-6)
    assert halstead.py_func(0.3, 50.0, 80.0, False, 0.7) == 1.0
    x = np.linspace(0.0, 1.0, 11)
    assert [half_cosine.py_func(v) for v in x] == pytest.approx(0.5 * (1.0 - np.cos(np.pi * x)), abs=1e-15)


def test_printed_liquid_limit_of_cold_soil() -> None:
    found = [
        largest_liquid.py_func(T_T - 2.0, *(float(row[0, i]) for row in (SOIL.w_sat, SOIL.psi_sat, SOIL.per_b)))
        for i in range(4)
    ]
    assert found == pytest.approx([0.09696, 0.15465, 0.20678, 0.27099], abs=0.6e-5)


def test_printed_vapour_conductivity() -> None:
    """At half of the water above, 293.15 K and 10^5 Pa; none from field capacity on."""
    wg, wgi, warm = 0.5 * HALF_WET, np.zeros(SHAPE), np.full(SHAPE, 293.15)
    water = soil_water(wg, wgi)
    set_vapour(GRID, SOIL, np.full(4, 1.0e5), warm, warm.copy(), wg, wgi, water)
    assert water.k_vapour[0] == pytest.approx([2.177e-15, 2.140e-15, 1.622e-15, 7.432e-17], rel=3e-4)
    wet = PARAMETERS.w_fc.copy()
    water = soil_water(wet, wgi)
    set_vapour(GRID, SOIL, np.full(4, 1.0e5), warm, warm.copy(), wet, wgi, water)
    assert (water.k_vapour == 0.0).all()


def test_ice_conducts_heat_and_holds_water_back() -> None:
    ice = np.full(SHAPE, 0.1)
    frozen, thawed = soil_heat(HALF_WET - 0.1, ice), soil_heat(HALF_WET, np.zeros(SHAPE))
    assert (frozen.conductivity > thawed.conductivity).all()
    assert (frozen.capacity < thawed.capacity).all()
    assert frozen.frozen_surface == pytest.approx(0.1 / HALF_WET[0], rel=1e-12)
    n = GRID.n_water
    assert (soil_water(HALF_WET - 0.1, ice).k[:n] < 0.1 * soil_water(HALF_WET, np.zeros(SHAPE)).k[:n]).all()


def test_water_below_the_hydrological_layers_lies_between_the_last_layer_and_saturation() -> None:
    wg, wgi, tg = HALF_WET.copy(), np.zeros(SHAPE), np.full(SHAPE, 283.0)
    last = GRID.n_water - 1
    diagnose_deep_water(GRID, SOIL, tg, wg, wgi, np.zeros(4))
    deep = wg[last:]
    assert (np.diff(deep, axis=0) > 0.0).all() and (deep < PARAMETERS.w_sat[last:]).all()
    assert not wgi.any()
    total = wg.copy()
    tg[-1] = 265.0
    diagnose_deep_water(GRID, SOIL, tg, wg, wgi, np.zeros(4))
    assert (wgi[-1] > 0.0).all()
    assert wg + wgi == pytest.approx(total, rel=1e-14)
