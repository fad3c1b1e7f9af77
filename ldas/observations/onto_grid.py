"""Pixels to model cells: area-weighted means of valid pixels on true edges; nothing leaks across a mask."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from ldas.grid import Grid
from ldas.regrid import axis_edges, overlaps


@dataclass(frozen=True)
class Overlap:
    """Shared areas of the pixels of a map with the cells of a grid, as separable weights."""

    rows: csr_array  # (nlat, pixel rows), share of the cell's height (in sin latitude)
    cols: csr_array  # (nlon, pixel columns)

    @classmethod
    def of(cls, lat: np.ndarray, lon: np.ndarray, grid: Grid) -> "Overlap":
        """`lat` and `lon` are regular pixel centres in any direction."""
        source, target = np.sin(np.radians(axis_edges(lat))), np.sin(np.radians(axis_edges(grid.lat)))
        rows = overlaps(source, target).multiply(1.0 / np.abs(np.diff(target))[:, None]).tocsr()
        target = axis_edges(grid.lon)
        cols = overlaps(axis_edges(lon), target).multiply(1.0 / np.abs(np.diff(target))[:, None]).tocsr()
        return cls(rows, cols)

    def share(self, mask: np.ndarray) -> np.ndarray:
        """Share of each cell's area under the true pixels of `mask` (lat, lon)."""
        return self.rows @ mask.astype(float) @ self.cols.T

    def mean(self, values: np.ndarray, valid: np.ndarray) -> np.ndarray:
        """Area-weighted mean of the valid pixels in each cell, NaN where there is none."""
        share = self.share(valid)
        total = self.rows @ np.where(valid, values, 0.0) @ self.cols.T
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(share > 1e-12, total / share, np.nan)

    def deviation(self, values: np.ndarray, valid: np.ndarray) -> np.ndarray:
        """Standard deviation of the valid pixels in each cell, area-weighted, NaN where there is none."""
        mean = self.mean(values, valid)
        square = self.mean(np.where(valid, values, 0.0) ** 2, valid)
        return np.sqrt(np.maximum(square - mean**2, 0.0))


def bilinear(values: np.ndarray, valid: np.ndarray, lat: np.ndarray, lon: np.ndarray, grid: Grid) -> np.ndarray:
    """Bilinear interpolation to cell centres from the four pixels around, weights renormalised over valid ones.

    At least two of the four and the nearest one must be valid (method document §3.2), else NaN. `lat` descends.
    """
    row = (lat[0] - grid.lat) / (lat[0] - lat[1])
    col = (grid.lon - lon[0]) / (lon[1] - lon[0])
    inside = ((row >= 0) & (row <= len(lat) - 1))[:, None] & ((col >= 0) & (col <= len(lon) - 1))[None]
    top = np.clip(np.floor(row).astype(int), 0, len(lat) - 2)
    left = np.clip(np.floor(col).astype(int), 0, len(lon) - 2)
    down, right = (row - top)[:, None], (col - left)[None]
    total, weight, number = np.zeros(grid.shape), np.zeros(grid.shape), np.zeros(grid.shape, int)
    nearest = np.zeros(grid.shape, bool)
    for i in (0, 1):
        for j in (0, 1):
            here = np.ix_(top + i, left + j)
            ok = valid[here]
            share = (down if i else 1.0 - down) * (right if j else 1.0 - right)
            total += np.where(ok, share * np.where(ok, values[here], 0.0), 0.0)
            weight += np.where(ok, share, 0.0)
            number += ok
            closest = ((down >= 0.5) == bool(i)) & ((right >= 0.5) == bool(j))
            nearest |= closest & ok
    accepted = inside & nearest & (number >= 2) & (weight > 0.0)
    return np.where(accepted, total / np.where(weight > 0.0, weight, 1.0), np.nan)
