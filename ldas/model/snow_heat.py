"""Snow heat: conduction through the pack and the budget of its surface (energy document §4.5, 8-12).

The implicit system is swept from the ground up, T_k = rest_k + gain_k T_k-1, so that the profile below a surface held
at the melting point (item 10) needs no second solve.
"""

from ldas.model.constants import C_I, C_PD, EMIS_SNOW, L_S, STEFAN, T_T
from ldas.model.exchange import VIRTUAL, heat_exchange, momentum_exchange, richardson_number
from ldas.model.fastmath import exp, log
from ldas.model.kernel import helper, kernel
from ldas.model.saturation import saturation_humidity_slope
from ldas.model.snow_optics import THICKNESS_MIN

SAME_TEMPERATURE = 1.0e-9  # K; a layer this close to T_t counts as at T_t (item 10)


@helper
def snow_conductivity(density, temperature, psurf):
    """Effective conductivity (W m-1 K-1), Yen (1981) plus vapour transfer of Sun et al. (1999) (item 8)."""
    below = temperature - 289.99
    vapour = 1.0e5 * (-0.06023 * below - 2.5425) / (below * psurf)
    return 2.22 * exp(1.88 * log(1.0e-3 * density)) + max(0.0, vapour)


@helper
def surface_fluxes(old, change, at, absorbed, exchange, humidity, slope, qair, exner_surface, theta):
    """(R_n, H, E, G) of a snow surface that warms by `change` from `old` to the temperature `at` (K) (item 11).

    `absorbed` is the net shortwave plus incoming longwave, `exchange` rho_a / R_a, `theta` T_a / Pi_a.
    """
    rnet = absorbed - EMIS_SNOW * STEFAN * old * old * old * (old + 4.0 * change)
    sensible = exchange * C_PD * (at / exner_surface - theta)
    evaporation = exchange * (humidity - qair + slope * change)
    return rnet, sensible, evaporation, rnet - sensible - L_S * evaporation


@kernel
def prepare_conduction(weather, surface, pack, work, count):
    """Item 8 and the conductances G_k between layer middles, the last one to the middle of the first soil layer."""
    last = work.thickness.shape[0] - 1
    conductivity = work.gain
    for k in range(last + 1):
        for i in range(count):
            conductivity[k, i] = snow_conductivity(pack.density[k, i], work.temperature[k, i], weather.psurf[i])
    for k in range(last):
        for i in range(count):
            upper, lower = conductivity[k, i], conductivity[k + 1, i]
            above = max(THICKNESS_MIN, work.thickness[k, i])
            below = max(THICKNESS_MIN, work.thickness[k + 1, i])
            work.conductance[k, i] = 2.0 * upper * lower / (above * lower + below * upper)
    for i in range(count):
        upper, lower = conductivity[last, i], surface.soil_conductivity[i]
        above = max(THICKNESS_MIN, work.thickness[last, i])
        work.conductance[last, i] = 2.0 * upper * lower / (above * lower + surface.soil_thickness[i] * upper)


@kernel
def sweep_up(surface, pack, work, count, time_step):
    """Item 10: eliminate the layers from the ground up to the second one.

    What a layer needs of its neighbour is handed on in rows of its own, as in `ldas.model.energy.solve_temperatures`.
    """
    last = work.thickness.shape[0] - 1
    near_gain, near_rest = work.near_gain, work.near_rest
    per_step = C_I / time_step
    for i in range(count):
        near_gain[i] = 0.0
        near_rest[i] = surface.soil_temperature[i]
    for k in range(last, 0, -1):
        for i in range(count):
            to_below = work.conductance[k, i]
            to_above = work.conductance[k - 1, i]
            capacity = per_step * pack.density[k, i] * max(THICKNESS_MIN, work.thickness[k, i])
            inverse = 1.0 / (capacity + to_above + to_below * (1.0 - near_gain[i]))
            source = work.sunlight[k - 1, i] - work.sunlight[k, i]
            gain = to_above * inverse
            rest = (capacity * work.temperature[k, i] + to_below * near_rest[i] + source) * inverse
            work.gain[k, i] = gain
            near_gain[i] = gain
            work.rest[k, i] = rest
            near_rest[i] = rest


@kernel
def balance_surface(weather, surface, pack, work, fluxes, count, time_step, z_t, z_u):
    """Items 9 and 11: surface temperature and fluxes; T_1 in `work.temperature`, what lies below still old.

    `work.rest[0]` receives the surface temperature that the layers below see.
    """
    prepare_conduction(weather, surface, pack, work, count)
    sweep_up(surface, pack, work, count, time_step)
    for i in range(count):
        old = work.temperature[0, i]
        qair, exner_surface = weather.qair[i], weather.exner_surface[i]
        theta = weather.tair[i] / weather.exner_air[i]
        humidity, slope = saturation_humidity_slope(old, weather.psurf[i])
        theta_va = theta * (1.0 + VIRTUAL * qair)
        theta_vs = old / exner_surface * (1.0 + VIRTUAL * humidity)
        ri = richardson_number(theta_va, theta_vs, weather.wind_exchange[i], z_t, z_u)
        conductance = heat_exchange(ri, surface.neutral[i], surface.unstable[i]) * weather.wind_exchange[i]
        exchange = weather.air_density[i] * conductance
        fluxes.momentum[i] = momentum_exchange(ri, surface.z0_effective[i], surface.z0h_effective[i], z_u)
        fluxes.humidity[i] = humidity

        inertia = 1.0 / (C_I * pack.density[0, i] * max(THICKNESS_MIN, work.thickness[0, i]))
        absorbed = (1.0 - pack.albedo[i]) * weather.sw[i] + EMIS_SNOW * weather.lw[i]
        longwave = EMIS_SNOW * STEFAN * old * old * old
        moisture = exchange * L_S * slope
        below = work.conductance[0, i]
        a = 1.0 / time_step + inertia * (4.0 * longwave + moisture + exchange * C_PD / exner_surface + below)
        b = 1.0 / time_step + inertia * (3.0 * longwave + moisture)
        c = inertia * (exchange * C_PD * theta + absorbed - exchange * L_S * (humidity - qair) - work.sunlight[0, i])
        free = (b * old + c + inertia * below * work.rest[1, i]) / (a - inertia * below * work.gain[1, i])

        melts = free > T_T
        melting = old >= T_T - SAME_TEMPERATURE
        at = min(T_T, free)
        held_at_melting = melts & melting
        seen = T_T if held_at_melting else free
        conducted = below * (seen - (work.rest[1, i] + work.gain[1, i] * seen))
        change = 0.0 if held_at_melting else at - old
        _, _, _, storage_free = surface_fluxes(
            old, free - old, free, absorbed, exchange, humidity, slope, qair, exner_surface, theta
        )
        rnet, sensible, evaporation, storage = surface_fluxes(
            old, change, at, absorbed, exchange, humidity, slope, qair, exner_surface, theta
        )
        reached = free - (storage_free - storage) * time_step * inertia
        held = T_T + time_step * inertia * (storage - work.sunlight[0, i] - conducted)
        limited = held if melting else reached
        work.temperature[0, i] = limited if melts else free
        work.rest[0, i] = seen
        work.storage[i] = storage
        fluxes.rnet[i] = rnet
        fluxes.sensible[i] = sensible
        fluxes.evaporation[i] = evaporation
        fluxes.latent[i] = L_S * evaporation


@kernel
def conduct_heat(surface, pack, work, count, time_step):
    """Item 10: temperatures below the surface and the heat through the base, as solved and with T_n <= T_t."""
    last = work.thickness.shape[0] - 1
    above = work.near_rest
    for i in range(count):
        above[i] = work.rest[0, i]
    for k in range(1, last + 1):
        for i in range(count):
            above[i] = work.rest[k, i] + work.gain[k, i] * above[i]
            work.temperature[k, i] = above[i]
    for i in range(count):
        base, ground = work.temperature[last, i], surface.soil_temperature[i]
        raw = work.conductance[last, i] * (base - ground)
        capped = work.conductance[last, i] * (min(T_T, base) - ground)
        capacity = C_I * pack.density[last, i] * max(THICKNESS_MIN, work.thickness[last, i]) / time_step
        work.temperature[last, i] = base + (raw - capped) / capacity
        work.ground_raw[i] = raw
        work.ground_capped[i] = capped


@kernel
def find_melted_packs(work, count, time_step):
    """Item 12: empty the packs whose energy of the step melts all of them."""
    last = work.thickness.shape[0] - 1
    any_melted = 0
    for i in range(count):
        work.heat_sum[i] = 0.0
    for k in range(last + 1):
        for i in range(count):
            work.heat_sum[i] += work.heat[k, i]
    for i in range(count):
        gone = work.storage[i] - work.sunlight[last, i] >= -work.heat_sum[i] / time_step
        work.melted[i] = 1.0 if gone else 0.0
        any_melted |= gone
    if not any_melted:
        return
    for k in range(last + 1):
        for i in range(count):
            melted = work.melted[i] > 0.0
            work.thickness[k, i] = 0.0 if melted else work.thickness[k, i]
            work.liquid[k, i] = 0.0 if melted else work.liquid[k, i]
            work.heat[k, i] = 0.0 if melted else work.heat[k, i]
            work.temperature[k, i] = T_T if melted else work.temperature[k, i]
