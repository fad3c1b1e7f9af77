"""Snow layers: temperature and liquid water of an enthalpy, snowfall and regridding (energy document §4.5, 2-4)."""

import numpy as np

from ldas.model.constants import C_I, L_F, RHO_W, T_T
from ldas.model.kernel import helper, kernel
from ldas.model.snow_optics import THICKNESS_MIN, broadband, optical_diameter, spectral_albedo

PER_C_I = 1.0 / C_I
DENSITY_MIN = 50.0
DENSITY_MAX = 750.0
TINY = 1.0e-30  # keeps 0/0 away from layers without thickness
HOMOGENEOUS_DEPTH = 0.03
DEPTH_MIN = 1.0e-6  # a pack exists from this depth on, m


@helper
def layer_temperature(heat, thickness, density):
    """Uncapped temperature (K) of an enthalpy (J m-2): above T_t it stands for liquid water, equation (D)."""
    return T_T + (heat / (thickness * density) + L_F) * PER_C_I


@helper
def layer_liquid(temperature, thickness, density):
    """Liquid water (m) of an uncapped temperature, equation (D)."""
    return max(0.0, temperature - T_T) * density * thickness * (C_I / (L_F * RHO_W))


@helper
def layer_heat(temperature, liquid, thickness, density):
    """Enthalpy (J m-2) of temperature and liquid water, equation (H)."""
    return thickness * density * (C_I * (temperature - T_T) - L_F) + L_F * RHO_W * liquid


@helper
def liquid_capacity(thickness, density):
    """Largest liquid content of a layer, m (item 5)."""
    density = min(DENSITY_MAX, density)
    return (0.03 + max(0.0, 200.0 - density) * (0.07 / 200.0)) * density * thickness * (1.0 / RHO_W)


@kernel
def open_pack(weather, pack, work, count, time_step):
    """Thickness and enthalpy of each layer, mass and enthalpy of the pack at the step start, and who does not run."""
    depth = work.flow
    for i in range(count):
        work.swe_start[i] = 0.0
        work.heat_start[i] = 0.0
        depth[i] = 0.0
    for k in range(pack.swe.shape[0]):
        for i in range(count):
            thickness = pack.swe[k, i] / pack.density[k, i]
            heat = pack.enthalpy[k, i] * thickness
            work.thickness[k, i] = thickness
            work.heat[k, i] = heat
            work.swe_start[i] += pack.swe[k, i]
            work.heat_start[i] += heat
            depth[i] += thickness
    for i in range(count):
        falling = weather.snow[i] * time_step / DENSITY_MAX
        work.idle[i] = 1.0 if (depth[i] < DEPTH_MIN) & (falling < DEPTH_MIN) else 0.0


@helper
def fresh_density(tair, wind):
    """Density of falling snow, kg m-3."""
    return max(DENSITY_MIN, 109.0 + 6.0 * (tair - T_T) + 26.0 * np.sqrt(wind))


@kernel
def add_snowfall(weather, surface, pack, work, count, time_step):
    """Item 2: fresh snow joins layer 1, or is shared among all layers on bare ground."""
    any_snowfall = 0
    any_start = 0
    for i in range(count):
        any_snowfall |= weather.snow[i] > 0.0
        any_start |= (weather.snow[i] > 0.0) & (work.swe_start[i] <= 0.0)
    if any_snowfall:
        thicken_first_layer(weather, pack, work, count, time_step)
    if any_start:
        start_pack(weather, surface, pack, work, count, time_step)


@kernel
def thicken_first_layer(weather, pack, work, count, time_step):
    """Snow falls on a pack, at the temperature of its first layer, taken as 1e-4 m thick at least."""
    for i in range(count):
        mass = weather.snow[i] * time_step if work.swe_start[i] > 0.0 else 0.0
        thickness, density = work.thickness[0, i], pack.density[0, i]
        temperature = min(T_T, layer_temperature(work.heat[0, i], max(THICKNESS_MIN, thickness), density))
        old_mass = density * thickness
        new_mass = old_mass + mass
        grown = thickness + mass / fresh_density(weather.tair[i], weather.wind[i])
        joins = mass > 0.0
        work.thickness[0, i] = grown
        pack.density[0, i] = new_mass / max(TINY, grown) if joins else density
        pack.age[0, i] = pack.age[0, i] * old_mass / max(TINY, new_mass) if joins else pack.age[0, i]
        work.heat[0, i] += mass * (C_I * (temperature - T_T) - L_F)


@kernel
def start_pack(weather, surface, pack, work, count, time_step):
    """Snow falls on bare ground, at the melting point; a rare, scalar path."""
    layers = pack.swe.shape[0]
    for i in range(count):
        mass = weather.snow[i] * time_step
        if mass > 0.0 and work.swe_start[i] <= 0.0:
            fresh = fresh_density(weather.tair[i], weather.wind[i])
            diameter = optical_diameter(fresh, 0.0, surface.permanent[i])
            visible, near, infrared = spectral_albedo(diameter, 0.0, weather.psurf[i], surface.permanent[i])
            work.visible[i] = visible
            work.near[i] = near
            work.infrared[i] = infrared
            pack.albedo[i] = broadband(visible, near, infrared)
            for k in range(layers):
                work.thickness[k, i] = mass / fresh / layers
                work.heat[k, i] = -mass * L_F / layers
                pack.density[k, i] = fresh
                pack.age[k, i] = 0.0


@kernel
def fill_grid(depth, grid):
    """Item 3: write the wanted thicknesses (m) of a pack of `depth` (m) in 3 or 12 layers to `grid`."""
    if grid.shape[0] == 3:
        if depth <= 0.2:
            grid[0] = min(0.01, depth / 3.0) if depth <= 0.04 else 0.25 * depth
            grid[1] = depth - 2.0 * grid[0]
            grid[2] = grid[0]
        else:
            grid[0] = 0.05
            grid[1] = min(0.5, 0.34 * (depth - 0.05) + 0.05)
            grid[2] = depth - grid[0] - grid[1]
        return
    even = depth / 12.0
    grid[0] = min(0.01, even)
    grid[1] = min(0.05, even)
    grid[2] = min(0.15, even)
    grid[3] = min(0.5, even)
    grid[4] = min(1.0, even)
    grid[8] = min(1.0, even)
    grid[9] = min(0.5, even)
    grid[10] = min(0.1, even)
    grid[11] = min(0.02, even)
    rest = depth - (grid[0] + grid[1] + grid[2] + grid[3] + grid[4] + grid[8] + grid[9] + grid[10] + grid[11])
    grid[5] = max(0.3 * rest, grid[4])
    grid[7] = max(0.3 * rest, grid[8])
    grid[6] = rest - grid[5] - grid[7]


@helper
def distance(thickness, target):
    """Relative distance of a thickness from its target."""
    return abs(thickness - target) / max(TINY, target)


@kernel
def find_regridding(work, count):
    """Item 3: flag the packs whose layer 1, 2 or 12 left half to one and a half times its target; 3 layers always."""
    layers = work.thickness.shape[0]
    depth = work.flow
    for i in range(count):
        depth[i] = 0.0
    for k in range(layers):
        for i in range(count):
            depth[i] += work.thickness[k, i]
    found = 0
    for i in range(count):
        even = depth[i] / layers
        first = distance(work.thickness[0, i], min(0.01, even))
        second = distance(work.thickness[1, i], min(0.05, even))
        last = distance(work.thickness[layers - 1, i], min(0.02, even))
        moved = max(max(first, second), last) > 0.5 or layers == 3
        flag = (depth[i] > 0.0) & (moved | (depth[i] < HOMOGENEOUS_DEPTH))
        work.regridded[i] = 1.0 if flag else 0.0
        found |= flag
    return found != 0


@kernel
def homogenise(pack, work, i, depth):
    """Give all layers of column `i` the same thickness, density, enthalpy and age."""
    layers = work.thickness.shape[0]
    mass = 0.0
    heat = 0.0
    age = 0.0
    for k in range(layers):
        mass += pack.density[k, i] * work.thickness[k, i]
        heat += work.heat[k, i]
        age += pack.age[k, i]
    for k in range(layers):
        work.thickness[k, i] = depth / layers
        pack.density[k, i] = mass / depth
        work.heat[k, i] = heat / layers
        pack.age[k, i] = age / layers


@kernel
def remap(pack, work, i, depth):
    """Move column `i` to the wanted grid: mass and enthalpy by thickness, age by mass."""
    layers = work.thickness.shape[0]
    grid, column = work.grid, work.column
    fill_grid(depth, grid)
    old = 0
    left = work.thickness[0, i]
    for new in range(layers):
        wanted = grid[new]
        mass = 0.0
        heat = 0.0
        aged = 0.0
        while wanted > 0.0:
            last = old == layers - 1
            part = wanted if last else min(wanted, left)
            if work.thickness[old, i] > 0.0:
                mass += part * pack.density[old, i]
                aged += part * pack.density[old, i] * pack.age[old, i]
                heat += work.heat[old, i] * (part / work.thickness[old, i])
            wanted -= part
            left -= part
            if left <= 0.0 and not last:
                old += 1
                left = work.thickness[old, i]
        column[0, new] = mass
        column[1, new] = heat
        column[2, new] = aged / mass
    for k in range(layers):
        work.thickness[k, i] = grid[k]
        pack.density[k, i] = column[0, k] / grid[k]
        work.heat[k, i] = column[1, k]
        pack.age[k, i] = column[2, k]


@kernel
def regrid(pack, work, count):
    """Item 3: new layers where they are needed; a rare, scalar path."""
    if not find_regridding(work, count):
        return
    for i in range(count):
        if work.regridded[i] > 0.0:
            depth = work.flow[i]
            if depth < HOMOGENEOUS_DEPTH:
                homogenise(pack, work, i, depth)
            else:
                remap(pack, work, i, depth)


@kernel
def diagnose_layers(pack, work, count):
    """Item 4: temperature and liquid water of each layer."""
    for k in range(work.thickness.shape[0]):
        for i in range(count):
            thickness, density = work.thickness[k, i], pack.density[k, i]
            temperature = layer_temperature(work.heat[k, i], max(TINY, thickness), density)
            work.liquid[k, i] = layer_liquid(temperature, thickness, density)
            work.temperature[k, i] = min(T_T, temperature)
