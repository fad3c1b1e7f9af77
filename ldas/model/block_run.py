"""The story of a block: step after step, member after member, the processes in the order of the energy document §4.

All calls stand in one function on purpose: every level of compiled functions above the kernels would link and optimise
all of them once more (kernel document §5 for the loop order).
"""

from typing import NamedTuple

import numpy as np

from ldas.model.biomass import Pools, clear_fields, dilute_leaf_nitrogen, update_biomass
from ldas.model.canopy_radiation import CanopyOptics
from ldas.model.energy import add_fluxes, prepare_budget, prepare_humidity, solve_temperatures, spread_snow_flux
from ldas.model.exchange import prepare_exchange
from ldas.model.hand_over import add_overflow, copy_row, copy_rows, drive_canopy, fill_row, set_sinks
from ldas.model.interception import intercept, wet_leaves
from ldas.model.kernel import kernel
from ldas.model.outputs import collect
from ldas.model.patch_fluxes import (
    diagnose_carbon,
    diagnose_exchange,
    diagnose_patch,
    diagnose_snow,
    energy_balance,
    latent_heat,
    stored_water,
)
from ldas.model.photosynthesis import CanopyAir, assimilate_gauss, assimilate_multilayer
from ldas.model.respiration import average_topsoil, respire
from ldas.model.runoff import infiltration_excess, shed_excess, subgrid_runoff
from ldas.model.snow import advance_snow, find_snow, leading_run
from ldas.model.snow_cover import cover_with_snow
from ldas.model.snow_gather import (
    clear_fluxes,
    fill_lanes,
    gather_pack,
    gather_surface,
    gather_weather,
    scatter_fluxes,
    scatter_pack,
)
from ldas.model.soil_heat import diagnose_deep_water, set_soil_heat
from ldas.model.soil_ice import freeze_soil
from ldas.model.soil_water import bound_water, infiltrate, move_water, pay_deficit, set_hydraulics, set_vapour
from ldas.model.surface_fields import update_surface
from ldas.model.water_stress import stress_roots
from ldas.model.weather import gather_records, interpolate, mean_sun
from ldas.model.workspace import view_exchange, view_state, view_surface


class Stretch(NamedTuple):
    """Weather records and clock of a run; steps are counted from the first record."""

    records: np.ndarray  # (record, field, cell)
    held: np.ndarray  # bool (field,), constant over an interval
    per_interval: int  # steps in a forcing interval
    suns: np.ndarray  # (step, 4) rows of `sun_positions`, from step `sun_first` on
    sun_first: int  # first step of an interval
    vegetation_day: np.ndarray  # int64, day of the year of the steps from `sun_first` on that update vegetation, else 0


@kernel
def run_block(parameters, options, work, stretch, cell, states, surfaces, snow_layers, first, steps, done, collector):
    """Advance all members of a block by `steps` steps from step `first`, `done` steps after the start of the run.

    `parameters` is a `BlockParameters`, `options` a `StepOptions`, `work` a `Workspace`, `stretch` a `Stretch`, `cell`
    the forcing cell of each column; `states` (member, row, column) is changed in place, `surfaces` (member, row,
    column) is work space, `collector` gathers the outputs.
    """
    grid, soil, place, rules = parameters.grid, parameters.soil, parameters.place, parameters.surface
    weather, cover, heat = work.weather, work.cover, work.heat
    budget, fluxes, water, canopy = work.budget, work.fluxes, work.water, work.canopy
    snow, pack, index, out = work.snow, work.snow_pack, work.snow_index, work.out
    respiration, optics = work.respiration, parameters.optics
    f2, f2_layer, delta, wr_max = work.f2, work.f2_layer, work.delta, work.wr_max
    dt, z_t, z_u, watched = options.time_step, options.z_t, options.z_u, options.diagnostics
    evolving, living = options.evolving_albedo, parameters.any_vegetated
    energy_step = dt / options.energy_substeps
    water_step = dt / options.water_substeps
    for m in range(states.shape[0]):
        state = view_state(states[m], snow_layers)
        surface = view_surface(surfaces[m])
        update_surface(rules, state.lai, state.wg[0], parameters.w_sat_top, evolving, surface)
    for n in range(steps):
        step = first + n
        record = step // stretch.per_interval
        position = step - record * stretch.per_interval
        clock = step - stretch.sun_first
        if n == 0 or position == 0:
            gather_records(stretch.records, record, cell, stretch.held, work.before, work.after)
            if options.by_zenith:
                start = clock - position
                mean_sun(place, stretch.suns[start : start + stretch.per_interval], work.sun_mean)
        weight = position / stretch.per_interval
        angle = options.multilayer or watched
        sun = stretch.suns[clock]
        interpolate(
            work.before,
            work.after,
            weight,
            sun,
            place,
            work.sun_mean,
            options.by_zenith,
            z_t,
            z_u,
            angle,
            weather,
        )
        for m in range(states.shape[0]):
            state = view_state(states[m], snow_layers)
            surface = view_surface(surfaces[m])
            exchange = view_exchange(surfaces[m])
            tg, wg, wgi = state.tg, state.wg, state.wgi
            veg, lai = surface.veg, state.lai

            # what all processes see of the step start: §§4.1-4.4
            if evolving:
                update_surface(rules, lai, wg[0], parameters.w_sat_top, True, surface)
            cover_with_snow(state.snow_swe, state.snow_density, veg, surface.z0, cover)
            prepare_exchange(surface.z0, cover.p_sn, z_t, z_u, exchange)
            diagnose_deep_water(grid, soil, tg, wg, wgi, heat.psi_below)
            set_soil_heat(grid, soil, wg, wgi, state.wr, veg, parameters.c_v, heat)
            stress_roots(grid, soil, parameters.root_fraction, wg, f2_layer, f2)
            wet_leaves(state.wr, veg, lai, parameters.c_wr, exchange.z0_effective, wr_max, delta)
            if watched:
                stored_water(grid, state, work.storage_start)
                copy_row(state.snow_albedo, work.albedo_snow)
                copy_rows(tg, work.tg_start, tg.shape[0])

            # snow: §4.5
            count = find_snow(state.snow_swe, weather.snow, index)
            if count > 0 or work.snow_seen[0] == 1:
                clear_fluxes(snow)
                work.snow_seen[0] = 1 if count > 0 else 0
            if count > 0:
                run = leading_run(index, count)
                count = fill_lanes(index, count)
                swe, density, enthalpy, age = (
                    state.snow_swe,
                    state.snow_density,
                    state.snow_enthalpy,
                    state.snow_age,
                )
                gather_weather(weather, index, run, count, work.snow_weather)
                gather_surface(
                    parameters.snow,
                    exchange,
                    tg,
                    heat.conductivity,
                    surface.albedo,
                    cover.p_sn,
                    index,
                    run,
                    count,
                    work.snow_surface,
                )
                gather_pack(swe, density, enthalpy, age, state.snow_albedo, index, run, count, pack)
                advance_snow(
                    work.snow_weather,
                    work.snow_surface,
                    pack,
                    work.snow_work,
                    work.snow_fluxes,
                    count,
                    dt,
                    z_t,
                    z_u,
                )
                scatter_pack(pack, index, run, count, swe, density, enthalpy, age, state.snow_albedo)
                scatter_fluxes(work.snow_fluxes, index, run, count, snow)

            # canopy: §4.6
            if living:
                drive_canopy(weather, tg[0], state.le, state.resa, delta, cover.p_snv, work.deficit, work.exposed)
                air = CanopyAir(
                    tg[0],
                    work.deficit,
                    weather.rho,
                    weather.co2,
                    weather.sw,
                    weather.zenith,
                    weather.cos_zenith,
                    f2,
                    work.exposed,
                    lai,
                )
                day, best = state.assimilation_day, state.assimilation_max
                if options.multilayer:
                    lit = CanopyOptics(
                        optics.sigma_top,
                        optics.sigma_bottom,
                        optics.diffuse_top,
                        optics.diffuse_bottom,
                        optics.lai_shade,
                        optics.albedo_veg,
                        surface.albedo_vis_soil,
                    )
                    assimilate_multilayer(parameters.leaf, lit, air, dt, work.canopy_work, canopy, day, best)
                else:
                    assimilate_gauss(parameters.leaf, air, dt, canopy, day, best)

            # energy budget: §§4.7-4.9
            spread_snow_flux(grid, heat, cover.p_sn, snow.ground, snow.correction, dt, budget.spread, work.base_flux)
            prepare_humidity(soil, wg, wgi, budget)
            for substep in range(options.energy_substeps):
                prepare_budget(
                    grid,
                    weather,
                    surface,
                    cover,
                    exchange,
                    heat,
                    heat.c_t if options.consistent else heat.c_g,
                    canopy.r_s,
                    f2,
                    state.wr,
                    dt,
                    energy_step,
                    z_t,
                    z_u,
                    delta,
                    state.resa,
                    tg,
                    work.base_flux,
                    budget,
                )
                solve_temperatures(
                    grid,
                    heat,
                    work.base_flux,
                    energy_step,
                    budget.gamma,
                    budget.near_ratio,
                    budget.near_t,
                    budget.ratio,
                    tg,
                )
                add_fluxes(weather, surface, cover, tg, energy_step / dt, substep == 0, budget, fluxes)
            if watched:
                energy_balance(grid, heat, cover, fluxes, work.base_flux, work.tg_start, tg, dt, out.energy_residual)

            # water: §§4.10-4.13
            intercept(weather.rain, cover.p_sn, veg, wr_max, fluxes, dt, state.wr, work.supply)
            if options.horton:
                infiltration_excess(grid, soil, wg, wgi, work.supply, snow.outflow, work.excess)
            set_sinks(fluxes, snow, f2, work.supply, work.extraction, work.evaporation, work.sublimation)
            fill_row(out.runoff, 0.0)
            if options.dt92:
                subgrid_runoff(parameters.runoff, options.dt92_b, wg, wgi, dt, work.supply, work.mean_water, out.runoff)
            if options.horton:
                shed_excess(work.excess, work.supply, out.runoff)
            fill_row(work.overflow, 0.0)
            fill_row(work.drained, 0.0)
            copy_rows(tg, work.tg_start, grid.n_water)
            for _ in range(options.water_substeps):
                infiltrate(grid, soil, work.supply, water_step, wg, wgi, water, work.overflow)
                sourced = pay_deficit(grid, work.supply, snow.deficit, wg, water)
                set_hydraulics(grid, soil, wg, water)
                set_vapour(grid, soil, weather.p_s, tg, work.tg_start, wg, wgi, water)
                move_water(
                    grid,
                    soil,
                    f2_layer,
                    work.extraction,
                    work.evaporation,
                    sourced,
                    water_step,
                    wg,
                    water,
                    work.drained,
                )
                bound_water(grid, wg, water, work.drained)
                freeze_soil(
                    grid,
                    soil,
                    heat,
                    veg,
                    lai,
                    work.sublimation,
                    water_step,
                    tg,
                    wg,
                    wgi,
                    water.carry,
                    work.drained,
                )
            add_overflow(work.overflow, work.drained, dt, out.runoff, out.drainage)

            # patch fluxes: §4.14
            latent_heat(fluxes, cover, snow.latent, state.le)
            if watched:
                stored_water(grid, state, work.storage)
                diagnose_patch(
                    weather,
                    surface,
                    cover,
                    fluxes,
                    snow,
                    work.albedo_snow,
                    state,
                    dt,
                    work.storage_start,
                    work.storage,
                    out,
                )
                diagnose_exchange(weather, surface, cover, exchange, snow, budget, tg, z_t, z_u, out)
                diagnose_snow(state.snow_swe, state.snow_density, state.snow_enthalpy, out)

            # vegetation: vegetation document §§7, 8
            if living and stretch.vegetation_day[clock] > 0:
                if options.dilution:
                    average_topsoil(parameters.weights.forty, tg, work.t_1m)
                    dilute_leaf_nitrogen(parameters.biomass, state.leaf_nitrogen, weather.sw, work.t_1m, weather.co2)
                pools = Pools(
                    lai,
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
                update_biomass(parameters.biomass, pools)
                if parameters.any_sown:
                    clear_fields(parameters.biomass, stretch.vegetation_day[clock], pools)
                update_surface(rules, lai, wg[0], parameters.w_sat_top, evolving, surface)
            if living:
                respire(
                    parameters.respiration,
                    parameters.weights,
                    tg,
                    wg,
                    (lai, state.biomass_structural, state.biomass_deep),
                    dt,
                    options.prm,
                    canopy.r_leaf,
                    (state.respiration_structural, state.respiration_deep),
                    respiration,
                    work.t_1m,
                    work.moisture,
                )
            if watched:
                diagnose_carbon(canopy, respiration, out)
                collect(states[m], work.rows, m, done + n, collector)
