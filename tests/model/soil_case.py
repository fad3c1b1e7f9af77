"""Four textures under grass for tests of the soil's processes: properties, and work arrays of heat and water."""

import numpy as np

from ldas.model.derive import derive_parameters
from ldas.model.options import ModelOptions
from ldas.model.soil import SoilParameters, soil_grid, soil_parameters
from ldas.model.soil_heat import SoilHeat, set_soil_heat
from ldas.model.soil_water import SoilWater, set_hydraulics

CLAY = np.array([0.10, 0.20, 0.34, 0.58])
SAND = np.array([0.65, 0.40, 0.32, 0.22])  # sandy loam, loam, clay loam, clay
PARAMETERS = derive_parameters(
    np.full(4, 10), np.full(4, 45.0), np.zeros(4), SAND, CLAY, ModelOptions(pedotransfer="CH78")
)
GRID, SOIL = soil_grid(PARAMETERS), soil_parameters(PARAMETERS)
SHAPE = (14, 4)
HALF_WET = 0.5 * (PARAMETERS.w_wilt + PARAMETERS.w_fc)
ZERO, ONE = np.zeros(4), np.ones(4)


def soil_heat(
    wg: np.ndarray, wgi: np.ndarray, wr: np.ndarray = ZERO, veg: np.ndarray = ZERO, soil: SoilParameters = SOIL
) -> SoilHeat:
    """Thermal properties of all layers and of the surface."""
    heat = SoilHeat(np.zeros(SHAPE), np.zeros(SHAPE), *(np.zeros(4) for _ in range(4)))
    set_soil_heat(GRID, soil, wg, wgi, wr, veg, np.full(4, 2.0e-5), heat)
    return heat


def soil_water(wg: np.ndarray, wgi: np.ndarray) -> SoilWater:
    """Work arrays with porosity and impedance of ground into which nothing infiltrates."""
    single = ("near_x", "near_ratio", "flux", "slope_upper", "slope_lower", "carry", "deficit")
    water = SoilWater(**{name: np.zeros(4 if name in single else SHAPE) for name in SoilWater._fields})
    water.porosity[:] = np.maximum(0.001, PARAMETERS.w_sat - wgi)
    water.impedance[:] = 10.0 ** (-6.0 * wgi / (wgi + wg))
    set_hydraulics(GRID, SOIL, wg, water)
    return water
