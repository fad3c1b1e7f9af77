"""Surface energy budget and soil temperatures (energy document §§4.7-4.9).

Noilhan and Planton (1989), Boone et al. (2000), Boone and Etchevers (2001). One substep prepares the coefficients of
the linearised surface budget (`prepare_budget`), solves the fourteen temperatures (`solve_temperatures`) and adds the
fluxes of the snow-free part (`add_fluxes`).
"""

from math import factorial
from typing import NamedTuple

import numpy as np

from ldas.model.constants import C_PD, L_S, L_V, R_S_MAX, STEFAN, W_MIN
from ldas.model.exchange import VIRTUAL, heat_exchange, richardson_number
from ldas.model.kernel import helper, kernel
from ldas.model.saturation import saturation_humidity_slope
from ldas.model.soil import row_of

SPREAD_WARMING = 10.0  # K, warming of the surface from which the heat at the snow base is spread over depth
HALSTEAD_MIN = 1.0e-12
WET_LIMIT = 0.01
SINE_SERIES = tuple((-1.0) ** k / factorial(2 * k + 1) for k in range(11))


class Budget(NamedTuple):
    """Work arrays of the budget, float64 (column,) unless said."""

    hu_free: np.ndarray  # h_u of the water of layer 1 before dew
    hui_free: np.ndarray  # h_ui of the ice of layer 1 before dew
    liquid_share: np.ndarray  # w_1 / (w_1 + w_i1)
    hu: np.ndarray  # h_u after dew
    hui: np.ndarray  # h_ui after dew
    water_part: np.ndarray  # (1 - phi_1) eta
    ice_part: np.ndarray  # phi_1 eta_i
    h_v: np.ndarray  # Halstead coefficient
    transpiration: np.ndarray  # Z rho (1 - delta) veg [1/(R_a + R_s) - (1 - F2)/(R_a + 5000)]
    q_star: np.ndarray  # q_sat(T_s)
    q_slope: np.ndarray
    q_surface: np.ndarray  # surface humidity of the snow-free part
    kappa: np.ndarray  # rho_a / R_a
    richardson: np.ndarray  # R_i of the last substep
    t_old: np.ndarray  # T_s before the substep, K
    diagonal: np.ndarray  # A
    conduction: np.ndarray  # coupling of layers 1 and 2, per A
    gamma: np.ndarray  # conductance between a layer and the one above, W m-2 K-1
    spread: np.ndarray  # heat at the snow base that is spread over depth, per heat capacity
    near_ratio: np.ndarray  # elimination factor of the layer a sweep comes from
    near_t: np.ndarray  # and its temperature, K
    ratio: np.ndarray  # elimination factors, (14, column)


class SurfaceFluxes(NamedTuple):
    """Fluxes averaged over the substeps, float64 (column,), W m-2.

    Net radiation and sensible heat are those of the snow-free part; the latent heats are weighted with the snow-free
    share of ground and vegetation.
    """

    rn: np.ndarray
    h: np.ndarray
    le_g: np.ndarray
    le_gi: np.ndarray
    le_v: np.ndarray
    le_tr: np.ndarray


@helper
def half_cosine(x):
    """(1 - cos(pi x)) / 2 for x in [0, 1], as the square of the sine of pi x / 2."""
    half = 0.5 * np.pi * x
    square = half * half
    c = SINE_SERIES
    p = c[9] + square * c[10]
    p = c[8] + square * p
    p = c[7] + square * p
    p = c[6] + square * p
    p = c[5] + square * p
    p = c[4] + square * p
    p = c[3] + square * p
    p = c[2] + square * p
    p = c[1] + square * p
    sine = half * (c[0] + square * p)
    return sine * sine


@helper
def dew(h, q_star, q_a):
    """(relative humidity, ground flux switch eta) after the dew rule of Mahfouf and Noilhan (1991)."""
    wets = h * q_star < q_a
    dry_air = q_star > q_a
    h_dew = q_a / q_star if dry_air else 1.0
    eta_dew = 0.0 if dry_air else 1.0
    return (h_dew if wets else h), (eta_dew if wets else 1.0)


@helper
def transpiration_conductance(r_a, r_s, f2):
    """1 / (R_a + R_s) - (1 - F2) / (R_a + 5000), s m-1 to the power -1."""
    return 1.0 / (r_a + r_s) - (1.0 - f2) / (r_a + R_S_MAX)


@helper
def halstead(delta, r_a, r_s, evaporates, f2):
    """Halstead coefficient h_v; 1 when vapour condenses."""
    dry = (1.0 - delta) * r_a * transpiration_conductance(r_a, r_s, f2)
    h_v = delta + dry if evaporates else 1.0
    return h_v if h_v >= HALSTEAD_MIN else 0.0


@kernel
def spread_snow_flux(grid, heat, p_sn, ground_flux, correction_flux, dt, spread, base_flux):
    """Fill `base_flux` (layer, column), W m-2, what each soil layer receives from the base of the snow.

    `ground_flux` is G_gn and `correction_flux` F_cor of the snow-covered part. Row 0 includes p_sn G_gn. `spread` is a
    work array (column,).
    """
    for i in range(p_sn.shape[0]):
        spread[i] = 1.0 / heat.c_t[i]
    for j in range(1, base_flux.shape[0]):
        for i in range(p_sn.shape[0]):
            spread[i] += heat.capacity[j, i] * grid.correction_depth[j]
    for i in range(p_sn.shape[0]):
        strong = dt * heat.c_t[i] * p_sn[i] * abs(ground_flux[i]) >= SPREAD_WARMING
        direct = 0.0 if strong else ground_flux[i]
        spread[i] = p_sn[i] * (correction_flux[i] + (ground_flux[i] if strong else 0.0)) / spread[i]
        base_flux[0, i] = p_sn[i] * direct + spread[i] / heat.c_t[i]
    for j in range(1, base_flux.shape[0]):
        for i in range(p_sn.shape[0]):
            base_flux[j, i] = spread[i] * heat.capacity[j, i] * grid.correction_depth[j]


@kernel
def prepare_humidity(soil, wg, wgi, budget):
    """Soil humidities h_u and h_ui of layer 1 at the start of the step, before dew."""
    k = row_of(soil.w_sat, 0)
    for i in range(budget.hu_free.shape[0]):
        water, ice, w_sat, w_fc = wg[0, i], wgi[0, i], soil.w_sat[k, i], soil.w_fc[k, i]
        budget.hu_free[i] = half_cosine(min(1.0, max(0.0, (water - W_MIN) * w_sat / (w_fc * (w_sat - ice)))))
        budget.hui_free[i] = half_cosine(min(1.0, ice * w_sat / (w_fc * max(W_MIN, w_sat - water))))
        budget.liquid_share[i] = water / (water + ice)


@kernel
def prepare_budget(
    grid,
    weather,
    surface,
    cover,
    exchange,
    heat,
    conductance,
    r_s,
    f2,
    wr,
    dt,
    h,
    z_t,
    z_u,
    delta,
    r_a,
    tg,
    base_flux,
    budget,
):
    """Exchange, humidity and the first row of the heat system for a substep of `h` seconds of a step of `dt` seconds.

    `conductance` is C_G or C_T (energy closure), `delta` the wet fraction of leaves and `r_a` the aerodynamic
    resistance, both updated; `budget.ratio[0]` and `tg[0]` leave as the eliminated first row.
    """
    for i in range(r_a.shape[0]):
        t_s, q_a, rho = tg[0, i], weather.q_a[i], weather.rho[i]
        veg, p_sn, p_sng, p_snv = surface.veg[i], cover.p_sn[i], cover.p_sng[i], cover.p_snv[i]
        q_star, q_slope = saturation_humidity_slope(t_s, weather.p_s[i])
        hu, eta = dew(budget.hu_free[i], q_star, q_a)
        hui, eta_i = dew(budget.hui_free[i], q_star, q_a)
        evaporates = q_star >= q_a
        wet, stress, resistance = delta[i], f2[i], r_s[i]

        h_v = halstead(wet, r_a[i], resistance, evaporates, stress)
        share = budget.liquid_share[i]
        soil_humidity = share * hu + (1.0 - share) * hui
        q_surface = ((1.0 - veg) * soil_humidity + veg * h_v) * q_star + veg * (1.0 - h_v) * q_a
        per_exner = 1.0 / weather.exner_s[i]
        theta_vs = t_s * per_exner * (1.0 + VIRTUAL * q_surface)
        wind = weather.wind_star[i]
        ri = richardson_number(weather.theta_va[i], theta_vs, wind, z_t, z_u)
        conductivity = heat_exchange(ri, exchange.neutral[i], exchange.unstable[i]) * wind
        resa = 1.0 / conductivity
        kappa = rho * conductivity

        h_v = halstead(wet, resa, resistance, evaporates, stress)
        bracket = transpiration_conductance(resa, resistance, stress) if evaporates else 0.0
        vapour = rho * veg * (q_star - q_a)
        loss = dt * (1.0 - p_snv) * vapour * (h_v * conductivity - (1.0 - wet) * bracket)
        supply = wr[i] + dt * veg * (1.0 - p_snv) * weather.rain[i]
        limited = evaporates and loss != 0.0 and supply < loss
        wet = wet * max(WET_LIMIT, min(1.0, supply / (loss if limited else 1.0))) if limited else wet
        h_v = halstead(wet, resa, resistance, evaporates, stress)

        frozen = heat.frozen_surface[i]
        water_part = (1.0 - frozen) * eta
        ice_part = frozen * eta_i
        leaves = veg * (1.0 - p_snv) * h_v
        ground = (1.0 - veg) * (1.0 - p_sng)
        lambda_a = L_V * (leaves + ground * water_part) + L_S * ground * ice_part
        lambda_s = L_V * (leaves + ground * water_part * hu) + L_S * ground * ice_part * hui
        c_t = heat.c_t[i]
        free = 1.0 - p_sn
        emitted = surface.emissivity[i] * STEFAN * t_s * t_s * t_s
        latent = kappa * lambda_s * q_slope
        sensible = kappa * C_PD
        upper, lower = heat.conductivity[0, i], heat.conductivity[1, i]
        gamma = 2.0 * upper * lower / (grid.thickness[0] * lower + grid.thickness[1] * upper)
        conduction = gamma * conductance[i]
        diagonal = 1.0 / h + c_t * (free * (4.0 * emitted + sensible * per_exner) + latent) + conduction
        b = 1.0 / h + c_t * (free * 3.0 * emitted + latent)
        air = sensible * weather.t_a[i] / weather.exner_a[i]
        radiation = (1.0 - surface.albedo[i]) * weather.sw[i] + surface.emissivity[i] * weather.lw[i]
        c = c_t * (free * (air + radiation) - kappa * (lambda_s * q_star - lambda_a * q_a) + base_flux[0, i])

        delta[i] = wet
        r_a[i] = resa
        budget.hu[i] = hu
        budget.hui[i] = hui
        budget.water_part[i] = water_part
        budget.ice_part[i] = ice_part
        budget.h_v[i] = h_v
        budget.transpiration[i] = rho * (1.0 - wet) * veg * bracket
        budget.q_star[i] = q_star
        budget.q_slope[i] = q_slope
        budget.q_surface[i] = q_surface
        budget.kappa[i] = kappa
        budget.richardson[i] = ri
        budget.t_old[i] = t_s
        per_diagonal = 1.0 / diagonal
        budget.gamma[i] = gamma
        budget.ratio[0, i] = conduction * per_diagonal
        tg[0, i] = (b * t_s + c) * per_diagonal


@kernel
def solve_temperatures(grid, heat, base_flux, h, gamma, near_ratio, near_t, ratio, tg):
    """Implicit heat diffusion over a substep of `h` seconds, from the eliminated first row to all temperatures.

    `gamma` (column,) and `ratio` and `tg` (14, column) come with their first row; `near_ratio` and `near_t` (column,)
    are work arrays, what a layer needs of its neighbour.
    """
    layers = tg.shape[0]
    corrected = base_flux.shape[0]
    for i in range(tg.shape[1]):
        near_ratio[i] = ratio[0, i]
        near_t[i] = tg[0, i]
    for j in range(1, layers):
        last = j == layers - 1
        below = j if last else j + 1
        upper_thickness, lower_thickness = grid.thickness[j], grid.thickness[below]
        storage = grid.thickness[j] / h
        source = j if j < corrected else 0
        sourced = 1.0 if j < corrected else 0.0
        closed = 0.0 if last else 2.0
        for i in range(tg.shape[1]):
            upper, lower = heat.conductivity[j, i], heat.conductivity[below, i]
            inertia = heat.capacity[j, i] * storage
            above = gamma[i]
            under = closed * upper * lower / (upper_thickness * lower + lower_thickness * upper)
            inverse = 1.0 / (inertia + above * (1.0 - near_ratio[i]) + under)
            eliminated = (inertia * tg[j, i] + sourced * base_flux[source, i] + above * near_t[i]) * inverse
            ratio[j, i] = under * inverse
            near_ratio[i] = under * inverse
            tg[j, i] = eliminated
            near_t[i] = eliminated
            gamma[i] = under
    for j in range(layers - 2, -1, -1):
        for i in range(tg.shape[1]):
            near_t[i] = tg[j, i] + ratio[j, i] * near_t[i]
            tg[j, i] = near_t[i]


@kernel
def add_fluxes(weather, surface, cover, tg, weight, first, budget, fluxes):
    """Add the fluxes of a substep to `fluxes` with the share `weight` of the step; the `first` substep overwrites."""
    keep = 0.0 if first else 1.0
    for i in range(fluxes.rn.shape[0]):
        t_old, t_new, q_a = budget.t_old[i], tg[0, i], weather.q_a[i]
        kappa, veg = budget.kappa[i], surface.veg[i]
        q_new = budget.q_star[i] + budget.q_slope[i] * (t_new - t_old)
        emitted = STEFAN * t_old * t_old * t_old * (4.0 * t_new - 3.0 * t_old)
        rn = (1.0 - surface.albedo[i]) * weather.sw[i] + surface.emissivity[i] * (weather.lw[i] - emitted)
        h = kappa * C_PD * (t_new / weather.exner_s[i] - weather.t_a[i] / weather.exner_a[i])
        ground = weight * kappa * (1.0 - veg) * (1.0 - cover.p_sng[i])
        leaves = weight * L_V * (q_new - q_a) * (1.0 - cover.p_snv[i])
        fluxes.rn[i] = keep * fluxes.rn[i] + weight * rn
        fluxes.h[i] = keep * fluxes.h[i] + weight * h
        fluxes.le_g[i] = keep * fluxes.le_g[i] + ground * L_V * (budget.hu[i] * q_new - q_a) * budget.water_part[i]
        fluxes.le_gi[i] = keep * fluxes.le_gi[i] + ground * L_S * (budget.hui[i] * q_new - q_a) * budget.ice_part[i]
        fluxes.le_v[i] = keep * fluxes.le_v[i] + leaves * kappa * veg * budget.h_v[i]
        fluxes.le_tr[i] = keep * fluxes.le_tr[i] + leaves * budget.transpiration[i]
