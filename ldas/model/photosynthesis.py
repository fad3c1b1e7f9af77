"""Canopy photosynthesis and resistance: the leaf integrated over the canopy (vegetation document §§5, 6).

`assimilate_gauss` is the simple scheme (`LTR_ML=F`, three Gauss points of incident light), `assimilate_multilayer` the
ten-layer radiative transfer (`LTR_ML=T`, light absorbed per leaf area). Both take the same `CanopyAir`, fill the same
`CanopyFluxes`, and add to the day's A_day and a_max. Columns without vegetation have LAI 0: they get no flux and the
largest resistance.
"""

from typing import NamedTuple

import numpy as np

from ldas.model.canopy_radiation import (
    GAUSS_DEPTH,
    GAUSS_WEIGHT,
    LAI_TINY,
    LAYER_BASE,
    LAYER_THICKNESS,
    LAYER_TOP,
    LAYERS,
    LEAF_ALBEDO_PAR,
    MU_MIN,
    UPPER_LAYERS,
    direct_clumping,
    direct_extinction,
    forward_fraction,
    gauss_light,
    layer_transmission,
    leaf_light,
    sky_diffuse_fraction,
    soil_reflection,
)
from ldas.model.constants import L_V, PAR_FRACTION, R_S_MAX, R_S_MIN
from ldas.model.fastmath import exp
from ldas.model.kernel import helper, kernel
from ldas.model.leaf import leaf_in_air, leaf_in_light, stress_leaf

PAR_ROOT = float(np.sqrt(1.0 - LEAF_ALBEDO_PAR))
NITROGEN_EXTINCTION = 0.2


class CanopyAir(NamedTuple):
    """What drives the canopy in a step, float64 (column,), all at the start of the step."""

    t_s: np.ndarray  # surface temperature T_1, K
    deficit: np.ndarray  # saturation deficit D_s, kg kg-1 (`deficit_at_leaf`)
    rho: np.ndarray  # air density, kg m-3
    co2: np.ndarray  # C_s, kg CO2 (kg air)-1
    sw: np.ndarray  # incoming shortwave, direct and diffuse, W m-2
    zenith: np.ndarray  # solar zenith angle after its limits, rad
    cos_zenith: np.ndarray
    f2: np.ndarray  # root-zone water index F2
    exposed: np.ndarray  # q = (1 - delta)(1 - p_snv), dry snow-free share of the leaves
    lai: np.ndarray


class CanopyFluxes(NamedTuple):
    """What the canopy gives in a step, float64 (column,)."""

    r_s: np.ndarray  # canopy resistance to water vapour, s m-1
    a_n: np.ndarray  # net assimilation of the patch, kg CO2 m-2 s-1
    gpp: np.ndarray  # gross primary production, kg CO2 m-2 s-1
    r_leaf: np.ndarray  # leaf dark respiration, kg CO2 m-2 s-1
    fapar: np.ndarray  # absorbed share of PAR (multilayer scheme; left alone by the simple one)


class CanopyScratch(NamedTuple):
    """Work arrays of the multilayer scheme, float64 (column,)."""

    a_m: np.ndarray
    epsilon: np.ndarray
    a_min_d: np.ndarray
    inverse_drop: np.ndarray
    series: np.ndarray
    mu: np.ndarray
    f_sky: np.ndarray
    f_above: np.ndarray
    f_d: np.ndarray
    reflection: np.ndarray
    tau: np.ndarray
    absorbed_above: np.ndarray
    absorbed: np.ndarray
    direct: np.ndarray
    omega_top: np.ndarray
    omega_bottom: np.ndarray
    assimilation: np.ndarray
    conductance: np.ndarray
    respiration: np.ndarray


def canopy_scratch(columns: int) -> CanopyScratch:
    """Work arrays for a block of `columns` columns."""
    return CanopyScratch(*(np.zeros(columns) for _ in CanopyScratch._fields))


@helper
def deficit_at_leaf(q_sat, q_a, rho, le, r_a):
    """D_s = max(0, q_sat(T_s) - q_a - LE R_a / (rho L_v)), with LE and R_a of the previous step (§3.1)."""
    return max(0.0, q_sat - q_a - le * r_a / (rho * L_V))


@helper
def store_canopy(i, air, dt, a_mean, r_mean, g_mean, fluxes, a_day, a_max):
    """Scale canopy means to the patch, bound R_s, and add to A_day and a_max (§§5.4, 6)."""
    lai = air.lai[i]
    area = air.exposed[i] * lai * air.rho[i]
    fluxes.r_s[i] = min(max(1.0 / (g_mean * lai + 1.0e-12), R_S_MIN), R_S_MAX)
    fluxes.a_n[i] = area * a_mean
    fluxes.r_leaf[i] = area * r_mean
    fluxes.gpp[i] = area * (a_mean + r_mean)
    a_day[i] += area * a_mean * dt
    a_max[i] = max(a_max[i], a_mean)


@helper
def vapour_conductance(g_0, series, g_c, f2):
    """g_s = [1.6 g_0 (1 + k + k2) + g_c] min(1, F2 / 1e-12) (§3.4), linear in g_0."""
    return (1.6 * g_0 * series + g_c) * min(1.0, f2 / 1.0e-12)


@kernel
def assimilate_gauss(leaf, air, dt, fluxes, a_day, a_max):
    """One step of `dt` seconds with the simple scheme; `a_day` and `a_max` (column,) are updated in place (§5.1)."""
    for i in range(air.t_s.shape[0]):
        f2 = air.f2[i]
        g_m25, f0, d_max = stress_leaf(leaf, i, f2)
        a_m, epsilon, a_min_d, inverse_drop, series = leaf_in_air(
            leaf, i, air.t_s[i], air.co2[i], air.rho[i], air.deficit[i], g_m25, f0, d_max
        )
        r_d = a_m / 9.0
        air_side = (a_m, r_d, epsilon, a_min_d, inverse_drop)
        mu = max(air.cos_zenith[i], MU_MIN)
        top = PAR_FRACTION * air.sw[i]
        lai = air.lai[i]
        a_low, g_low = leaf_in_light(gauss_light(top, mu, lai * GAUSS_DEPTH[0]), *air_side)
        a_mid, g_mid = leaf_in_light(gauss_light(top, mu, lai * GAUSS_DEPTH[1]), *air_side)
        a_top, g_top = leaf_in_light(gauss_light(top, mu, lai * GAUSS_DEPTH[2]), *air_side)
        a_mean = GAUSS_WEIGHT[0] * a_low + GAUSS_WEIGHT[1] * a_mid + GAUSS_WEIGHT[2] * a_top
        g_mean = GAUSS_WEIGHT[0] * g_low + GAUSS_WEIGHT[1] * g_mid + GAUSS_WEIGHT[2] * g_top
        store_canopy(i, air, dt, a_mean, r_d, vapour_conductance(g_mean, series, leaf.g_c[i], f2), fluxes, a_day, a_max)


@kernel
def start_canopy(leaf, optics, air, scratch):
    """Fill the work arrays with what all layers share, and reset the sums (§§3, 5.2)."""
    for i in range(air.t_s.shape[0]):
        g_m25, f0, d_max = stress_leaf(leaf, i, air.f2[i])
        a_m, epsilon, a_min_d, inverse_drop, series = leaf_in_air(
            leaf, i, air.t_s[i], air.co2[i], air.rho[i], air.deficit[i], g_m25, f0, d_max
        )
        scratch.a_m[i] = a_m
        scratch.epsilon[i] = epsilon
        scratch.a_min_d[i] = a_min_d
        scratch.inverse_drop[i] = inverse_drop
        scratch.series[i] = series
        mu = max(air.cos_zenith[i], MU_MIN)
        omega_top, omega_bottom = direct_clumping(air.zenith[i], optics.sigma_top[i], optics.sigma_bottom[i])
        f_sky = sky_diffuse_fraction(air.sw[i], mu)
        scratch.mu[i] = mu
        scratch.omega_top[i] = omega_top
        scratch.omega_bottom[i] = omega_bottom
        scratch.direct[i] = direct_extinction(mu, PAR_ROOT)
        scratch.f_sky[i] = f_sky
        scratch.tau[i] = 1.0
        scratch.f_d[i] = 0.0
        scratch.reflection[i] = 0.0
        scratch.absorbed_above[i] = 0.0
        scratch.absorbed[i] = 0.0
        scratch.assimilation[i] = 0.0
        scratch.conductance[i] = 0.0
        scratch.respiration[i] = 0.0


@kernel
def enter_layer(layer, optics, air, scratch):
    """Set F_d of a layer, which only the upper canopy changes, and the reflection of the ground in the lowest layer."""
    columns = air.t_s.shape[0]
    for i in range(columns):
        scratch.f_above[i] = scratch.f_d[i]
    if UPPER_LAYERS[layer]:
        for i in range(columns):
            scratch.f_d[i] = forward_fraction(
                LAYER_BASE[layer], scratch.omega_top[i] * air.lai[i], scratch.mu[i], scratch.f_sky[i]
            )
    if layer == 0:
        for i in range(columns):
            scratch.reflection[i] = soil_reflection(
                optics.albedo_veg[i], optics.albedo_soil[i], optics.diffuse_bottom[i], air.lai[i]
            )


@kernel
def integrate_layer(layer, leaf, optics, air, scratch):
    """Take the light through one layer and add its leaves to the canopy sums (§§5.2, 5.3).

    Layers count from 0 at the ground. `scratch.f_above` and `scratch.f_d` hold F_d above and in the layer,
    `scratch.tau` the transmission to its top.
    """
    thickness, upper = LAYER_THICKNESS[layer], UPPER_LAYERS[layer]
    depth = 1.0 - 0.5 * (LAYER_BASE[layer] + LAYER_TOP[layer])
    for i in range(air.t_s.shape[0]):
        lai, woody, lai_shade = air.lai[i], leaf.woody[i], optics.lai_shade[i]
        f_above, f_d = scratch.f_above[i], scratch.f_d[i]
        omega_top, omega_bottom = scratch.omega_top[i], scratch.omega_bottom[i]
        diffuse_top, diffuse_bottom = optics.diffuse_top[i], optics.diffuse_bottom[i]
        direct = scratch.direct[i] * (omega_top if upper else omega_bottom)
        diffuse = diffuse_top if upper else diffuse_bottom
        tau = scratch.tau[i] * layer_transmission(thickness * lai, f_d, direct, diffuse)
        top = PAR_FRACTION * air.sw[i]
        intercepted = ((1.0 - optics.albedo_veg[i]) * (1.0 - tau) + scratch.reflection[i] * tau) * top
        absorbed = max(0.0, intercepted - scratch.absorbed_above[i])
        light_sun, light_shade, share_sun = leaf_light(absorbed, thickness, lai, lai_shade, f_above, tau)

        attenuation = exp(-NITROGEN_EXTINCTION * lai * depth) / max(LAI_TINY, lai)
        a_m, epsilon = scratch.a_m[i], scratch.epsilon[i]
        a_min_d, inverse_drop = scratch.a_min_d[i], scratch.inverse_drop[i]
        r_d = a_m / 9.0 * (attenuation if woody else 1.0)
        a_sun, g_sun = leaf_in_light(light_sun, a_m, r_d, epsilon, a_min_d, inverse_drop)
        a_shade, g_shade = leaf_in_light(light_shade, a_m, r_d, epsilon, a_min_d, inverse_drop)
        scratch.assimilation[i] += thickness * (share_sun * a_sun + (1.0 - share_sun) * a_shade)
        scratch.conductance[i] += thickness * (share_sun * g_sun + (1.0 - share_sun) * g_shade)
        scratch.respiration[i] += thickness * r_d
        scratch.absorbed[i] += absorbed
        scratch.absorbed_above[i] = max(0.0, intercepted)
        scratch.tau[i] = tau


@kernel
def assimilate_multilayer(leaf, optics, air, dt, scratch, fluxes, a_day, a_max):
    """One step of `dt` seconds with the multilayer scheme, and FAPAR (§§5.2, 5.3)."""
    start_canopy(leaf, optics, air, scratch)
    for layer in range(LAYERS - 1, -1, -1):
        enter_layer(layer, optics, air, scratch)
        integrate_layer(layer, leaf, optics, air, scratch)
    for i in range(air.t_s.shape[0]):
        lit = air.sw[i] > 0.0
        top = PAR_FRACTION * air.sw[i]
        fluxes.fapar[i] = scratch.absorbed[i] / (top if lit else 1.0) if lit else 0.0
        g_mean = vapour_conductance(scratch.conductance[i], scratch.series[i], leaf.g_c[i], air.f2[i])
        store_canopy(i, air, dt, scratch.assimilation[i], scratch.respiration[i], g_mean, fluxes, a_day, a_max)
