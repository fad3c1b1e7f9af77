"""Daily growth, mortality and leaf area (vegetation document §§8.1-8.4, 8.6).

Calvet et al. (1998), Calvet and Soussana (2001), Gibelin et al. (2006); the allocation of above-ground biomass follows
the dilution law of Lemaire and Gastal (1997). Runs once a day, at the end of the first step of the vegetation day.
"""

from math import exp, log
from typing import NamedTuple

import numpy as np

from ldas.model.constants import CARBON_IN_DRY_MATTER, DAY, M_AIR, M_C, M_CO2, PAR_FRACTION, T_T
from ldas.model.kernel import helper, kernel
from ldas.model.parameters import Parameters

DILUTION_A = 0.38
DILUTION_C = 0.31425531725
ALLOCATION = 1.0 / (1.0 - DILUTION_A)
SMALL_BIOMASS = 0.047540042  # c^(1/a), kg m-2
DRY_MATTER_PER_CO2 = M_C / (M_CO2 * CARBON_IN_DRY_MATTER)
DILUTION_CO2 = 371.0  # ppm below which nitrogen does not dilute
MULTILAYER_SHADING = 5.30


class BiomassParameters(NamedTuple):
    """Constants of growth and mortality, float64 (column,) unless said; see `biomass_parameters`."""

    vegetated: np.ndarray  # bool
    life_span: np.ndarray  # tau_M, days
    mortality: np.ndarray  # m = 1 - exp(-1 / tau_M), per day
    shading_slope: np.ndarray  # g_m*^0.321 / Lambda
    lai_min: np.ndarray
    nitrogen_e: np.ndarray
    nitrogen_f: np.ndarray
    deciduous: np.ndarray  # n_d
    sowing_day: np.ndarray  # int64
    harvest_day: np.ndarray  # int64


class Pools(NamedTuple):
    """The vegetation state, float64 (column,), fields of `ldas.model.state.State`."""

    lai: np.ndarray
    biomass_leaf: np.ndarray
    biomass_structural: np.ndarray
    biomass_deep: np.ndarray
    assimilation_day: np.ndarray
    assimilation_max: np.ndarray
    respiration_structural: np.ndarray
    respiration_deep: np.ndarray
    assimilation_reference: np.ndarray
    leaf_nitrogen: np.ndarray


def biomass_parameters(parameters: Parameters, multilayer: bool) -> BiomassParameters:
    """The constants of `Parameters` in the form of the daily update; Lambda depends on the radiation scheme (§8.2)."""
    p = parameters
    latitude = np.abs(np.deg2rad(p.latitude))
    simple = np.maximum(5.76 - 0.64 * np.arctan(latitude), 3.8)
    life_span = p.tau_m / DAY
    return BiomassParameters(
        vegetated=p.vegetated,
        life_span=life_span,
        mortality=1.0 - np.exp(-1.0 / life_span),
        shading_slope=(1.0e3 * p.g_m) ** 0.321 / (MULTILAYER_SHADING if multilayer else simple),
        lai_min=p.lai_min,
        nitrogen_e=p.nitrogen_e,
        nitrogen_f=p.nitrogen_f,
        deciduous=p.deciduous_dilution,
        sowing_day=p.sowing_day,
        harvest_day=p.harvest_day,
    )


def leaf_mass_per_area(nitrogen_e: np.ndarray, nitrogen_f: np.ndarray, leaf_nitrogen: np.ndarray) -> np.ndarray:
    """b = 1 / (e N_a + f), kg dry matter per m2 of leaf (§2.3)."""
    return 1.0 / (nitrogen_e * leaf_nitrogen + nitrogen_f)


@helper
def allocate(total_of_leaf):
    """B_T of a leaf biomass by the dilution law, (B1 / c)^(1 / (1 - a)), at least B1."""
    if total_of_leaf <= 0.0:
        return total_of_leaf
    return max(total_of_leaf, exp(ALLOCATION * log(total_of_leaf / DILUTION_C)))


@helper
def leaf_life_span(life_span, shading_slope, lai, activity):
    """tau, days: lengthened by self-shading, shortened by the low activity a_max / A_n,ref (§8.2)."""
    tau = life_span * max(1.0, shading_slope * lai) * min(1.0, activity)
    return max(tau, 0.1 * life_span)


@helper
def grow(leaf, structural, deep, gain, respired, respired_deep, tau, mortality, leaf_floor):
    """One day of allocation and mortality: new (B1, B2, B3) of the pools before it, kg dry matter m-2 (§8.3).

    `gain` is the day's net assimilation G, `respired` and `respired_deep` are R2 and R3, `leaf_floor` LAI_min b.
    """
    leaf = max(leaf, 0.0)
    shed = max(0.0, min(leaf - leaf_floor, leaf * (1.0 - exp(-1.0 / tau))))
    leaf_left = leaf - shed
    if gain >= shed:
        total = allocate(leaf_left)
        structural_new = total - leaf_left
        supply = structural_new - structural + mortality * structural_new + respired
    else:
        supply = 0.0
        structural_new = max(0.0, structural - mortality * structural - respired)
        total = leaf_left + structural_new
    excess = max(0.0, -supply)
    supply = max(0.0, supply)
    if supply > shed:
        total = leaf + structural - mortality * structural - respired
        leaf_left = DILUTION_C * exp((1.0 - DILUTION_A) * log(total)) if total > 0.0 else 0.0
        structural_new = total - leaf_left
        shed = leaf - leaf_left
        supply = structural_new - structural + mortality * structural + respired
    litter = max(0.0, shed - supply) if total <= SMALL_BIOMASS else 0.0
    deep_new = deep + excess - mortality * deep - respired_deep + litter
    return leaf_left + gain, structural_new, max(0.0, deep_new)


@helper
def dilute_nitrogen(leaf_nitrogen, deciduous, sw, t_40, co2):
    """N_a after a day under the CO2 mass ratio `co2`, shortwave and mean temperature (C) of the top 0.4 m (§8.6)."""
    ppm = co2 * M_AIR / M_CO2 * 1.0e6
    zeta = 0.75 * deciduous + 1.1 * 2.010402e-3 * PAR_FRACTION * sw + t_40 / 23.0
    return leaf_nitrogen * exp(-0.048 * exp(zeta - leaf_nitrogen / 6.3) * log(max(1.0, ppm / DILUTION_CO2)))


@kernel
def dilute_leaf_nitrogen(parameters, leaf_nitrogen, sw, t_40, co2):
    """The optional daily dilution of leaf nitrogen, in place, before `update_biomass`; `t_40` in kelvin (§8.6)."""
    for i in range(leaf_nitrogen.shape[0]):
        if parameters.vegetated[i]:
            leaf_nitrogen[i] = dilute_nitrogen(leaf_nitrogen[i], parameters.deciduous[i], sw[i], t_40[i] - T_T, co2[i])


@kernel
def update_biomass(parameters, pools):
    """The daily update of pools and LAI, in place; the accumulators start again at zero (§§8.2-8.4)."""
    for i in range(pools.lai.shape[0]):
        if parameters.vegetated[i]:
            mass_per_area = 1.0 / (parameters.nitrogen_e[i] * pools.leaf_nitrogen[i] + parameters.nitrogen_f[i])
            floor = parameters.lai_min[i] * mass_per_area
            activity = pools.assimilation_max[i] / pools.assimilation_reference[i]
            tau = leaf_life_span(parameters.life_span[i], parameters.shading_slope[i], pools.lai[i], activity)
            leaf, structural, deep = grow(
                pools.biomass_leaf[i],
                pools.biomass_structural[i],
                pools.biomass_deep[i],
                pools.assimilation_day[i] * DRY_MATTER_PER_CO2,
                pools.respiration_structural[i],
                pools.respiration_deep[i],
                tau,
                parameters.mortality[i],
                floor,
            )
            pools.biomass_leaf[i] = leaf
            pools.biomass_structural[i] = structural
            pools.biomass_deep[i] = deep
            pools.lai[i] = max(floor, leaf) / mass_per_area
        pools.assimilation_day[i] = 0.0
        pools.assimilation_max[i] = 0.0
        pools.respiration_structural[i] = 0.0
        pools.respiration_deep[i] = 0.0


@helper
def crop_stands(day, sowing, harvest):
    """Whether the day of the year lies from sowing to harvest, both included; always where nothing is sown (day 0)."""
    in_one_year = (day >= sowing) & (day <= harvest)
    over_new_year = (day >= sowing) | (day <= harvest)
    return (sowing == 0) | (in_one_year if sowing <= harvest else over_new_year)


@kernel
def clear_fields(parameters, day, pools):
    """LAI = LAI_min and empty pools before sowing and after harvest, in place, after `update_biomass` (§8.6)."""
    for i in range(pools.lai.shape[0]):
        stands = crop_stands(day, parameters.sowing_day[i], parameters.harvest_day[i])
        if parameters.vegetated[i] and not stands:
            pools.biomass_leaf[i] = 0.0
            pools.biomass_structural[i] = 0.0
            pools.biomass_deep[i] = 0.0
            pools.lai[i] = parameters.lai_min[i]
