"""Thermal properties of the soil and its surface (Johansen 1975, Peters-Lidard et al. 1998; energy document §4.2)."""

from typing import NamedTuple

import numpy as np

from ldas.model.constants import C_I, C_L, GRAVITY, L_F, LAMBDA_ICE, LAMBDA_WATER, RHO_I, RHO_W, T_T, W_MIN
from ldas.model.fastmath import exp, log, power
from ldas.model.kernel import columns, helper, kernel
from ldas.model.soil import next_cold, row_of

LOG_ICE_TO_WATER = float(np.log(LAMBDA_ICE) - np.log(LAMBDA_WATER))
PER_LOG_10 = float(1.0 / np.log(10.0))
SURFACE_INERTIA_MAX = 1.0e-4  # K m2 J-1
VEGETATION_FACTOR = 0.2
DRY_DEPTH = 100.0  # m, where the water potential below the hydrological layers would reach saturation


class SoilHeat(NamedTuple):
    """Thermal properties of a step."""

    conductivity: np.ndarray  # lambda, W m-1 K-1, (14, column)
    capacity: np.ndarray  # C, J m-3 K-1, (14, column)
    c_g: np.ndarray  # K m2 J-1, (column,)
    c_t: np.ndarray  # K m2 J-1, (column,)
    frozen_surface: np.ndarray  # phi_1, frozen share of the water of layer 1, (column,)
    psi_below: np.ndarray  # psi_N, work array (column,)


@helper
def largest_liquid(t, w_sat, psi_sat, per_b):
    """w_max, the liquid water that can exist at T (K): w_sat (psi_max / psi_sat)^(-1/b)."""
    psi_max = min(psi_sat, L_F * (t - T_T) / (GRAVITY * t))
    return w_sat * power(psi_max / psi_sat, -per_b)


@kernel
def diagnose_deep_water(grid, soil, tg, wg, wgi, psi_below):
    """Liquid water and ice of the layers below N, for their thermal properties only."""
    last = grid.n_water - 1
    k = row_of(soil.w_sat, last)
    for i in range(psi_below.shape[0]):
        filled = min(1.0, (wg[last, i] + wgi[last, i]) * soil.per_w_sat[k, i])
        psi_below[i] = soil.psi_sat[k, i] * power(filled, -soil.b[k, i])
    for j in range(grid.n_water, tg.shape[0]):
        k = row_of(soil.w_sat, j)
        r = max(0.0, (DRY_DEPTH - grid.node_depth[j]) / (grid.node_depth[j] - grid.node_depth[last]))
        at_layer = 1.0 / (1.0 + r)
        cold = 0
        for i in range(psi_below.shape[0]):
            drier = at_layer * (1.0 + r * (psi_below[i] / soil.psi_sat[k, i]))
            wg[j, i] = max(W_MIN, soil.w_sat[k, i] * power(max(1.0, drier), -soil.per_b[k, i]))
            wgi[j, i] = 0.0
            cold |= tg[j, i] < T_T
        end = 0 if cold else psi_below.shape[0]
        while end < psi_below.shape[0]:
            begin, end = next_cold(tg[j], wgi[j], end)
            for i in columns(begin, end):
                total = wg[j, i]
                liquid = max(W_MIN, largest_liquid(tg[j, i], soil.w_sat[k, i], soil.psi_sat[k, i], soil.per_b[k, i]))
                wg[j, i] = min(liquid, total)
                wgi[j, i] = total - wg[j, i]


@kernel
def set_soil_heat(grid, soil, wg, wgi, wr, veg, c_v, heat):
    """Conductivity and capacity of all layers, and the inertia of the surface, from water and ice.

    Rows without ice leave out what ice adds; the terms left out are exactly nothing there.
    """
    for j in range(wg.shape[0]):
        k = row_of(soil.w_sat, j)
        icy = 0
        for i in range(wg.shape[1]):
            icy |= wgi[j, i] > 0.0
        if icy:
            for i in range(wg.shape[1]):
                water, ice = wg[j, i], wgi[j, i]
                frozen = ice / (ice + max(water, W_MIN))
                saturated = soil.lambda_wet[k, i] * exp(frozen * soil.w_sat[k, i] * LOG_ICE_TO_WATER)
                s = min(1.0, max(0.1, (water + ice) * soil.per_w_sat[k, i]))
                kersten = (1.0 - frozen) * (log(s) * PER_LOG_10 + 1.0) + frozen * s
                dry = soil.lambda_dry[k, i]
                heat.conductivity[j, i] = dry + kersten * (saturated - dry)
                heat.capacity[j, i] = soil.c_dry[k, i] + water * (RHO_W * C_L) + ice * (RHO_I * C_I)
        else:
            for i in range(wg.shape[1]):
                water, dry = wg[j, i], soil.lambda_dry[k, i]
                s = min(1.0, max(0.1, water * soil.per_w_sat[k, i]))
                kersten = log(s) * PER_LOG_10 + 1.0
                heat.conductivity[j, i] = dry + kersten * (soil.lambda_wet[k, i] - dry)
                heat.capacity[j, i] = soil.c_dry[k, i] + water * (RHO_W * C_L)
    for i in range(wg.shape[1]):
        c_g = min(SURFACE_INERTIA_MAX, 1.0 / (grid.thickness[0] * heat.capacity[0, i]))
        c_veg = min(SURFACE_INERTIA_MAX, 1.0 / (VEGETATION_FACTOR / c_v[i] + C_L * wr[i]))
        heat.c_g[i] = c_g
        heat.c_t[i] = 1.0 / ((1.0 - veg[i]) / c_g + veg[i] / c_veg)
        heat.frozen_surface[i] = wgi[0, i] / (wgi[0, i] + max(wg[0, i], W_MIN))
