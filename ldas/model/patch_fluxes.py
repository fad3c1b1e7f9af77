"""Fluxes of the whole patch, snow included, and diagnostics of a step (energy document §§4.14, 7)."""

import numpy as np

from ldas.model.constants import C_I, EMIS_SNOW, L_F, L_S, L_V, RHO_W, T_T
from ldas.model.exchange import VIRTUAL, heat_exchange, momentum_exchange, richardson_number
from ldas.model.kernel import kernel


@kernel
def latent_heat(fluxes, cover, snow_latent, le):
    """Fill `le`, the latent heat flux of the patch that the next step's photosynthesis sees, W m-2."""
    for i in range(le.shape[0]):
        le[i] = fluxes.le_g[i] + fluxes.le_gi[i] + fluxes.le_v[i] + cover.p_sn[i] * snow_latent[i]


@kernel
def stored_water(grid, state, storage):
    """Fill `storage`, the water of soil, leaves and snow, kg m-2."""
    for i in range(storage.shape[0]):
        storage[i] = state.wr[i]
    for j in range(grid.n_water):
        for i in range(storage.shape[0]):
            storage[i] += RHO_W * grid.thickness[j] * (state.wg[j, i] + state.wgi[j, i])
    for k in range(state.snow_swe.shape[0]):
        for i in range(storage.shape[0]):
            storage[i] += state.snow_swe[k, i]


@kernel
def energy_balance(grid, heat, cover, fluxes, base_flux, tg_start, tg, dt, residual):
    """Fill `residual`, gain of the soil minus what the surface and the snow gave it in the budget, W m-2."""
    for i in range(residual.shape[0]):
        taken = (1.0 - cover.p_sn[i]) * (fluxes.rn[i] - fluxes.h[i])
        taken -= fluxes.le_g[i] + fluxes.le_gi[i] + fluxes.le_v[i]
        residual[i] = (tg[0, i] - tg_start[0, i]) / (heat.c_t[i] * dt) - taken
    for j in range(1, tg.shape[0]):
        for i in range(residual.shape[0]):
            residual[i] += heat.capacity[j, i] * grid.thickness[j] * (tg[j, i] - tg_start[j, i]) / dt
    for j in range(base_flux.shape[0]):
        for i in range(residual.shape[0]):
            residual[i] -= base_flux[j, i]


@kernel
def diagnose_patch(weather, surface, cover, fluxes, snow, albedo_snow, state, dt, storage_start, storage, out):
    """Fill the patch's energy and water fluxes of `out` (`Diagnostics`).

    `albedo_snow` is the snow albedo in force during the step; `out.runoff` and `out.drainage` are already there.
    """
    for i in range(storage.shape[0]):
        p_sn = cover.p_sn[i]
        free = 1.0 - p_sn
        rnet = free * fluxes.rn[i] + p_sn * snow.rnet[i]
        qh = free * fluxes.h[i] + p_sn * snow.sensible[i]
        albedo = free * surface.albedo[i] + p_sn * albedo_snow[i]
        emissivity = free * surface.emissivity[i] + p_sn * EMIS_SNOW
        ground, snow_top = state.tg[0, i], snow.temperature[i]
        emitted = free * surface.emissivity[i] * ground**4 + p_sn * EMIS_SNOW * snow_top**4
        evap = (fluxes.le_v[i] + fluxes.le_g[i]) / L_V + fluxes.le_gi[i] / L_S + p_sn * snow.evaporation[i]
        out.rnet[i] = rnet
        out.qh[i] = qh
        out.qg[i] = rnet - qh - state.le[i]
        out.qle[i] = state.le[i]
        out.albedo[i] = albedo
        out.emissivity[i] = emissivity
        out.sw_up[i] = albedo * weather.sw[i]
        out.lw_up[i] = (1.0 - albedo) * weather.sw[i] + weather.lw[i] - rnet
        out.radiative_temperature[i] = np.sqrt(np.sqrt(emitted / emissivity))
        out.le_interception[i] = fluxes.le_v[i] - fluxes.le_tr[i]
        out.le_snow[i] = p_sn * snow.latent[i]
        out.evap[i] = evap
        gain = weather.rain[i] + weather.snow[i] - evap - out.runoff[i] - out.drainage[i]
        out.water_residual[i] = storage[i] - storage_start[i] - dt * gain


@kernel
def diagnose_exchange(weather, surface, cover, exchange, snow, budget, tg, z_t, z_u, out):
    """Fill the exchange diagnostics of `out`: u_* of the step, the rest recomputed with its last temperatures."""
    for i in range(cover.p_sn.shape[0]):
        out.albedo_free[i] = surface.albedo[i]
        out.vegetation_fraction[i] = surface.veg[i]
        out.roughness[i] = surface.z0[i]
        out.snow_outflow[i] = snow.outflow[i]
        p_sn = cover.p_sn[i]
        z0, z0h = exchange.z0_effective[i], exchange.z0h_effective[i]
        wind = weather.wind[i]
        drag = (1.0 - p_sn) * momentum_exchange(budget.richardson[i], z0, z0h, z_u) + p_sn * snow.momentum[i]
        out.friction_velocity[i] = np.sqrt(drag) * wind
        t_surface = (1.0 - p_sn) * tg[0, i] + p_sn * snow.temperature[i]
        q_surface = (1.0 - p_sn) * budget.q_surface[i] + p_sn * snow.humidity[i]
        theta_vs = t_surface / weather.exner_s[i] * (1.0 + VIRTUAL * q_surface)
        ri = richardson_number(weather.theta_va[i], theta_vs, weather.wind_star[i], z_t, z_u)
        out.richardson[i] = ri
        out.heat_exchange[i] = heat_exchange(ri, exchange.neutral[i], exchange.unstable[i])
        out.momentum_exchange[i] = momentum_exchange(ri, z0, z0h, z_u)
        out.surface_humidity[i] = (1.0 - p_sn) * budget.q_surface[i] / budget.q_star[i] + p_sn


@kernel
def diagnose_snow(snow_swe, snow_density, snow_enthalpy, out):
    """Fill mass, depth and mass-weighted temperature of the pack at the end of the step (T_t without snow)."""
    for i in range(out.swe.shape[0]):
        out.swe[i] = 0.0
        out.snow_depth[i] = 0.0
        out.snow_temperature[i] = 0.0
    for k in range(snow_swe.shape[0]):
        for i in range(out.swe.shape[0]):
            swe, density = snow_swe[k, i], snow_density[k, i]
            departure = min(0.0, (snow_enthalpy[k, i] + L_F * density) / (C_I * density))
            out.swe[i] += swe
            out.snow_depth[i] += swe / density
            out.snow_temperature[i] += swe * departure
    for i in range(out.swe.shape[0]):
        swe = out.swe[i]
        out.snow_temperature[i] = T_T + out.snow_temperature[i] / (swe if swe > 0.0 else 1.0)


@kernel
def diagnose_carbon(canopy, respiration, out):
    """Fill autotrophic respiration and the net exchange of CO2."""
    for i in range(out.nee.shape[0]):
        autotrophic = canopy.r_leaf[i] + respiration.r_structural[i] + respiration.r_deep[i]
        out.autotrophic_respiration[i] = autotrophic
        out.nee[i] = respiration.r_eco[i] - canopy.gpp[i]
