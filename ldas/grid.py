"""Regular longitude-latitude model grids and the columns (cell, patch) on them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ldas.errors import ConfigurationError

PATCHES = 12


@dataclass(frozen=True)
class Grid:
    """Cells whose centres lie at (k + 1/2) * resolution inside a box; latitude runs from north to south.

    The box of the reference paper's Montpellier domain (2.987-4.379 E, 43.254-44.263 N) at 0.01 degree has
    139 x 101 = 14 039 cells.
    """

    west: float
    south: float
    east: float
    north: float
    resolution: float = 0.01

    def __post_init__(self) -> None:
        if not (-180 <= self.west < self.east <= 180 and -90 <= self.south < self.north <= 90):
            raise ConfigurationError(
                f"domain box: expected -180 <= west < east <= 180 and -90 <= south < north <= 90, got "
                f"west {self.west}, east {self.east}, south {self.south}, north {self.north}"
            )
        if self.shape[0] < 1 or self.shape[1] < 1:
            raise ConfigurationError(f"domain box {self} holds no cell centre at resolution {self.resolution}")

    def _centres(self, low: float, high: float) -> np.ndarray:
        cells_per_degree = 1.0 / self.resolution
        first = int(np.ceil(np.round(low * cells_per_degree, 6) - 0.5))
        last = int(np.floor(np.round(high * cells_per_degree, 6) - 0.5))
        return np.round((np.arange(first, last + 1) + 0.5) / cells_per_degree, 9)

    @cached_property
    def lon(self) -> np.ndarray:
        """Cell-centre longitudes, degrees east, ascending, shape (nlon,)."""
        return self._centres(self.west, self.east)

    @cached_property
    def lat(self) -> np.ndarray:
        """Cell-centre latitudes, degrees north, descending, shape (nlat,)."""
        return self._centres(self.south, self.north)[::-1].copy()

    @property
    def shape(self) -> tuple[int, int]:
        """(nlat, nlon)."""
        return len(self.lat), len(self.lon)

    @property
    def size(self) -> int:
        return self.shape[0] * self.shape[1]


@dataclass(frozen=True)
class Columns:
    """The model's columns: every (cell, patch) with a patch fraction above zero, sorted by patch, then by cell.

    A cell is numbered row-major on the grid, `cell = row * nlon + col`; inactive cells (sea, town, no forcing) have
    no columns. Patches are numbered 1 to 12 as in the reference model.
    """

    shape: tuple[int, int]
    cell: np.ndarray  # int64 (column,)
    patch: np.ndarray  # int64 (column,), 1..12
    fraction: np.ndarray  # float64 (column,), sums to 1 in every active cell

    @classmethod
    def from_fractions(cls, patch_fraction: np.ndarray) -> "Columns":
        """Columns of a `patch_fraction` of shape (12, nlat, nlon) whose active cells sum to 1 and others to 0."""
        if patch_fraction.shape[0] != PATCHES or patch_fraction.ndim != 3:
            raise ConfigurationError(f"patch_fraction: expected shape (12, lat, lon), got {patch_fraction.shape}")
        total = patch_fraction.sum(axis=0)
        wrong = (np.abs(total - 1.0) > 1e-6) & (total != 0.0)
        if wrong.any() or not np.isfinite(total).all():
            row, col = np.argwhere(wrong | ~np.isfinite(total))[0]
            raise ConfigurationError(
                f"patch_fraction: expected a sum of 1 (or 0 outside land) in every cell, got {total[row, col]:.6g} "
                f"at row {row}, column {col}"
            )
        flat = patch_fraction.reshape(PATCHES, -1)
        patch, cell = np.nonzero(flat > 0.0)
        return cls(patch_fraction.shape[1:], cell, patch + 1, flat[patch, cell] / total.reshape(-1)[cell])

    def __len__(self) -> int:
        return len(self.cell)

    def select(self, index: np.ndarray) -> "Columns":
        """The columns of an integer index or boolean mask, in that order."""
        return Columns(self.shape, self.cell[index], self.patch[index], self.fraction[index])

    def gather(self, field: np.ndarray) -> np.ndarray:
        """Values of a map (..., nlat, nlon) in each column, shape (..., column)."""
        return np.ascontiguousarray(field.reshape(*field.shape[:-2], -1)[..., self.cell])

    def gather_patch(self, field: np.ndarray) -> np.ndarray:
        """Values of a per-patch map (12, nlat, nlon) in each column, shape (column,)."""
        return np.ascontiguousarray(field.reshape(PATCHES, -1)[self.patch - 1, self.cell])

    def cell_mean(self, values: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
        """Patch-fraction weighted sum X = sum_p f_p X_p on the map; NaN where a cell has no column.

        `values` has shape (..., column); the result (..., nlat, nlon). With a boolean column `mask` the fractions of
        the masked-in patches are renormalised to one.
        """
        weight = self.fraction if mask is None else np.where(mask, self.fraction, 0.0)
        size = self.shape[0] * self.shape[1]
        total = np.bincount(self.cell, weights=weight, minlength=size)
        flat = values.reshape(-1, len(self))
        out = np.stack([np.bincount(self.cell, weights=weight * row, minlength=size) for row in flat])
        with np.errstate(invalid="ignore", divide="ignore"):
            out = np.where(total > 0.0, out / total, np.nan)
        return out.reshape(*values.shape[:-1], *self.shape)
