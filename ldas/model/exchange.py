"""Turbulent exchange between surface and air (Louis 1979, Mascart et al. 1995; energy document §4.1, §4.7).

The roughness part is prepared once a step (`prepare_exchange`); the stability part is a scalar helper shared by the
snow-free surface and the snow.
"""

from typing import NamedTuple

import numpy as np

from ldas.model.constants import GRAVITY, KARMAN, R_D, R_V, Z0_SNOW, Z0H_SNOW
from ldas.model.fastmath import exp, log, power
from ldas.model.kernel import LANES, columns, helper, kernel

VIRTUAL = R_V / R_D - 1.0
RICHARDSON_MAX = 0.2


class Exchange(NamedTuple):
    """Roughness part of the exchange coefficients in a step, float64 (column,)."""

    z0_effective: np.ndarray  # z_0* with snow, m
    z0h_effective: np.ndarray  # z_0h* with snow, m
    neutral: np.ndarray  # C_dn F_h
    unstable: np.ndarray  # 15 C* C_dn F_h (z_T / z_0h')^p_h


@helper
def richardson_number(theta_va, theta_vs, wind, z_t, z_u):
    """R_i from virtual potential temperatures of air and surface (K) and V* (m s-1), at most 0.2."""
    ri = GRAVITY * z_u * z_u * (theta_va - theta_vs) / (0.5 * (theta_va + theta_vs) * wind * wind * z_t)
    return min(RICHARDSON_MAX, ri)


@helper
def heat_exchange(ri, neutral, unstable):
    """C_H of `Exchange.neutral` and `Exchange.unstable` at the Richardson number `ri`."""
    below = min(ri, 0.0)
    above = max(ri, 0.0)
    convective = 1.0 - 15.0 * below / (1.0 + unstable * np.sqrt(-below))
    return neutral * convective if ri < 0.0 else neutral / (1.0 + 15.0 * above * np.sqrt(1.0 + 5.0 * above))


@helper
def momentum_exchange(ri, z0, z0h, z_u):
    """C_D at the Richardson number `ri` over the effective roughness lengths (diagnostic)."""
    z0_low = min(z0, 0.5 * z_u)
    ratio = min(200.0, z0_low / min(z0h, z0_low))
    mu = log(max(1.0, ratio))
    per_log = KARMAN / log(z_u / z0_low)
    neutral = per_log * per_log
    c_star = 6.8741 + mu * (2.6933 + mu * (-0.3601 + mu * 0.0154))
    p_m = 0.5233 + mu * (-0.0815 + mu * (0.0135 - mu * 0.0010))
    c_m = 10.0 * c_star * neutral * power(z_u / z0_low, p_m)
    below = min(ri, 0.0)
    above = max(ri, 0.0)
    unstable = 1.0 - 10.0 * below / (1.0 + c_m * np.sqrt(-below))
    return neutral * (unstable if ri < 0.0 else 1.0 / (1.0 + 10.0 * above / np.sqrt(1.0 + 5.0 * above)))


@kernel
def prepare_exchange(z0, p_sn, z_t, z_u, exchange):
    """Fill `exchange` from the snow-free roughness `z0` (m) and the snow fraction `p_sn`, both (column,).

    Lanes without snow whose `exchange` is of this `z0`, and of these heights, keep it: it changes once a day.
    """
    for lane in range(0, z0.shape[0], LANES):
        end = min(lane + LANES, z0.shape[0])
        stale = 0
        for i in columns(lane, end):
            stale |= (p_sn[i] > 0.0) | (exchange.z0_effective[i] != z0[i]) | (exchange.z0h_effective[i] != 0.1 * z0[i])
        if stale:
            mix_roughness(lane, end, z0, p_sn, z_t, z_u, exchange)


@helper
def mix_roughness(begin, end, z0, p_sn, z_t, z_u, exchange):
    """`prepare_exchange` for the columns from `begin` to `end`."""
    snow_momentum = 1.0 / np.log(z_u / Z0_SNOW) ** 2
    snow_heat = 1.0 / np.log(z_t / Z0H_SNOW) ** 2
    for i in columns(begin, end):
        log_m = log(z_u / z0[i])
        log_h = log(10.0 * z_t / z0[i])
        snow = p_sn[i]
        mixed_m = 1.0 / np.sqrt(snow * snow_momentum + (1.0 - snow) / (log_m * log_m))
        mixed_h = 1.0 / np.sqrt(snow * snow_heat + (1.0 - snow) / (log_h * log_h))
        z0_star = z_u * exp(-mixed_m) if snow > 0.0 else z0[i]
        z0h_star = z_t * exp(-mixed_h) if snow > 0.0 else 0.1 * z0[i]
        z0_low = min(z0_star, 0.5 * z_u)
        z0h_low = min(min(z0h_star, z0_low), 0.5 * z_t)
        mu = max(0.0, log(z0_low / z0h_low))
        per_log = KARMAN / log(z_u / z0_low)
        log_heat = log(z_t / z0h_low)
        neutral = KARMAN * per_log / log_heat
        c_star = 3.2165 + mu * (4.3431 + mu * (0.5360 - mu * 0.0781))
        p_h = 0.5802 + mu * (-0.1571 + mu * (0.0327 - mu * 0.0026))
        exchange.z0_effective[i] = z0_star
        exchange.z0h_effective[i] = z0h_star
        exchange.neutral[i] = neutral
        exchange.unstable[i] = 15.0 * c_star * neutral * exp(p_h * log_heat)
