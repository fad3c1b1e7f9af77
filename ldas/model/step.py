"""One model step of a block of columns: the processes in the order of the energy document §4."""

from ldas.model.biomass import Pools, dilute_leaf_nitrogen, update_biomass
from ldas.model.canopy_radiation import CanopyOptics
from ldas.model.constants import L_S, L_V, RHO_W
from ldas.model.energy import add_fluxes, prepare_budget, prepare_humidity, solve_temperatures, spread_snow_flux
from ldas.model.exchange import prepare_exchange
from ldas.model.interception import intercept, wet_leaves
from ldas.model.kernel import kernel
from ldas.model.patch_fluxes import (
    diagnose_exchange,
    diagnose_patch,
    diagnose_snow,
    energy_balance,
    latent_heat,
    stored_water,
)
from ldas.model.photosynthesis import CanopyAir, assimilate_gauss, assimilate_multilayer, deficit_at_leaf
from ldas.model.respiration import average_topsoil, respire
from ldas.model.runoff import subgrid_runoff
from ldas.model.saturation import saturation_humidity
from ldas.model.snow_cover import cover_with_snow
from ldas.model.snow_step import advance_block_snow
from ldas.model.soil_heat import diagnose_deep_water, set_soil_heat
from ldas.model.soil_ice import freeze_soil
from ldas.model.soil_water import bound_water, infiltrate, move_water, pay_deficit, set_hydraulics, set_vapour
from ldas.model.surface_fields import update_surface
from ldas.model.water_stress import stress_roots


@kernel
def advance_step(parameters, options, work, surface, state, daily):
    """Advance `state` by one step under `work.weather`; `daily` tells that vegetation is updated in this step.

    `parameters` is a `BlockParameters`, `options` a `StepOptions`, `work` a `Workspace`, `surface` the member's
    `SurfaceFields`, which follow LAI, and `state` a `StateView`; the last three are changed in place.
    """
    if options.evolving_albedo:
        update_surface(parameters.surface, state.lai, state.wg[0], parameters.w_sat_top, True, surface)
    prepare_step(parameters, options, work, surface, state)
    if options.diagnostics:
        stored_water(parameters.grid, state, work.storage_start)
        copy_row(state.snow_albedo, work.albedo_snow)
    advance_block_snow(parameters, options, work, surface, state)
    breathe_canopy(parameters, options, work, surface, state)
    advance_energy(parameters, options, work, surface, state)
    advance_water(parameters, options, work, surface, state)
    latent_heat(work.fluxes, work.cover, work.snow.latent, state.le)
    if options.diagnostics:
        diagnose(parameters, options, work, surface, state)
    if daily and parameters.any_vegetated:
        renew_vegetation(parameters, options, work, surface, state)
    if parameters.any_vegetated:
        respire(
            parameters.respiration,
            parameters.weights,
            state.tg,
            state.wg,
            (state.lai, state.biomass_structural, state.biomass_deep),
            options.time_step,
            options.prm,
            work.canopy.r_leaf,
            (state.respiration_structural, state.respiration_deep),
            work.respiration,
            work.t_1m,
            work.moisture,
        )
    if options.diagnostics:
        diagnose_carbon(work.canopy, work.respiration, work.out)


@kernel
def prepare_step(parameters, options, work, surface, state):
    """What all processes see of the step start: snow cover, roughness, thermal properties, water stress, wet leaves."""
    cover_with_snow(state.snow_swe, state.snow_density, surface.veg, surface.z0, work.cover)
    prepare_exchange(surface.z0, work.cover.p_sn, options.z_t, options.z_u, work.exchange)
    diagnose_deep_water(parameters.grid, parameters.soil, state.tg, state.wg, state.wgi, work.heat.psi_below)
    set_soil_heat(
        parameters.grid, parameters.soil, state.wg, state.wgi, state.wr, surface.veg, parameters.c_v, work.heat
    )
    stress_roots(parameters.grid, parameters.soil, parameters.root_fraction, state.wg, work.f2_layer, work.f2)
    wet_leaves(state.wr, surface.veg, state.lai, parameters.c_wr, work.exchange.z0_effective, work.wr_max, work.delta)


@kernel
def drive_canopy(weather, t_s, le, r_a, delta, p_snv, deficit, exposed):
    """Fill the saturation deficit at the leaf and the dry, snow-free share of the leaves."""
    for i in range(deficit.shape[0]):
        q_sat = saturation_humidity(t_s[i], weather.p_s[i])
        deficit[i] = deficit_at_leaf(q_sat, weather.q_a[i], weather.rho[i], le[i], r_a[i])
        exposed[i] = (1.0 - delta[i]) * (1.0 - p_snv[i])


@kernel
def breathe_canopy(parameters, options, work, surface, state):
    """Photosynthesis and canopy resistance (§4.6) on the temperature of the step start."""
    if parameters.any_vegetated:
        weather = work.weather
        t_s = state.tg[0]
        drive_canopy(weather, t_s, state.le, state.resa, work.delta, work.cover.p_snv, work.deficit, work.exposed)
        air = CanopyAir(
            t_s,
            work.deficit,
            weather.rho,
            weather.co2,
            weather.sw,
            weather.zenith,
            weather.cos_zenith,
            work.f2,
            work.exposed,
            state.lai,
        )
        step = options.time_step
        if options.multilayer:
            fixed = parameters.optics
            optics = CanopyOptics(
                fixed.sigma_top,
                fixed.sigma_bottom,
                fixed.diffuse_top,
                fixed.diffuse_bottom,
                fixed.lai_shade,
                fixed.albedo_veg,
                surface.albedo_vis_soil,
            )
            assimilate_multilayer(
                parameters.leaf,
                optics,
                air,
                step,
                work.canopy_work,
                work.canopy,
                state.assimilation_day,
                state.assimilation_max,
            )
        else:
            assimilate_gauss(parameters.leaf, air, step, work.canopy, state.assimilation_day, state.assimilation_max)


@kernel
def advance_energy(parameters, options, work, surface, state):
    """Surface energy budget and soil temperatures, in substeps of about 300 s (§§4.7-4.9)."""
    grid, heat, weather, cover, budget = parameters.grid, work.heat, work.weather, work.cover, work.budget
    spread_snow_flux(grid, heat, cover.p_sn, work.snow.ground, work.snow.correction, options.time_step, work.base_flux)
    prepare_humidity(parameters.soil, state.wg, state.wgi, budget)
    if options.diagnostics:
        copy_rows(state.tg, work.tg_start, state.tg.shape[0])
    substeps = options.energy_substeps
    h = options.time_step / substeps
    conductance = heat.c_t if options.consistent else heat.c_g
    for substep in range(substeps):
        prepare_budget(
            grid,
            weather,
            surface,
            cover,
            work.exchange,
            heat,
            conductance,
            work.canopy.r_s,
            work.f2,
            state.wr,
            options.time_step,
            h,
            options.z_t,
            options.z_u,
            work.delta,
            state.resa,
            state.tg,
            work.base_flux,
            budget,
        )
        solve_temperatures(grid, heat, work.base_flux, h, budget.gamma, budget.ratio, state.tg)
        add_fluxes(weather, surface, cover, state.tg, 1.0 / substeps, substep == 0, budget, work.fluxes)
    if options.diagnostics:
        energy_balance(
            grid,
            heat,
            cover,
            work.fluxes,
            work.base_flux,
            work.tg_start,
            state.tg,
            options.time_step,
            work.out.energy_residual,
        )


@kernel
def set_losses(weather, cover, surface, fluxes, snow, wr_max, f2, dt, wr, supply, extraction, evaporation, sublimation):
    """Interception, then what reaches and leaves the ground: supply (kg m-2 s-1), and the sinks in m s-1."""
    intercept(weather.rain, cover.p_sn, surface.veg, wr_max, fluxes, dt, wr, supply)
    for i in range(wr.shape[0]):
        supply[i] += snow.outflow[i]
        extraction[i] = fluxes.le_tr[i] / (RHO_W * L_V * max(f2[i], 1.0e-12))
        evaporation[i] = fluxes.le_g[i] / (RHO_W * L_V)
        sublimation[i] = fluxes.le_gi[i] / (RHO_W * L_S)


@kernel
def advance_water(parameters, options, work, surface, state):
    """Interception, runoff, soil water and freezing, in substeps of the hydrology (§§4.10-4.13)."""
    grid, soil, water = parameters.grid, parameters.soil, work.water
    step = options.time_step
    set_losses(
        work.weather,
        work.cover,
        surface,
        work.fluxes,
        work.snow,
        work.wr_max,
        work.f2,
        step,
        state.wr,
        work.supply,
        work.extraction,
        work.evaporation,
        work.sublimation,
    )
    fill_row(work.out.runoff, 0.0)
    if options.dt92:
        subgrid_runoff(
            parameters.runoff,
            options.dt92_b,
            state.wg,
            state.wgi,
            step,
            work.supply,
            work.mean_water,
            work.out.runoff,
        )
    fill_row(work.overflow, 0.0)
    fill_row(work.drained, 0.0)
    copy_rows(state.tg, work.tg_start, grid.n_water)
    h = step / options.water_substeps
    for _substep in range(options.water_substeps):
        infiltrate(grid, soil, work.supply, h, state.wg, state.wgi, water, work.overflow)
        sourced = pay_deficit(grid, work.supply, work.snow.deficit, state.wg, water)
        set_hydraulics(grid, soil, state.wg, state.wgi, water)
        set_vapour(grid, soil, work.weather.p_s, state.tg, work.tg_start, state.wg, state.wgi, water)
        move_water(
            grid, soil, work.f2_layer, work.extraction, work.evaporation, sourced, h, state.wg, water, work.drained
        )
        bound_water(grid, state.wg, water, work.drained)
        freeze_soil(
            grid,
            soil,
            work.heat,
            surface.veg,
            state.lai,
            work.sublimation,
            h,
            state.tg,
            state.wg,
            state.wgi,
            water.carry,
            work.drained,
        )
    for i in range(work.drained.shape[0]):
        work.out.runoff[i] += work.overflow[i] * RHO_W / step
        work.out.drainage[i] = work.drained[i] * RHO_W / step


@kernel
def renew_vegetation(parameters, options, work, surface, state):
    """The daily update of biomass and LAI, then of the surface fields."""
    pools = Pools(
        state.lai,
        state.biomass_leaf,
        state.biomass_structural,
        state.biomass_deep,
        state.assimilation_day,
        state.assimilation_max,
        state.respiration_structural,
        state.respiration_deep,
        state.assimilation_reference,
        state.leaf_nitrogen,
    )
    if options.dilution:
        average_topsoil(parameters.weights.forty, state.tg, work.t_1m)
        dilute_leaf_nitrogen(parameters.biomass, state.leaf_nitrogen, work.weather.sw, work.t_1m, work.weather.co2)
    update_biomass(parameters.biomass, pools)
    update_surface(parameters.surface, state.lai, state.wg[0], parameters.w_sat_top, options.evolving_albedo, surface)


@kernel
def diagnose(parameters, options, work, surface, state):
    """Fill the diagnostics of the step in `work.out`, before the daily update."""
    out = work.out
    stored_water(parameters.grid, state, work.storage)
    diagnose_patch(
        work.weather,
        surface,
        work.cover,
        work.fluxes,
        work.snow,
        work.albedo_snow,
        state,
        options.time_step,
        work.storage_start,
        work.storage,
        out,
    )
    diagnose_exchange(
        work.weather,
        work.cover,
        work.exchange,
        work.snow,
        work.budget,
        state.tg,
        options.z_t,
        options.z_u,
        out,
    )
    diagnose_snow(state, out)
    copy_row(work.snow.outflow, out.snow_outflow)
    copy_row(surface.albedo, out.albedo_free)
    copy_row(surface.veg, out.vegetation_fraction)
    copy_row(surface.z0, out.roughness)


@kernel
def diagnose_carbon(canopy, respiration, out):
    """Fill autotrophic respiration and the net exchange of CO2."""
    for i in range(out.nee.shape[0]):
        autotrophic = canopy.r_leaf[i] + respiration.r_structural[i] + respiration.r_deep[i]
        out.autotrophic_respiration[i] = autotrophic
        out.nee[i] = respiration.r_eco[i] - canopy.gpp[i]


@kernel
def copy_row(source, target):
    """target = source, (column,)."""
    for i in range(source.shape[0]):
        target[i] = source[i]


@kernel
def copy_rows(source, target, rows):
    """The first `rows` rows of (layer, column) arrays."""
    for j in range(rows):
        for i in range(source.shape[1]):
            target[j, i] = source[j, i]


@kernel
def fill_row(target, value):
    """target = value, (column,)."""
    for i in range(target.shape[0]):
        target[i] = value
