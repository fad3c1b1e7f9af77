"""Snow water: melt, percolation, sublimation and the end of a pack (energy document §4.5, 13-16)."""

from ldas.model.constants import C_I, DAY, L_F, L_S, RHO_I, RHO_W, T_T
from ldas.model.kernel import helper, kernel
from ldas.model.snow_layers import (
    DENSITY_MIN,
    DEPTH_MIN,
    TINY,
    layer_heat,
    layer_liquid,
    layer_temperature,
    liquid_capacity,
)
from ldas.model.snow_optics import THICKNESS_MIN

DEPTH_TRACE = 1.1e-6  # a pack below this depth at the step end is removed, m
PER_RHO_W = 1.0 / RHO_W


@helper
def melts(temperature, density):
    """Whether item 13 changes a layer: it has heat above the melting point, or is denser than ice."""
    return (temperature > T_T) | (density > RHO_I)


@kernel
def melt(pack, work, count):
    """Item 13: heat above the melting point melts ice, the layer settles; heat beyond is kept in `work.lost`."""
    for i in range(count):
        work.lost[i] = 0.0
    for k in range(work.thickness.shape[0]):
        any_melting = 0
        for i in range(count):
            any_melting |= melts(work.temperature[k, i], pack.density[k, i])
        if not any_melting:
            continue
        for i in range(count):
            thickness, density, liquid = work.thickness[k, i], pack.density[k, i], work.liquid[k, i]
            present = (thickness > 0.0) & melts(work.temperature[k, i], density)
            mass = density * thickness
            water = mass * PER_RHO_W
            warmth = max(0.0, work.temperature[k, i] - T_T)
            energy = min(C_I * mass * warmth, L_F * RHO_W * max(0.0, water - liquid))
            melted = energy * (1.0 / (L_F * RHO_W))
            cooled = work.temperature[k, i] - energy / max(TINY, C_I * mass)
            beyond = C_I * mass * max(0.0, cooled - T_T)
            capacity = liquid_capacity(thickness, density)
            before = water - min(liquid, capacity)
            after = water - min(liquid + melted, capacity)
            settled = thickness * after / max(TINY, before)
            settled = max(settled, mass * (1.0 / RHO_I))
            work.lost[i] += beyond if present else 0.0
            work.temperature[k, i] = min(T_T, cooled)
            work.liquid[k, i] = liquid + melted if present else liquid
            work.thickness[k, i] = settled if present else thickness
            pack.density[k, i] = mass / max(TINY, settled) if present else density


@kernel
def percolate(weather, surface, pack, work, fluxes, count, time_step):
    """Item 14: refreezing, then rain and excess water go down layer by layer and out of the base.

    The document leaves open the smallest thickness of the second pass of (D); `DEPTH_MIN` makes thin packs vanish when
    those of the reference do.
    """
    layers = work.thickness.shape[0]
    thinnest = DEPTH_MIN / layers
    inflow, bypass = work.flow, fluxes.outflow
    for i in range(count):
        inflow[i] = 0.0
    for k in range(layers):
        for i in range(count):
            thickness, density = work.thickness[k, i], pack.density[k, i]
            heat = layer_heat(work.temperature[k, i], work.liquid[k, i], thickness, density)
            temperature = layer_temperature(heat, max(thinnest, thickness), density)
            liquid = layer_liquid(temperature, thickness, density)
            capacity = liquid_capacity(thickness, density)
            excess = max(0.0, liquid - capacity)
            work.heat[k, i] = heat
            work.capacity[k, i] = capacity
            work.excess[k, i] = excess
            work.liquid[k, i] = liquid - excess
            work.thickness[k, i] = max(0.0, thickness - excess * RHO_W / density)
            inflow[i] += capacity
    for i in range(count):
        rain = surface.p_sn[i] * weather.rain[i] * time_step / RHO_W
        inflow[i] = min(rain, inflow[i])
        bypass[i] = rain - inflow[i]
    for k in range(layers):
        for i in range(count):
            thickness, capacity, before = work.thickness[k, i], work.capacity[k, i], work.liquid[k, i]
            filled = before + inflow[i]
            spill = max(0.0, filled - capacity)
            kept = filled - spill
            inflow[i] = work.excess[k, i] + spill
            density = pack.density[k, i] + (kept - before) * RHO_W / max(thinnest, thickness)
            temperature = layer_temperature(work.heat[k, i], max(DEPTH_MIN, thickness), density)
            liquid = layer_liquid(temperature, thickness, density)
            temperature = min(T_T, temperature)
            pack.density[k, i] = density
            work.liquid[k, i] = liquid
            work.temperature[k, i] = temperature
            work.heat[k, i] = layer_heat(temperature, liquid, thickness, density)
    for i in range(count):
        fluxes.outflow[i] = RHO_W * (inflow[i] + bypass[i]) / time_step


@kernel
def sublimate(weather, surface, pack, work, fluxes, count, time_step):
    """Item 15: vapour leaves layer 1; what the pack cannot give is the soil's (`fluxes.deficit`).

    The enthalpy of layer 1 is divided by at least 1e-4 m: a thinner layer melts. What this and the lower bound of the
    temperature add to layer 1 is taken from the layers below.
    """
    for i in range(count):
        thickness, heat = work.thickness[0, i], work.heat[0, i]
        present = thickness > 0.0
        density = max(DENSITY_MIN, pack.density[0, i])
        deficit = (density - pack.density[0, i]) * thickness / time_step
        left = thickness - surface.p_sn[i] * fluxes.evaporation[i] * time_step / density
        deficit += max(0.0, -left) * density / time_step
        left = max(0.0, left)
        uncapped = layer_temperature(heat, max(THICKNESS_MIN, left), density)
        liquid = layer_liquid(uncapped, left, density)
        temperature = max(min(T_T, uncapped), min(T_T, weather.tair[i] - 15.0))
        after = layer_heat(temperature, liquid, left, density)
        fluxes.deficit[i] = deficit if present else 0.0
        work.thickness[0, i] = left if present else thickness
        pack.density[0, i] = density if present else pack.density[0, i]
        work.heat[0, i] = after if present else heat
        work.flow[i] = after - heat if present else 0.0
    share_loss(work, count)
    refill_first_layer(pack, work, count)
    for k in range(work.thickness.shape[0]):
        for i in range(count):
            thickness, density = work.thickness[k, i], pack.density[k, i]
            fading = min(1.0, thickness * (1.0 / DEPTH_MIN))
            departure = layer_temperature(work.heat[k, i], max(TINY, thickness), density) - T_T
            temperature = T_T + fading * departure
            work.liquid[k, i] = layer_liquid(temperature, thickness, density)
            work.temperature[k, i] = min(T_T, temperature)


@kernel
def share_loss(work, count):
    """Take the heat of `work.flow` (J m-2) from layers 2 to n in proportion to their thickness."""
    below = work.heat_sum
    for i in range(count):
        below[i] = 0.0
    for k in range(1, work.thickness.shape[0]):
        for i in range(count):
            below[i] += work.thickness[k, i]
    for i in range(count):
        below[i] = work.flow[i] / max(THICKNESS_MIN, below[i])
    for k in range(1, work.thickness.shape[0]):
        for i in range(count):
            work.heat[k, i] -= below[i] * work.thickness[k, i]


@kernel
def refill_first_layer(pack, work, count):
    """Share depth, mass and enthalpy equally where layer 1 is gone and snow remains below; a rare, scalar path."""
    layers = work.thickness.shape[0]
    for i in range(count):
        if work.thickness[0, i] == 0.0:
            depth = 0.0
            mass = 0.0
            heat = 0.0
            for k in range(layers):
                depth += work.thickness[k, i]
                mass += work.thickness[k, i] * pack.density[k, i]
                heat += work.heat[k, i]
            if mass > 0.0:
                each = max(0.5e-6, depth) / layers
                for k in range(layers):
                    work.thickness[k, i] = each
                    pack.density[k, i] = mass / layers / each
                    work.heat[k, i] = heat / layers


@kernel
def close_pack(pack, work, fluxes, count, time_step):
    """Item 15, end: no more water than mass, enthalpy and age of the next step, fluxes to the ground."""
    last = work.thickness.shape[0] - 1
    for k in range(last + 1):
        for i in range(count):
            thickness, density = work.thickness[k, i], pack.density[k, i]
            mass = thickness * density
            surplus = max(0.0, RHO_W * work.liquid[k, i] - mass)
            liquid = min(work.liquid[k, i], mass * PER_RHO_W)
            heat = layer_heat(work.temperature[k, i], liquid, thickness, density)
            pack.swe[k, i] = mass
            pack.enthalpy[k, i] = heat / max(TINY, thickness)
            pack.age[k, i] += time_step / DAY
            work.flow[i] = L_F * surplus / time_step
    for i in range(count):
        fluxes.ground[i] = work.ground_raw[i] + work.sunlight[last, i]
        leftover = work.lost[i] / time_step + work.flow[i]
        fluxes.correction[i] = (work.ground_capped[i] - work.ground_raw[i]) + leftover
        fluxes.temperature[i] = work.temperature[0, i]


@kernel
def remove_traces(weather, surface, pack, work, fluxes, count, time_step):
    """Item 16: a pack that is too thin, or all melted, leaves as water and heat; bare columns get zero fluxes."""
    layers = work.thickness.shape[0]
    depth = work.flow
    any_gone = 0
    for i in range(count):
        depth[i] = 0.0
    for k in range(layers):
        for i in range(count):
            depth[i] += work.thickness[k, i]
    for i in range(count):
        mass = work.swe_start[i] / time_step + weather.snow[i]
        idle = work.idle[i] > 0.0
        gone = idle | (depth[i] < DEPTH_TRACE)
        rnet = 0.0 if idle else fluxes.rnet[i]
        sensible = 0.0 if idle else fluxes.sensible[i]
        latent = 0.0 if idle else fluxes.latent[i]
        latent = min(latent, L_S * mass) if gone else latent
        evaporation = latent / L_S if gone else fluxes.evaporation[i]
        covered = surface.p_sn[i]
        outflow = max(0.0, mass - covered * evaporation + covered * weather.rain[i])
        brought = work.heat_start[i] / time_step - L_F * weather.snow[i]
        fluxes.rnet[i] = rnet
        fluxes.sensible[i] = sensible
        fluxes.latent[i] = latent
        fluxes.evaporation[i] = evaporation
        fluxes.momentum[i] = 0.0 if idle else fluxes.momentum[i]
        fluxes.outflow[i] = outflow if gone else fluxes.outflow[i]
        fluxes.ground[i] = brought + rnet - sensible - latent if gone else fluxes.ground[i]
        fluxes.correction[i] = 0.0 if gone else fluxes.correction[i]
        fluxes.deficit[i] = 0.0 if gone else fluxes.deficit[i]
        fluxes.temperature[i] = T_T if gone else fluxes.temperature[i]
        pack.albedo[i] = 0.0 if gone else pack.albedo[i]
        work.melted[i] = 1.0 if gone else 0.0
        any_gone |= gone
    if not any_gone:
        return
    for k in range(layers):
        for i in range(count):
            gone = work.melted[i] > 0.0
            pack.swe[k, i] = 0.0 if gone else pack.swe[k, i]
            pack.density[k, i] = DENSITY_MIN if gone else pack.density[k, i]
            pack.enthalpy[k, i] = 0.0 if gone else pack.enthalpy[k, i]
            pack.age[k, i] = 0.0 if gone else pack.age[k, i]
