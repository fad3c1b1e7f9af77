"""Snow columns of a block gathered to dense arrays, and the results of the snow scheme scattered back (§4.5)."""

from ldas.model.constants import T_T
from ldas.model.kernel import LANES, kernel
from ldas.model.snow import gather, gather_layers, scatter, scatter_layers


@kernel
def fill_lanes(index, count):
    """Repeat the last of `count` columns in `index` up to a multiple of `LANES` columns, and return that number.

    `index` has room for it where the block itself is such a multiple; a smaller one is filled to its end. No column is
    then computed in the remainder of a vector loop, whose last bits may differ.
    """
    padded = min(index.shape[0], (count + LANES - 1) // LANES * LANES)
    for m in range(count, padded):
        index[m] = index[count - 1]
    return padded


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
def gather_weather(weather, index, run, count, dense):
    """Weather of the `count` columns of `index`, from `ldas.model.weather.Weather` to `SnowWeather`."""
    gather(weather.sw, index, run, count, dense.sw)
    gather(weather.lw, index, run, count, dense.lw)
    gather(weather.t_a, index, run, count, dense.tair)
    gather(weather.q_a, index, run, count, dense.qair)
    gather(weather.p_s, index, run, count, dense.psurf)
    gather(weather.rho, index, run, count, dense.air_density)
    gather(weather.exner_s, index, run, count, dense.exner_surface)
    gather(weather.exner_a, index, run, count, dense.exner_air)
    gather(weather.wind, index, run, count, dense.wind)
    gather(weather.wind_star, index, run, count, dense.wind_exchange)
    gather(weather.rain, index, run, count, dense.rain)
    gather(weather.snow, index, run, count, dense.snow)
    gather(weather.cos_zenith, index, run, count, dense.cos_zenith)


@kernel
def gather_surface(parameters, exchange, tg, conductivity, albedo, p_sn, index, run, count, dense):
    """What the snow sees of ground and patch, to `SnowSurface`; `parameters` is a `SnowParameters`."""
    gather(tg[0], index, run, count, dense.soil_temperature)
    gather(conductivity[0], index, run, count, dense.soil_conductivity)
    gather(parameters.soil_top, index, run, count, dense.soil_thickness)
    gather(exchange.z0_effective, index, run, count, dense.z0_effective)
    gather(exchange.z0h_effective, index, run, count, dense.z0h_effective)
    gather(exchange.neutral, index, run, count, dense.neutral)
    gather(exchange.unstable, index, run, count, dense.unstable)
    gather(albedo, index, run, count, dense.albedo_free)
    gather(p_sn, index, run, count, dense.p_sn)
    gather(parameters.forest, index, run, count, dense.forest)
    gather(parameters.permanent, index, run, count, dense.permanent)


@kernel
def gather_pack(swe, density, enthalpy, age, albedo, index, run, count, pack):
    """The pack of the `count` columns of `index`."""
    gather_layers(swe, index, run, count, pack.swe)
    gather_layers(density, index, run, count, pack.density)
    gather_layers(enthalpy, index, run, count, pack.enthalpy)
    gather_layers(age, index, run, count, pack.age)
    gather(albedo, index, run, count, pack.albedo)


@kernel
def scatter_pack(pack, index, run, count, swe, density, enthalpy, age, albedo):
    """The inverse of `gather_pack`."""
    scatter_layers(pack.swe, index, run, count, swe)
    scatter_layers(pack.density, index, run, count, density)
    scatter_layers(pack.enthalpy, index, run, count, enthalpy)
    scatter_layers(pack.age, index, run, count, age)
    scatter(pack.albedo, index, run, count, albedo)


@kernel
def scatter_fluxes(dense, index, run, count, full):
    """Fluxes of the snow columns to their places among all columns."""
    scatter(dense.ground, index, run, count, full.ground)
    scatter(dense.correction, index, run, count, full.correction)
    scatter(dense.outflow, index, run, count, full.outflow)
    scatter(dense.deficit, index, run, count, full.deficit)
    scatter(dense.rnet, index, run, count, full.rnet)
    scatter(dense.sensible, index, run, count, full.sensible)
    scatter(dense.latent, index, run, count, full.latent)
    scatter(dense.evaporation, index, run, count, full.evaporation)
    scatter(dense.momentum, index, run, count, full.momentum)
    scatter(dense.humidity, index, run, count, full.humidity)
    scatter(dense.temperature, index, run, count, full.temperature)
