"""Freezing and thawing of soil water (Boone et al. 2000, Giard and Bazile 2000, Decharme et al. 2016; §4.13)."""

from ldas.model.constants import C_I, GRAVITY, L_F, RHO_I, RHO_W, T_T, TAU_ICE, W_MIN
from ldas.model.fastmath import power
from ldas.model.kernel import columns, helper, kernel
from ldas.model.soil import next_cold, row_of

INSULATION = 0.2
INSULATING_LAI = 30.0
ICE_MIN = 1.0e-6
LATENT = L_F * RHO_W  # J per m3 of water


@kernel
def freeze_soil(grid, soil, heat, veg, lai, sublimation, h, tg, wg, wgi, carry, drainage):
    """One substep of `h` seconds of phase change in the hydrological layers; ice squeezed out below N drains (m).

    `sublimation` is the loss of ice of layer 1, m s-1 of water. Columns without ice and without frost are left alone,
    but for those that share lanes with others.
    """
    stop = veg.shape[0]
    passed = 0
    for i in range(stop):
        carry[i] = 0.0
    for j in range(grid.n_water):
        k = row_of(soil.w_sat, j)
        active = passed
        for i in range(stop):
            active |= (wgi[j, i] > 0.0) | (tg[j, i] < T_T)
        end = 0 if active else stop
        goes_down = 0
        while end < stop:
            if passed:
                begin, end = 0, stop
            else:
                begin, end = next_cold(tg[j], wgi[j], end)
            if begin < end:
                freeze_layer(j, k, begin, end, soil, heat, veg, lai, h, tg, wg, wgi)
                thickness = grid.thickness[j]
                goes_down |= settle_ice(j, k, begin, end, thickness, soil, heat, sublimation, h, tg, wg, wgi, carry)
        passed = goes_down
    if passed:
        for i in range(stop):
            drainage[i] += carry[i]


@helper
def freeze_layer(j, k, begin, end, soil, heat, veg, lai, h, tg, wg, wgi):
    """Phase change of layer `j`, whose soil properties stand in row `k`, in the columns from `begin` to `end`."""
    exposure = C_I * RHO_I
    for i in columns(begin, end):
        t, w, ice, psi_sat, b = tg[j, i], wg[j, i], wgi[j, i], soil.psi_sat[k, i], soil.b[k, i]
        insulated = (1.0 - INSULATION * veg[i]) * min(1.0, max(0.0, 1.0 - lai[i] / INSULATING_LAI))
        factor = exposure * (insulated if j == 0 and veg[i] > 0.0 else 1.0)
        psi_max = min(psi_sat, L_F * (t - T_T) / (GRAVITY * t))
        w_max = soil.w_sat[k, i] * power(psi_max / psi_sat, -soil.per_b[k, i])
        psi = psi_sat * power(w * soil.per_w_sat[k, i], -b)
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


@helper
def settle_ice(j, k, begin, end, thickness, soil, heat, sublimation, h, tg, wg, wgi, carry):
    """Sublimation, overflow of ice to the layer below and melt of traces in layer `j`; 1 when ice goes down."""
    passed = 0
    for i in columns(begin, end):
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
