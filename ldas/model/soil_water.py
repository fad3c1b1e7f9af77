"""Soil water: infiltration, Richards equation with vapour, drainage (energy document §4.12).

Boone et al. (2000), Decharme et al. (2011, 2013), vapour after Braud et al. (1993). One substep is `infiltrate`,
`pay_deficit`, `set_hydraulics`, `set_vapour`, `move_water`.
"""

from math import log as scalar_log
from typing import NamedTuple

import numpy as np

from ldas.model.constants import GRAVITY, P_00, R_V, RHO_W, T_T, W_MIN
from ldas.model.fastmath import exp, fma, log
from ldas.model.kernel import helper, kernel
from ldas.model.saturation import saturation_pressure
from ldas.model.soil import row_of

ICE_IMPEDANCE = 6.0 * scalar_log(10.0)
VAPOUR_DIFFUSIVITY = 2.17e-5  # m2 s-1 at T_t and 10^5 Pa
WARMTH_SERIES = (
    1.0000000000000009,
    1.8799999999999992,
    0.827199999998982,
    -0.03308799999917246,
    0.009264640180420503,
    -0.0039282075066423,
    0.002042655874569115,
    -0.0012022462079247281,
    0.0007698190698324027,
    -0.0005235266554813969,
    0.0003665389824114104,
    -0.00027013007879157444,
    0.0002554631126828968,
    -0.00020038235305841433,
)
"""(1 + y)^1.88 on |y| <= 0.3, lowest degree first."""
PER_T_T = 1.0 / T_T
TORTUOSITY = 0.66
THETA = 0.5  # Crank-Nicolson


class SoilWater(NamedTuple):
    """Work arrays of the water transfer, float64, (14, column) unless said."""

    porosity: np.ndarray  # w_s, porosity left by the ice
    impedance: np.ndarray  # zeta, share of the conductivity left by the ice, from the water before infiltration
    psi: np.ndarray  # m
    k: np.ndarray  # hydraulic conductivity, m s-1
    k_vapour: np.ndarray  # vapour conductivity, m s-1
    x: np.ndarray  # increments of water
    ratio: np.ndarray  # elimination factors
    source: np.ndarray  # c_j, negative supply and snow deficit, m s-1
    near_x: np.ndarray  # (column,) increment of the layer above, then below
    near_ratio: np.ndarray  # (column,) elimination factor of the layer above
    flux: np.ndarray  # (column,) flux through the interface above, upward, m s-1
    slope_upper: np.ndarray  # (column,) its derivative to the water of the layer above it
    slope_lower: np.ndarray  # (column,) and below it
    carry: np.ndarray  # (column,) water passed down, m
    deficit: np.ndarray  # (column,)


@helper
def diffusion_warmth(t):
    """(T / T_t)^1.88, how the diffusion of vapour grows with T (K), within 3e-15; 191 to 355 K, constant outside."""
    c = WARMTH_SERIES
    y = min(max(t * PER_T_T - 1.0, -0.3), 0.3)
    p = fma(y, c[13], c[12])
    p = fma(y, p, c[11])
    p = fma(y, p, c[10])
    p = fma(y, p, c[9])
    p = fma(y, p, c[8])
    p = fma(y, p, c[7])
    p = fma(y, p, c[6])
    p = fma(y, p, c[5])
    p = fma(y, p, c[4])
    p = fma(y, p, c[3])
    p = fma(y, p, c[2])
    p = fma(y, p, c[1])
    return fma(y, p, c[0])


@helper
def vapour_conductivity(t, total, w_sat, psi, impedance, saturated, p_s):
    """k_v (m s-1) at T (K), water and ice `total`, potential psi (m) and saturation pressure `saturated` (Pa)."""
    per_rt = 1.0 / (R_V * t)
    p_v = exp(GRAVITY * psi * per_rt) * saturated
    diffusivity = VAPOUR_DIFFUSIVITY * P_00 * diffusion_warmth(t)
    air = min(w_sat, (w_sat - total) * (1.0 + total / (w_sat - 0.05)))
    k_v = TORTUOSITY * GRAVITY / RHO_W * impedance * diffusivity * air * p_v * per_rt * per_rt
    return k_v / (p_s - p_v)


@kernel
def infiltrate(grid, soil, supply, h, wg, wgi, water, overflow):
    """Put the positive part of `supply` (kg m-2 s-1) into the layers from the top; what is left adds to `overflow` (m).

    Fills what the ice leaves: `water.porosity` and, before the layer takes water, `water.impedance`.
    """
    pending = 0
    for i in range(supply.shape[0]):
        water.carry[i] = max(0.0, supply[i]) / RHO_W * h
        pending |= supply[i] > 0.0
    for j in range(grid.n_water):
        k = row_of(soil.w_sat, j)
        icy = 0
        for i in range(supply.shape[0]):
            icy |= wgi[j, i] > 0.0
            water.porosity[j, i] = max(W_MIN, soil.w_sat[k, i] - wgi[j, i])
            water.impedance[j, i] = 1.0
        if icy:
            for i in range(supply.shape[0]):
                water.impedance[j, i] = exp(-ICE_IMPEDANCE * wgi[j, i] / (wgi[j, i] + wg[j, i]))
        if pending:
            pending = 0
            for i in range(supply.shape[0]):
                room = max(0.0, water.porosity[j, i] - wg[j, i]) * grid.thickness[j]
                taken = min(room, water.carry[i])
                left = water.carry[i] - taken
                wg[j, i] += taken / grid.thickness[j]
                water.carry[i] = left
                pending |= left > 0.0
    if pending:
        for i in range(supply.shape[0]):
            overflow[i] += water.carry[i]


@kernel
def pay_deficit(grid, supply, snow_deficit, wg, water):
    """Fill `water.source` with what the layers above N give to a negative supply and to the snow; True if any."""
    any_deficit = 0
    for i in range(supply.shape[0]):
        any_deficit |= (supply[i] < 0.0) | (snow_deficit[i] != 0.0)
    if any_deficit:
        for i in range(supply.shape[0]):
            water.carry[i] = 0.0
        for j in range(grid.n_water - 1):
            for i in range(supply.shape[0]):
                water.carry[i] += grid.thickness[j] * wg[j, i]
        for j in range(grid.n_water):
            share = 0.0 if j == grid.n_water - 1 else grid.thickness[j]
            for i in range(supply.shape[0]):
                demand = (min(0.0, supply[i]) - snow_deficit[i]) / RHO_W
                water.source[j, i] = demand * share * wg[j, i] / water.carry[i]
    return any_deficit != 0


@kernel
def set_hydraulics(grid, soil, wg, water):
    """Fill potential and conductivity of the hydrological layers."""
    for j in range(grid.n_water):
        k = row_of(soil.w_sat, j)
        for i in range(wg.shape[1]):
            s = min(1.0, wg[j, i] / water.porosity[j, i])
            dryness = exp(-soil.b[k, i] * log(s))
            water.psi[j, i] = soil.psi_sat[k, i] * dryness
            water.k[j, i] = water.impedance[j, i] * soil.k_sat[k, i] * s * s * s / (dryness * dryness)


@kernel
def set_vapour(grid, soil, p_s, tg, tg_start, wg, wgi, water):
    """Fill the vapour conductivity, zero where the soil is at field capacity or wetter.

    `tg` is the current temperature, `tg_start` the one before the freezing substeps (saturation pressures only). Rows
    without ice and frost have the saturation pressure of T_t throughout.
    """
    at_freezing = saturation_pressure(T_T)
    for j in range(grid.n_water):
        k = row_of(soil.w_sat, j)
        dry = 0
        cold = 0
        for i in range(p_s.shape[0]):
            total = wg[j, i] + wgi[j, i]
            cold |= (wgi[j, i] > 0.0) | (tg_start[j, i] < T_T)
            water.k_vapour[j, i] = 0.0
            dry |= (total < soil.w_fc[k, i]) & (total > W_MIN)
        if dry and cold:
            for i in range(p_s.shape[0]):
                ice, t_start = wgi[j, i], tg_start[j, i]
                total = wg[j, i] + ice
                share = ice / total
                of_ice, of_water = saturation_pressure(t_start), saturation_pressure(min(T_T, t_start))
                saturated = share * of_ice + (1.0 - share) * of_water
                k_v = vapour_conductivity(
                    tg[j, i], total, soil.w_sat[k, i], water.psi[j, i], water.impedance[j, i], saturated, p_s[i]
                )
                water.k_vapour[j, i] = k_v if (total < soil.w_fc[k, i]) & (total > W_MIN) else 0.0
        elif dry:
            for i in range(p_s.shape[0]):
                total = wg[j, i]
                k_v = vapour_conductivity(
                    tg[j, i], total, soil.w_sat[k, i], water.psi[j, i], water.impedance[j, i], at_freezing, p_s[i]
                )
                water.k_vapour[j, i] = k_v if (total < soil.w_fc[k, i]) & (total > W_MIN) else 0.0


@kernel
def move_water(grid, soil, f2_layer, extraction, evaporation, sourced, h, wg, water, drainage):
    """One Crank-Nicolson substep of `h` seconds on increments; `drainage` (m) gains what leaves below layer N.

    `extraction` is the transpiration per unit of F2 and `evaporation` that of the ground, m s-1; `sourced` tells that
    `water.source` counts.
    """
    n = grid.n_water
    near_x, near_ratio = water.near_x, water.near_ratio
    for i in range(drainage.shape[0]):
        water.flux[i] = 0.0
        water.slope_upper[i] = 0.0
        water.slope_lower[i] = 0.0
        near_x[i] = 0.0
        near_ratio[i] = 0.0
    for j in range(n):
        last = j == n - 1
        below = j if last else j + 1
        k = row_of(soil.b, j)
        kb = row_of(soil.b, below)
        storage = grid.thickness[j] / h
        per_spacing = 1.0 / grid.node_spacing[j]
        top = 1.0 if j == 0 else 0.0
        for i in range(drainage.shape[0]):
            w, b, psi, conductivity = wg[j, i], soil.b[k, i], water.psi[j, i], water.k[j, i]
            if last:
                flux = -conductivity
                slope_upper = -(2.0 * b + 3.0) * conductivity / w
                slope_lower = 0.0
            else:
                w_below, b_below, psi_below = wg[below, i], soil.b[kb, i], water.psi[below, i]
                mean = np.sqrt(conductivity * water.k[below, i])
                total = mean + np.sqrt(water.k_vapour[j, i] * water.k_vapour[below, i])
                gradient = (psi - psi_below) * per_spacing
                flux = -total * gradient - mean
                half = 0.5 * mean * (gradient + 1.0)
                total *= per_spacing
                slope_upper = (-(2.0 * b + 3.0) * half + total * b * psi) / w
                slope_lower = (-(2.0 * b_below + 3.0) * half - total * b_below * psi_below) / w_below
            sink = f2_layer[j, i] * extraction[i] + top * evaporation[i]
            source = water.source[j, i] if sourced else 0.0
            rhs = flux - water.flux[i] - sink + source
            lower = THETA * water.slope_upper[i]
            diagonal = storage - THETA * (slope_upper - water.slope_lower[i])
            inverse = 1.0 / (diagonal + lower * near_ratio[i])
            ratio = THETA * slope_lower * inverse
            x = (rhs - lower * near_x[i]) * inverse
            water.ratio[j, i] = ratio
            near_ratio[i] = ratio
            water.x[j, i] = x
            near_x[i] = x
            water.flux[i] = flux
            water.slope_upper[i] = slope_upper
            water.slope_lower[i] = slope_lower
    for i in range(drainage.shape[0]):
        drainage[i] -= h * (water.flux[i] + THETA * water.slope_upper[i] * near_x[i])
        wg[n - 1, i] += near_x[i]
    for j in range(n - 2, -1, -1):
        for i in range(drainage.shape[0]):
            near_x[i] = water.x[j, i] + water.ratio[j, i] * near_x[i]
            wg[j, i] += near_x[i]


@kernel
def bound_water(grid, wg, water, drainage):
    """Pass water above the porosity down, then lift each layer to 0.001 from below; layer N drains."""
    for i in range(drainage.shape[0]):
        water.carry[i] = 0.0
        water.deficit[i] = 0.0
    for j in range(grid.n_water):
        thickness = grid.thickness[j]
        for i in range(drainage.shape[0]):
            filled = wg[j, i] + water.carry[i] / thickness
            kept = min(filled, water.porosity[j, i])
            water.carry[i] = (filled - kept) * thickness
            lowered = kept - water.deficit[i] / thickness
            raised = max(W_MIN, lowered)
            water.deficit[i] = (raised - lowered) * thickness
            wg[j, i] = raised
    for i in range(drainage.shape[0]):
        drainage[i] += water.carry[i] - water.deficit[i]
