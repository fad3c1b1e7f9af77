"""Area-weighted means of a fine regular map over the model cells, taking only the pixels that are known."""

from collections.abc import Iterable

import numpy as np
import xarray as xr
from scipy.ndimage import distance_transform_edt

from ldas.errors import InputError
from ldas.grid import Grid
from ldas.regrid import axis_edges, overlaps


class CellMean:
    """Sums of values and of known area by cell, over any number of tiles."""

    def __init__(self, grid: Grid) -> None:
        half = 0.5 * grid.resolution
        self._edges = np.append(grid.lat + half, grid.lat[-1] - half), np.append(grid.lon - half, grid.lon[-1] + half)
        self._value = np.zeros(grid.shape)
        self._area = np.zeros(grid.shape)

    def add(self, values: xr.DataArray) -> None:
        """Add a tile on (lat, lon); NaN pixels are unknown and weigh nothing."""
        known = np.isfinite(values.values)
        rows = overlaps(np.sin(np.radians(axis_edges(values["lat"].values))), np.sin(np.radians(self._edges[0])))
        cols = overlaps(axis_edges(values["lon"].values), self._edges[1])
        self._value += rows @ np.where(known, values.values, 0.0) @ cols.T
        self._area += rows @ known.astype(np.float64) @ cols.T

    def mean(self) -> np.ndarray:
        """The mean of each cell's known part, NaN where nothing is known, (lat, lon)."""
        with np.errstate(invalid="ignore"):
            return np.where(self._area > 0.0, self._value / self._area, np.nan)


def cell_mean(tiles: Iterable[xr.DataArray], grid: Grid) -> np.ndarray:
    """Mean of the known pixels of each cell over all tiles, NaN where none is known, (lat, lon)."""
    total = CellMean(grid)
    for tile in tiles:
        total.add(tile)
    return total.mean()


def code_shares(tiles: list[xr.DataArray], codes: Iterable[int], grid: Grid) -> dict[int, np.ndarray]:
    """Share of each code that occurs in the known part of each cell, NaN in cells where nothing is known.

    Tiles hold integer codes as float64; pixels whose code is none of `codes` are NaN already.
    """
    present = set(np.concatenate([np.unique(tile.values[np.isfinite(tile.values)]) for tile in tiles]).astype(int))
    return {
        code: cell_mean((tile.where(tile.isnull(), tile == code).astype(np.float64) for tile in tiles), grid)
        for code in codes
        if code in present
    }


def fill_from_neighbours(field: np.ndarray, name: str) -> tuple[np.ndarray, int]:
    """The map (…, lat, lon) with cells that hold NaN replaced by the nearest known cell, and how many they were.

    Raises InputError when no cell is known.
    """
    unknown = np.isnan(field.reshape(-1, *field.shape[-2:])).any(axis=0)
    if unknown.all():
        raise InputError(f"{name}: no value in the domain")
    if not unknown.any():
        return field, 0
    row, col = distance_transform_edt(unknown, return_distances=False, return_indices=True)
    return field[..., row, col], int(unknown.sum())
