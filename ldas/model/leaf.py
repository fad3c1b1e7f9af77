"""One leaf: soil moisture stress, net assimilation and stomatal conductance (vegetation document §§3, 4).

Jacobs (1994), Jacobs et al. (1996) and Calvet et al. (1998); stress by Calvet (2000), Calvet et al. (2004), Rivalland
et al. (2005) and Joetzjer et al. (2015). Concentrations are kg CO2 per kg of air, assimilation is in
kg CO2 (kg air)-1 m s-1, conductances in m s-1. All ways of life stand in one branch-free code, chosen by parameters.
"""

from typing import NamedTuple

import numpy as np

from ldas.model.constants import M_AIR, M_CO2, T_T
from ldas.model.fastmath import exp, log
from ldas.model.kernel import helper, kernel
from ldas.model.parameters import Parameters

PPM_TO_RATIO = M_CO2 / M_AIR * 1.0e-6
REFERENCE_DENSITY = 1.2
REFERENCE_LIGHT = 500.0
REFERENCE_ATTENUATION = np.exp(-0.02)
G_0_MIN = 1.0e-5
TINY = 1.0e-12
INVERTIBLE = 1.0e-300  # smaller numbers have no finite reciprocal


class LeafParameters(NamedTuple):
    """Constants of the leaf of each column, float64 (column,) unless said; see `leaf_parameters`."""

    woody: np.ndarray  # bool
    tropical: np.ndarray  # bool
    avoiding: np.ndarray  # bool
    f2_threshold: np.ndarray  # F_c
    g_star: np.ndarray  # g_m*, mm s-1
    g_limit: np.ndarray  # trees: g_m at F2 = F_c, mm s-1
    f0_star: np.ndarray  # unstressed f0
    f0_limit: np.ndarray  # trees: f0 at F2 = F_c
    d_star: np.ndarray  # herbs: unstressed D_max, g kg-1
    d_limit: np.ndarray  # herbs: D_max at F2 = F_c, g kg-1
    a_h: np.ndarray
    b_h: np.ndarray
    g_at_30: np.ndarray  # herbs: G(30 g kg-1), mm s-1
    g_at_300: np.ndarray  # herbs: G(300 g kg-1), mm s-1
    d_max: np.ndarray  # trees: D_max, g kg-1
    g_c: np.ndarray  # m s-1
    a_max: np.ndarray  # A_m,max, kg CO2 m-2 s-1
    epsilon0: np.ndarray  # kg CO2 J-1
    gamma25: np.ndarray  # kg CO2 (kg air)-1
    log_q10_gamma: np.ndarray
    log_q10_gm: np.ndarray
    log_q10_amax: np.ndarray
    cold_gm: np.ndarray  # exp(0.3 T1)
    heat_gm: np.ndarray  # exp(-0.3 T2)
    cold_amax: np.ndarray
    heat_amax: np.ndarray
    t0: np.ndarray  # C


def leaf_parameters(parameters: Parameters) -> LeafParameters:
    """The constants of `Parameters` in the form the leaf model uses (§§4.2-4.4)."""
    p = parameters
    g_star = 1.0e3 * p.g_m
    log_g = np.log(g_star)
    f0_tree = (4.7 - log_g) / 7.0
    avoiding = p.drought_avoiding
    tree = p.woody & ~p.tropical
    return LeafParameters(
        woody=p.woody,
        tropical=p.tropical,
        avoiding=avoiding,
        f2_threshold=p.f2_threshold,
        g_star=g_star,
        g_limit=np.where(avoiding, g_star, np.exp(2.8 - 7.0 * f0_tree)),
        f0_star=np.where(tree, f0_tree, p.f0),
        f0_limit=np.where(avoiding, (2.8 - log_g) / 7.0, f0_tree),
        d_star=np.exp((log_g - p.a_h) / p.b_h),
        d_limit=np.where(avoiding, 30.0, 300.0),
        a_h=p.a_h,
        b_h=p.b_h,
        g_at_30=np.exp(p.a_h + p.b_h * np.log(30.0)),
        g_at_300=np.exp(p.a_h + p.b_h * np.log(300.0)),
        d_max=1.0e3 * p.d_max,
        g_c=p.g_c,
        a_max=p.a_max,
        epsilon0=p.epsilon0,
        gamma25=p.gamma25 * PPM_TO_RATIO,
        log_q10_gamma=np.log(p.q10_gamma),
        log_q10_gm=np.log(p.q10_gm),
        log_q10_amax=np.log(p.q10_amax),
        cold_gm=np.exp(0.3 * p.t1_gm),
        heat_gm=np.exp(-0.3 * p.t2_gm),
        cold_amax=np.exp(0.3 * p.t1_amax),
        heat_amax=np.exp(-0.3 * p.t2_amax),
        t0=p.t0,
    )


@helper
def stress_leaf(leaf, i, f2):
    """(g_m at 25 C in m s-1, f0, D_max in kg kg-1) of column i under the root-zone index F2 (§§4.2-4.4)."""
    woody, tropical, avoiding = leaf.woody[i], leaf.tropical[i], leaf.avoiding[i]
    threshold, g_star, g_limit = leaf.f2_threshold[i], leaf.g_star[i], leaf.g_limit[i]
    f0_star, f0_limit, d_star, d_limit = leaf.f0_star[i], leaf.f0_limit[i], leaf.d_star[i], leaf.d_limit[i]
    a_h, b_h, g_at_30, g_at_300 = leaf.a_h[i], leaf.b_h[i], leaf.g_at_30[i], leaf.g_at_300[i]
    d_tree = leaf.d_max[i]
    stressed = f2 < threshold
    x = min((1.0 - f2) / (1.0 - threshold), 1.0)
    y = f2 / threshold

    d_tolerant = 300.0 * y
    at_30 = avoiding | (d_tolerant <= 30.0)
    d_mild = d_star - (d_star - d_limit) * x
    d_dry = 30.0 if at_30 else d_tolerant
    d_herb = d_dry if stressed else d_mild
    g_tree_mild = g_star - (g_star - g_limit) * x
    g_tree = g_limit * y if stressed else g_tree_mild
    logarithm = log(max(g_tree, 1.0e-9) if woody else d_mild)
    f0_mild = f0_star - (f0_star - f0_limit) * x
    f0_dry = min(0.95, (2.8 - logarithm) / 7.0)
    f0_tree = f0_dry if stressed else f0_mild
    g_mild = exp(a_h + b_h * logarithm)
    g_dry = g_at_30 * y if at_30 else g_at_300
    g_herb = g_dry if stressed else g_mild

    g_woody = g_star * f2 if tropical else g_tree
    g_m = g_woody if woody else g_herb
    f0 = f0_tree if woody & (not tropical) else f0_star
    d_max = d_tree if woody else d_herb
    return 1.0e-3 * g_m, f0, 1.0e-3 * d_max


@helper
def leaf_in_air(leaf, i, t_s, co2, rho, deficit, g_m25, f0, d_max):
    """What of the leaf does not depend on light: (A_m, epsilon, A_min d, 1 / (C_s - C_i), 1 + k + k2) (§§3.1-3.4).

    `t_s` K, `co2` the mass ratio C_s, `rho` the air density by which A_m,max and epsilon0 are divided, `deficit` D_s.
    """
    t = t_s - T_T
    decade = (t - 25.0) / 10.0
    warmth = exp(0.3 * t)
    gamma = leaf.gamma25[i] * exp(leaf.log_q10_gamma[i] * decade)
    g_m = g_m25 * exp(leaf.log_q10_gm[i] * decade)
    g_m /= (1.0 + leaf.cold_gm[i] / warmth) * (1.0 + leaf.heat_gm[i] * warmth)
    a_mm = leaf.a_max[i] * exp(leaf.log_q10_amax[i] * decade) / rho
    a_mm /= (1.0 + leaf.cold_amax[i] / warmth) * (1.0 + leaf.heat_amax[i] * warmth)

    g_c = leaf.g_c[i]
    g_sum = max(g_c + g_m, TINY)
    f_min = max(min(g_c / g_sum, f0), TINY)
    d = min(1.0, deficit / (d_max if d_max > 0.0 else TINY))
    f = f0 * (1.0 - d) + f_min * d
    c_s = max(co2, gamma + 1.0e-6)
    c_i = f * c_s + (1.0 - f) * gamma
    c_min = (g_c * c_s + g_m * gamma) / g_sum
    a_min = g_m * (c_min - gamma)

    a_m = max(a_mm * (1.0 - exp(-g_m * (c_i - gamma) / a_mm)), a_min)
    epsilon = leaf.epsilon0[i] / rho * (c_i - gamma) / (c_i + 2.0 * gamma)
    inverse_drop = 1.0 / (c_s - c_i)
    k = 1.606 * 1.6 * deficit * (c_s + c_i) * 0.5 * inverse_drop
    return a_m, epsilon, a_min * d, inverse_drop, 1.0 + k + k * k


@helper
def leaf_in_light(light, a_m, r_d, epsilon, a_min_d, inverse_drop):
    """(net assimilation A, stomatal conductance to CO2 g_0) under the PAR `light`, W m-2 (§§3.3, 3.4)."""
    capacity = a_m + r_d
    active = a_m > INVERTIBLE
    per_capacity = 1.0 / (capacity if active else 1.0)
    gross = capacity * (1.0 - exp(-epsilon * light * per_capacity))
    a = max(gross - r_d, -r_d) if active else 0.0
    r = (a + r_d) * per_capacity if active else 0.0
    a_g = a - a_min_d * r + r_d * (1.0 - r)
    return a, max(G_0_MIN, a_g * inverse_drop)


@kernel
def reference_assimilation(leaf, co2, a_n_ref):
    """Fill `a_n_ref` with A_n,ref, the largest net assimilation of an unstressed leaf (§8.2).

    `co2` (column,) is the mass ratio C_s of the first forcing record of the run.
    """
    for i in range(co2.shape[0]):
        t_s = leaf.t0[i] + T_T
        a_m, epsilon, a_min_d, inverse_drop, _series = leaf_in_air(
            leaf, i, t_s, co2[i], REFERENCE_DENSITY, 0.0, 1.0e-3 * leaf.g_star[i], leaf.f0_star[i], 1.0
        )
        r_d = a_m / 9.0 * REFERENCE_ATTENUATION
        a, _g_0 = leaf_in_light(REFERENCE_LIGHT, a_m, r_d, epsilon, a_min_d, inverse_drop)
        a_n_ref[i] = a
