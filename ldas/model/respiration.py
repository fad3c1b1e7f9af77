"""Respiration of the structural pools and of the ecosystem (vegetation document §7).

Faurie (1994) and Kucharik et al. (2000) for the pools, Norman et al. (1992) for the soil (option DEF), Albergel et al.
(2010) for the whole ecosystem (option PRM). Runs after the daily update, on temperatures and water at the end of the
step.
"""

from typing import NamedTuple

import numpy as np

from ldas.model.constants import CARBON_IN_DRY_MATTER, DAY, M_C, M_CO2, T_T
from ldas.model.fastmath import exp
from ldas.model.kernel import helper, kernel
from ldas.model.parameters import Parameters

RATE = 1.16e-7  # 1 % of the pool a day at 25 C, s-1
WOOD_RATE = 1.25 / (365.0 * DAY)
CO2_PER_DRY_MATTER = CARBON_IN_DRY_MATTER * M_CO2 / M_C
LN2_PER_DECADE = float(np.log(2.0) / 10.0)


class TopsoilWeights(NamedTuple):
    """Shares of each layer in depth means of the column; see `topsoil_weights`."""

    metre: np.ndarray  # top 1 m, or the hydrological column where it is thinner (layer, column)
    decimetre: np.ndarray  # top 0.10 m (layer, column)
    forty: np.ndarray  # top 0.40 m (layer, column), for the nitrogen dilution


class RespirationParameters(NamedTuple):
    """Constants of respiration, float64 (column,) unless said."""

    vegetated: np.ndarray  # bool
    woody: np.ndarray  # bool
    re25: np.ndarray  # kg CO2 m-2 s-1
    w_fc: np.ndarray  # (layer, column)


class RespirationFluxes(NamedTuple):
    """Respiration in a step, float64 (column,), kg CO2 m-2 s-1."""

    r_structural: np.ndarray  # of B2
    r_deep: np.ndarray  # of B3
    r_eco: np.ndarray  # of the ecosystem, R_eco


def topsoil_weights(parameters: Parameters) -> TopsoilWeights:
    """Layer shares of the mean over the top 1 m, 0.10 m and 0.40 m, limited to the column's depth (§§7.2, 7.3)."""
    bottom = parameters.layer_bottom
    top = np.vstack([np.zeros((1, bottom.shape[1])), bottom[:-1]])
    column_depth = np.take_along_axis(bottom, parameters.n_water[None, :] - 1, axis=0)[0]

    def shares(depth: float) -> np.ndarray:
        limit = np.minimum(depth, column_depth)
        overlap = np.clip(np.minimum(bottom, limit) - top, 0.0, None)
        rows = int(np.flatnonzero(overlap.any(axis=1)).max()) + 1
        return np.ascontiguousarray(overlap[:rows] / overlap.sum(axis=0))

    return TopsoilWeights(shares(1.0), shares(0.10), shares(0.40))


def respiration_parameters(parameters: Parameters) -> RespirationParameters:
    """The constants of `Parameters` that respiration uses."""
    p = parameters
    return RespirationParameters(p.vegetated, p.woody, p.re25, p.w_fc)


@helper
def herb_rate(t_celsius):
    """Share of a herbaceous or deep pool respired per second at a temperature in Celsius (§7.2)."""
    return RATE * exp(LN2_PER_DECADE * (t_celsius - 25.0))


@helper
def wood_rate(t_kelvin):
    """Share of a woody structural pool respired per second at a temperature in kelvin (§7.2)."""
    return WOOD_RATE * exp(3500.0 * (1.0 / 288.0 - 1.0 / t_kelvin))


@helper
def soil_respiration(lai, w_10, t_1m):
    """R_soil of option DEF, kg CO2 m-2 s-1; `t_1m` in Celsius (§7.3)."""
    return 4.4e-8 * (13.5 + 5.4 * lai) * w_10 * exp(LN2_PER_DECADE * (t_1m - 25.0))


@kernel
def average_topsoil(weight, profile, mean):
    """mean = sum over layers of weight * profile; `weight` (rows, column), `profile` (layer, column)."""
    for i in range(mean.shape[0]):
        mean[i] = 0.0
    for j in range(weight.shape[0]):
        for i in range(mean.shape[0]):
            mean[i] += weight[j, i] * profile[j, i]


@kernel
def respire(parameters, weights, tg, wg, biomass, dt, prm, r_leaf, respired, fluxes, t_1m, moisture):
    """Respiration of one step of `dt` seconds.

    `biomass` = (LAI, B2, B3), `respired` = (R2, R3) accumulated in place, `r_leaf` the leaf respiration of the step,
    `prm` True for option PRM; `t_1m` and `moisture` are work arrays (column,).
    """
    lai, structural, deep = biomass
    structural_day, deep_day = respired
    average_topsoil(weights.metre, tg, t_1m)
    for i in range(t_1m.shape[0]):
        moisture[i] = 0.0
    for j in range(weights.decimetre.shape[0]):
        for i in range(t_1m.shape[0]):
            relative = min(1.0, wg[j, i] / parameters.w_fc[j, i]) if prm else wg[j, i]
            moisture[i] += weights.decimetre[j, i] * relative
    for i in range(t_1m.shape[0]):
        t_s, t_deep = tg[0, i], t_1m[i] - T_T
        rate = wood_rate(t_s) if parameters.woody[i] else herb_rate(t_s - T_T)
        respired_structural = structural[i] * rate
        respired_deep = deep[i] * herb_rate(t_deep)
        structural_day[i] += respired_structural * dt
        deep_day[i] += respired_deep * dt
        fluxes.r_structural[i] = respired_structural * CO2_PER_DRY_MATTER
        fluxes.r_deep[i] = respired_deep * CO2_PER_DRY_MATTER
        if prm:
            r_eco = parameters.re25[i] * moisture[i] * exp(LN2_PER_DECADE * (t_deep - 25.0))
        else:
            r_eco = soil_respiration(lai[i], moisture[i], t_deep) + r_leaf[i] + fluxes.r_structural[i]
        fluxes.r_eco[i] = r_eco if parameters.vegetated[i] else 0.0
