"""The snow scheme inside a block: gather the snow columns, run the scheme on them, scatter the results (§4.5)."""

from ldas.model.constants import T_T
from ldas.model.kernel import kernel
from ldas.model.snow import advance_snow, find_snow, gather, gather_layers, scatter, scatter_layers


@kernel
def advance_block_snow(parameters, options, work, surface, state):
    """Advance the snow of a block by a step and fill `work.snow`; the number of columns with snow or snowfall."""
    count = find_snow(state.snow_swe, work.weather.snow, work.snow_index)
    if count > 0 or work.snow_seen[0] == 1:
        clear_fluxes(work.snow)
        work.snow_seen[0] = 1 if count > 0 else 0
    if count > 0:
        gather_snow(parameters, work, surface, state, count)
        advance_snow(
            work.snow_weather,
            work.snow_surface,
            work.snow_pack,
            work.snow_work,
            work.snow_fluxes,
            count,
            options.time_step,
            options.z_t,
            options.z_u,
        )
        scatter_snow(work, state, count)
    return count


@kernel
def clear_fluxes(fluxes):
    """No snow: zero fluxes, temperature T_t."""
    for i in range(fluxes.ground.shape[0]):
        fluxes.ground[i] = 0.0
        fluxes.correction[i] = 0.0
        fluxes.outflow[i] = 0.0
        fluxes.deficit[i] = 0.0
        fluxes.rnet[i] = 0.0
        fluxes.sensible[i] = 0.0
        fluxes.latent[i] = 0.0
        fluxes.evaporation[i] = 0.0
        fluxes.momentum[i] = 0.0
        fluxes.humidity[i] = 0.0
        fluxes.temperature[i] = T_T


@kernel
def gather_snow(parameters, work, surface, state, count):
    """Fill the dense weather, surface and pack of the `count` columns of `work.snow_index`."""
    index, weather, dense = work.snow_index, work.weather, work.snow_weather
    gather(weather.sw, index, count, dense.sw)
    gather(weather.lw, index, count, dense.lw)
    gather(weather.t_a, index, count, dense.tair)
    gather(weather.q_a, index, count, dense.qair)
    gather(weather.p_s, index, count, dense.psurf)
    gather(weather.rho, index, count, dense.air_density)
    gather(weather.exner_s, index, count, dense.exner_surface)
    gather(weather.exner_a, index, count, dense.exner_air)
    gather(weather.wind, index, count, dense.wind)
    gather(weather.wind_star, index, count, dense.wind_exchange)
    gather(weather.rain, index, count, dense.rain)
    gather(weather.snow, index, count, dense.snow)
    gather(weather.cos_zenith, index, count, dense.cos_zenith)
    ground, exchange = work.snow_surface, work.exchange
    gather(state.tg[0], index, count, ground.soil_temperature)
    gather(work.heat.conductivity[0], index, count, ground.soil_conductivity)
    gather(parameters.soil_top, index, count, ground.soil_thickness)
    gather(exchange.z0_effective, index, count, ground.z0_effective)
    gather(exchange.z0h_effective, index, count, ground.z0h_effective)
    gather(exchange.neutral, index, count, ground.neutral)
    gather(exchange.unstable, index, count, ground.unstable)
    gather(surface.albedo, index, count, ground.albedo_free)
    gather(work.cover.p_sn, index, count, ground.p_sn)
    gather(parameters.forest, index, count, ground.forest)
    gather(parameters.permanent, index, count, ground.permanent)
    pack = work.snow_pack
    gather_layers(state.snow_swe, index, count, pack.swe)
    gather_layers(state.snow_density, index, count, pack.density)
    gather_layers(state.snow_enthalpy, index, count, pack.enthalpy)
    gather_layers(state.snow_age, index, count, pack.age)
    gather(state.snow_albedo, index, count, pack.albedo)


@kernel
def scatter_snow(work, state, count):
    """Write the dense pack and fluxes back to the columns of `work.snow_index`."""
    index, pack = work.snow_index, work.snow_pack
    scatter_layers(pack.swe, index, count, state.snow_swe)
    scatter_layers(pack.density, index, count, state.snow_density)
    scatter_layers(pack.enthalpy, index, count, state.snow_enthalpy)
    scatter_layers(pack.age, index, count, state.snow_age)
    scatter(pack.albedo, index, count, state.snow_albedo)
    dense, full = work.snow_fluxes, work.snow
    scatter(dense.ground, index, count, full.ground)
    scatter(dense.correction, index, count, full.correction)
    scatter(dense.outflow, index, count, full.outflow)
    scatter(dense.deficit, index, count, full.deficit)
    scatter(dense.rnet, index, count, full.rnet)
    scatter(dense.sensible, index, count, full.sensible)
    scatter(dense.latent, index, count, full.latent)
    scatter(dense.evaporation, index, count, full.evaporation)
    scatter(dense.momentum, index, count, full.momentum)
    scatter(dense.humidity, index, count, full.humidity)
    scatter(dense.temperature, index, count, full.temperature)
