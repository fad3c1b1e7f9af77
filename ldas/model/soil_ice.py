"""Freezing and thawing of soil water (Boone et al. 2000, Giard and Bazile 2000, Decharme et al. 2016; §4.13)."""

from ldas.model.constants import C_I, GRAVITY, L_F, RHO_I, RHO_W, T_T, TAU_ICE, W_MIN
from ldas.model.fastmath import power
from ldas.model.kernel import kernel
from ldas.model.soil import row_of

INSULATION = 0.2
INSULATING_LAI = 30.0
ICE_MIN = 1.0e-6
LATENT = L_F * RHO_W  # J per m3 of water


@kernel
def freeze_soil(grid, soil, heat, veg, lai, sublimation, h, tg, wg, wgi, carry, drainage):
    """One substep of `h` seconds of phase change in the hydrological layers; ice squeezed out below N drains (m).

    `sublimation` is the loss of ice of layer 1, m s-1 of water. Rows without ice and without frost are left alone.
    """
    passed = 0
    for i in range(veg.shape[0]):
        carry[i] = 0.0
    for j in range(grid.n_water):
        k = row_of(soil.w_sat, j)
        active = passed
        for i in range(veg.shape[0]):
            active |= (wgi[j, i] > 0.0) | (tg[j, i] < T_T)
        if active:
            freeze_layer(j, k, soil, heat, veg, lai, h, tg, wg, wgi)
            passed = settle_ice(j, k, grid.thickness[j], soil, heat, sublimation, h, tg, wg, wgi, carry)
    if passed:
        for i in range(veg.shape[0]):
            drainage[i] += carry[i]


@kernel
def freeze_layer(j, k, soil, heat, veg, lai, h, tg, wg, wgi):
    """Phase change of layer `j`, whose soil properties stand in row `k`."""
    exposure = C_I * RHO_I
    for i in range(veg.shape[0]):
        t, w, ice, w_sat, psi_sat, b = tg[j, i], wg[j, i], wgi[j, i], soil.w_sat[k, i], soil.psi_sat[k, i], soil.b[k, i]
        insulated = (1.0 - INSULATION * veg[i]) * min(1.0, max(0.0, 1.0 - lai[i] / INSULATING_LAI))
        factor = exposure * (insulated if j == 0 and veg[i] > 0.0 else 1.0)
        psi_max = min(psi_sat, L_F * (t - T_T) / (GRAVITY * t))
        w_max = w_sat * power(psi_max / psi_sat, -1.0 / b)
        psi = psi_sat * power(w / w_sat, -b)
        departure = t - L_F * T_T / (L_F - GRAVITY * psi)
        warm = factor * max(0.0, departure)
        cold = factor * max(0.0, -departure)
        melt = h / TAU_ICE * min(warm, ice * LATENT)
        freezing = h / TAU_ICE * min(cold, max(0.0, w - w_max) * LATENT)
        apparent = -(T_T * RHO_W * L_F * L_F / GRAVITY) * w_max / (psi_max * b * t * t)
        acts = (departure < 0.0) & (w >= w_max) & (cold / LATENT >= w - w_max)
        capacity = heat.capacity[j, i] + (apparent if acts else 0.0)
        phase = freezing - melt
        tg[j, i] = t + phase / capacity
        wgi[j, i] = ice + phase / LATENT
        wg[j, i] = w - phase / LATENT


@kernel
def settle_ice(j, k, thickness, soil, heat, sublimation, h, tg, wg, wgi, carry):
    """Sublimation, overflow of ice to the layer below and melt of traces in layer `j`; 1 when ice goes down."""
    passed = 0
    for i in range(carry.shape[0]):
        ice = wgi[j, i] - (sublimation[i] * h / thickness if j == 0 else 0.0)
        water = wg[j, i] + min(0.0, ice)
        ice = max(0.0, ice) + carry[i] / thickness
        kept = min(ice, soil.w_sat[k, i] - W_MIN)
        carry[i] = (ice - kept) * thickness
        passed |= carry[i] > 0.0
        trace = kept if kept < ICE_MIN else 0.0
        wgi[j, i] = kept - trace
        wg[j, i] = water + trace
        tg[j, i] -= trace * LATENT / heat.capacity[j, i]
    return passed
