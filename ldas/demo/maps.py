"""Static maps of the demo world: land cover in LC100 codes at 0.001 degree, texture and elevation at 0.0025 degree."""

import numpy as np
import xarray as xr

from ldas.demo.fields import generator, smooth_field
from ldas.grid import Grid

LAND_COVER_STEP = 0.001
TERRAIN_STEP = 0.0025
MARGIN = 0.02

CROPLAND, HERBACEOUS, SHRUB, URBAN, WATER = 40, 30, 20, 50, 80
NEEDLELEAF, DECIDUOUS, OPEN_DECIDUOUS = 111, 114, 124


def axis(low: float, high: float, step: float) -> np.ndarray:
    """Pixel centres of a grid of `step` degrees that covers [low, high] with a margin, ascending."""
    first, last = np.floor((low - MARGIN) / step), np.ceil((high + MARGIN) / step)
    return np.round((np.arange(first, last) + 0.5) * step, 9)


def terrain(grid: Grid, seed: int) -> xr.Dataset:
    """Sand and clay fractions (1), elevation (m) and slope (degrees) on (lat, lon), latitude descending."""
    lat, lon = axis(grid.south, grid.north, TERRAIN_STEP)[::-1], axis(grid.west, grid.east, TERRAIN_STEP)
    shape = len(lat), len(lon)
    per_cell = grid.resolution / TERRAIN_STEP
    rough = smooth_field(shape, 6.0 * per_cell, generator(seed, "relief"))
    fine = smooth_field(shape, 1.5 * per_cell, generator(seed, "relief-fine"))
    northward = (lat - lat.min()) / max(float(np.ptp(lat)), 1e-9)
    elevation = 180.0 + 160.0 * northward[:, None] + 70.0 * rough + 15.0 * fine
    sand = np.clip(0.42 + 0.12 * smooth_field(shape, 5.0 * per_cell, generator(seed, "sand")), 0.10, 0.80)
    clay = np.clip(0.24 + 0.06 * smooth_field(shape, 5.0 * per_cell, generator(seed, "clay")), 0.06, 0.45)
    metre = 111_195.0 * TERRAIN_STEP
    rise = np.gradient(elevation, metre, metre * np.cos(np.radians(float(lat.mean()))))
    return xr.Dataset(
        {
            "sand": (("lat", "lon"), sand, {"units": "1", "long_name": "sand fraction"}),
            "clay": (("lat", "lon"), np.minimum(clay, 0.95 - sand), {"units": "1", "long_name": "clay fraction"}),
            "elevation": (("lat", "lon"), np.maximum(elevation, 5.0), {"units": "m", "long_name": "elevation"}),
            "slope": (("lat", "lon"), np.degrees(np.arctan(np.hypot(*rise))), {"units": "degree"}),
        },
        coords={"lat": lat, "lon": lon},
    )


def land_cover(grid: Grid, seed: int) -> xr.DataArray:
    """LC100 discrete codes, uint8 on (lat, lon): fields in the south, forest in the north, two towns, a river."""
    lat, lon = axis(grid.south, grid.north, LAND_COVER_STEP)[::-1], axis(grid.west, grid.east, LAND_COVER_STEP)
    shape = len(lat), len(lon)
    per_cell = grid.resolution / LAND_COVER_STEP
    northward = ((lat - lat.min()) / max(float(np.ptp(lat)), 1e-9))[:, None]
    forest = 1.4 * (northward - 0.55) + 0.55 * smooth_field(shape, 2.5 * per_cell, generator(seed, "forest"))
    field = smooth_field(shape, 0.35 * per_cell, generator(seed, "parcels"))
    code = np.where(field > -0.25, CROPLAND, HERBACEOUS).astype(np.uint8)
    code[(field < -1.1) & (northward + 0 * forest > 0.2)] = SHRUB
    conifer = smooth_field(shape, 1.5 * per_cell, generator(seed, "conifer"))
    code[forest > 0.15] = OPEN_DECIDUOUS
    code[forest > 0.35] = DECIDUOUS
    code[(forest > 0.35) & (conifer > 0.6)] = NEEDLELEAF
    for x, y, radius in ((0.30, 0.35, 0.06), (0.72, 0.60, 0.04)):
        distance = np.hypot(np.linspace(0, 1, shape[1])[None] - x, np.linspace(1, 0, shape[0])[:, None] - y)
        code[distance < radius * (1.0 + 0.25 * field)] = URBAN
    bend = 0.55 + 0.12 * np.sin(6.0 * northward[:, 0] + 1.0)
    river = np.abs(np.linspace(0, 1, shape[1])[None] - bend[:, None]) < 0.004
    code[river] = WATER
    return xr.DataArray(code, dims=("lat", "lon"), coords={"lat": lat, "lon": lon}, name="land_cover")
