"""Humidity of moist air: pure functions on arrays (energy document §2.4 and §3.1), over water at every temperature."""

import numpy as np

from ldas.model.constants import C_L, C_PV, E_T, GRAVITY, L_V, R_D, R_V, T_T

EPSILON = R_D / R_V


def saturation_vapour_pressure(tair: np.ndarray) -> np.ndarray:
    """e_sat over water, Pa, of a temperature in K: the convention of screen-level relative humidity."""
    g = (C_L - C_PV) / R_V
    b = L_V / R_V + g * T_T
    a = np.log(E_T) + b / T_T + g * np.log(T_T)
    return np.exp(a - b / tair - g * np.log(tair))


def specific_humidity(vapour_pressure: np.ndarray, psurf: np.ndarray) -> np.ndarray:
    """q, kg kg-1, of a vapour pressure and a pressure, Pa."""
    return EPSILON * vapour_pressure / (psurf - (1.0 - EPSILON) * vapour_pressure)


def vapour_pressure(qair: np.ndarray, psurf: np.ndarray) -> np.ndarray:
    """e, Pa: the inverse of `specific_humidity`."""
    return qair * psurf / (EPSILON + (1.0 - EPSILON) * qair)


def air_density(tair: np.ndarray, qair: np.ndarray, psurf: np.ndarray, height: float) -> np.ndarray:
    """Density at `height` above the surface, kg m-3 (energy document §3.1)."""
    return psurf / (R_D * tair * (1.0 + (R_V / R_D - 1.0) * qair) + GRAVITY * height)
