"""The static maps of a domain, made once by `ldas init`."""

from collections.abc import Iterator

import numpy as np
import xarray as xr

from ldas.errors import ConfigurationError, InputError
from ldas.grid import PATCHES, Grid
from ldas.model.vegetation_table import type_names
from ldas.physiography.aggregate import cell_mean, code_shares, fill_from_neighbours
from ldas.physiography.covers import (
    MOUNTAIN_SLOPE,
    climate_of,
    cover_table,
    dominant_types,
    known_codes,
    type_shares,
)
from ldas.physiography.patch_fields import read_patch_fields
from ldas.physiography.read import read_tiles
from ldas.physiography.settings import MapLayer, PhysiographySettings
from ldas.regrid import axis_edges
from ldas.variables import variables

URBAN_CODES, WATER_CODES = (50,), (80, 200)


def build(settings: PhysiographySettings, grid: Grid) -> xr.Dataset:
    """The physiography of a grid on (lat, lon) and (patch, lat, lon), patch = 1 … 12.

    `patch_fraction` sums to 1 over the natural part of each active cell and to 0 elsewhere; `vegtype` is the number of
    the dominant vegetation type of each patch (names in `flag_meanings`), 0 where absent; `sand`, `clay` and
    `organic_carbon` are fractions, `elevation` m, `slope` degrees, `urban_fraction` and `water_fraction` shares of the
    whole cell. Fields of `patch_fields` replace those made from maps. Texture and land cover of cells without a known
    pixel come from the nearest cell that has one; the attribute `filled_cells` counts them. Raises ConfigurationError
    when a needed map is not named, InputError for a map that cannot be used.
    """
    given = xr.Dataset() if settings.patch_fields is None else read_patch_fields(settings, grid)
    dataset = xr.Dataset(
        coords={
            "patch": ("patch", np.arange(1, PATCHES + 1)),
            "lat": ("lat", grid.lat, {"units": "degrees_north", "standard_name": "latitude"}),
            "lon": ("lon", grid.lon, {"units": "degrees_east", "standard_name": "longitude"}),
        }
    )
    for name in ("sand", "clay", "organic_carbon", "elevation"):
        layer = getattr(settings, name)
        if name not in given and (layer is not None or name != "organic_carbon"):
            dataset[name] = _texture_or_height(settings, name, layer, grid)
    if "slope" not in given:
        dataset["slope"] = (("lat", "lon"), _slope(settings, grid))
    dataset = dataset.assign(given)
    if "patch_fraction" not in given:
        dataset = dataset.assign(_land_cover(settings, grid, dataset["slope"].values))
    for name in ("urban_fraction", "water_fraction"):
        if name not in dataset:
            dataset[name] = (("lat", "lon"), np.zeros(grid.shape))
    return _finish(dataset)


def _texture_or_height(settings: PhysiographySettings, name: str, layer: MapLayer | None, grid: Grid) -> xr.DataArray:
    if layer is None:
        raise ConfigurationError(f"physiography.{name}: expected the address of a map, got none")
    quantity = "metre" if name == "elevation" else "fraction"
    mean = cell_mean(read_tiles(layer, grid, quantity, settings.endpoint_url), grid)
    filled, count = fill_from_neighbours(mean, f"physiography.{name}")
    if quantity == "fraction" and (filled.min() < 0.0 or filled.max() > 1.0):
        raise InputError(f"physiography.{name}: expected fractions of 0 to 1, got {filled.min():g} to {filled.max():g}")
    return xr.DataArray(filled, dims=("lat", "lon"), attrs={"filled_cells": count})


def _slope(settings: PhysiographySettings, grid: Grid) -> np.ndarray:
    """Mean slope of each cell's pixels, degrees, 0 where there is no terrain map."""
    if settings.slope is not None:
        tiles = read_tiles(settings.slope, grid, "degree", settings.endpoint_url)
    elif settings.elevation is not None:
        tiles = _slope_tiles(read_tiles(settings.elevation, grid, "metre", settings.endpoint_url))
    else:
        return np.zeros(grid.shape)
    return np.nan_to_num(cell_mean(tiles, grid))


def _slope_tiles(tiles: Iterator[xr.DataArray]) -> Iterator[xr.DataArray]:
    metres_per_degree = 111_195.0
    for tile in tiles:
        north_step = metres_per_degree * abs(np.diff(axis_edges(tile["lat"].values))[0])
        east_step = metres_per_degree * np.diff(axis_edges(tile["lon"].values))[0]
        east_step = east_step * np.cos(np.radians(tile["lat"].values))[:, None]
        north, east = np.gradient(tile.values)
        yield tile.copy(data=np.degrees(np.arctan(np.hypot(north / north_step, east / east_step))))


def _land_cover(settings: PhysiographySettings, grid: Grid, slope: np.ndarray) -> xr.Dataset:
    """Patch fractions, types, urban and water share from land-cover codes."""
    if settings.land_cover is None:
        raise ConfigurationError("physiography.land_cover: expected the address of a map (or `patch_fields`), got none")
    tiles = []
    for tile in read_tiles(settings.land_cover, grid, "code", settings.endpoint_url):
        unexpected = set(np.unique(tile.values[np.isfinite(tile.values)]).astype(int)) - {0, 255, *known_codes()}
        if unexpected:
            raise InputError(
                f"physiography.land_cover: {min(unexpected)} is not a code of CGLS-LC100 ({settings.land_cover.uri[0]})"
            )
        tiles.append(tile.where(tile.isin(known_codes())))
    if not tiles:
        raise InputError(f"physiography.land_cover: {settings.land_cover.uri[0]} has no pixel in the domain")
    shares = code_shares(tiles, known_codes(), grid)
    stacked, filled = fill_from_neighbours(np.stack(list(shares.values())), "physiography.land_cover")
    shares = dict(zip(shares, stacked, strict=True))
    by_type, nature = type_shares(
        shares, climate_of(grid.lat), np.tan(np.radians(slope)) > MOUNTAIN_SLOPE, settings.region, settings.town
    )
    fraction = renormalise(by_type.sum(axis=1), nature, settings)
    town = 0.0 if settings.town == "rock_and_grass" else 1.0
    zero = np.zeros(grid.shape)
    return xr.Dataset(
        {
            "patch_fraction": (("patch", "lat", "lon"), fraction, {"filled_cells": filled}),
            "vegtype": (
                ("patch", "lat", "lon"),
                np.where(fraction > 0.0, dominant_types(by_type), 0).astype(np.int8),
            ),
            "urban_fraction": (("lat", "lon"), sum((shares.get(code, zero) for code in URBAN_CODES), zero) * town),
            "water_fraction": (("lat", "lon"), sum((shares.get(code, zero) for code in WATER_CODES), zero)),
        },
        attrs={"land_cover_mapping": f"CGLS-LC100, version {cover_table()['version']}, crops of {settings.region}"},
    )


def renormalise(patch_share: np.ndarray, nature: np.ndarray, settings: PhysiographySettings) -> np.ndarray:
    """Patch fractions of the natural part, (12, lat, lon): each active cell sums to 1, the others to 0.

    Patches below `smallest_patch_fraction` are given to the cell's largest patch.
    """
    active = nature >= max(settings.smallest_nature_fraction, 1e-6)
    fraction = np.where(active, patch_share / np.where(active, nature, 1.0), 0.0)
    largest = fraction.argmax(axis=0)
    is_largest = np.arange(PATCHES)[:, None, None] == largest
    small = (fraction < settings.smallest_patch_fraction) & ~is_largest
    moved = np.where(small, fraction, 0.0).sum(axis=0)
    fraction = np.where(small, 0.0, fraction) + is_largest * moved
    return fraction / np.where(active, fraction.sum(axis=0), 1.0)


def _finish(dataset: xr.Dataset) -> xr.Dataset:
    """Attributes from the variable table; sand + clay of up to 1.02 is taken as rounding and scaled to 1."""
    total = (dataset["sand"] + dataset["clay"]).values
    if np.nanmax(total) > 1.02:
        raise InputError(f"physiography: expected sand + clay of at most 1, got {np.nanmax(total):.3f}")
    for name in ("sand", "clay"):
        dataset[name] = dataset[name] / np.maximum(total, 1.0)
    table = variables("parameter")
    for item, field in dataset.data_vars.items():
        if item in table:
            field.attrs.update(table[str(item)].attributes())
    if "vegtype" in dataset:
        dataset["vegtype"].attrs["flag_values"] = list(range(len(type_names()) + 1))
        dataset["vegtype"].attrs["flag_meanings"] = " ".join(("absent", *type_names()))
    return dataset
