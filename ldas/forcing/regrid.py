"""Bilinear interpolation from a regular source grid to the model grid, never across a mask."""

import numpy as np
import xarray as xr

from ldas.errors import ForcingUnavailable
from ldas.grid import Grid


def to_grid(dataset: xr.Dataset, grid: Grid) -> xr.Dataset:
    """Every (…, lat, lon) field of a source on the grid; NaN where one of the surrounding nodes in use is NaN.

    A node counts as in use when its weight is above zero, so that a cell that lies on a node needs that node only. An
    axis of one node serves the cells within half a cell of it. Adds `forcing_mask`: false where some field has no value
    at any time. Raises ForcingUnavailable when no cell lies inside the source.
    """
    rows = _axis_weights(dataset["lat"].values, grid.lat, grid.resolution)
    cols = _axis_weights(dataset["lon"].values, grid.lon, grid.resolution)
    regridded = xr.Dataset(attrs=dataset.attrs)
    masked = np.zeros(grid.shape, dtype=bool)
    for name, field in dataset.data_vars.items():
        if field.dims[-2:] != ("lat", "lon"):
            regridded[name] = field
            continue
        values = _interpolate(np.asarray(field.values, dtype=np.float64), rows, cols)
        regridded[name] = (field.dims, values, field.attrs)
        masked |= np.isnan(values).all(axis=0) if "time" in field.dims else np.isnan(values)
    if masked.all():
        raise ForcingUnavailable(
            f"forcing: the source has no values at {grid.south:.3f} to {grid.north:.3f} N, "
            f"{grid.west:.3f} to {grid.east:.3f} E"
        )
    regridded = regridded.assign_coords(
        lat=("lat", grid.lat, {"units": "degrees_north", "standard_name": "latitude"}),
        lon=("lon", grid.lon, {"units": "degrees_east", "standard_name": "longitude"}),
    )
    for name, field in regridded.data_vars.items():
        if field.dims[-2:] == ("lat", "lon"):
            regridded[name] = field.where(~masked)
    regridded["forcing_mask"] = (("lat", "lon"), ~masked)
    return regridded


def _axis_weights(nodes: np.ndarray, targets: np.ndarray, resolution: float) -> tuple[np.ndarray, np.ndarray]:
    """(lower index, weight of the node after it) of each target on a monotonic axis; weight NaN outside the axis."""
    tolerance = 1e-6 * resolution
    if len(nodes) == 1:
        near = np.abs(targets - nodes[0]) <= 0.5 * resolution + tolerance
        return np.zeros(len(targets), dtype=int), np.where(near, 0.0, np.nan)
    position = np.interp(
        np.sign(nodes[-1] - nodes[0]) * targets,
        np.sign(nodes[-1] - nodes[0]) * nodes,
        np.arange(len(nodes), dtype=float),
    )
    nearest = np.round(position)
    position = np.where(np.abs(nodes[nearest.astype(int)] - targets) < tolerance, nearest, position)
    lower = np.minimum(position.astype(int), len(nodes) - 2)
    outside = (targets < nodes.min() - tolerance) | (targets > nodes.max() + tolerance)
    return lower, np.where(outside, np.nan, position - lower)


def _interpolate(
    field: np.ndarray, rows: tuple[np.ndarray, np.ndarray], cols: tuple[np.ndarray, np.ndarray]
) -> np.ndarray:
    along_lat = _blend(field, rows, axis=-2)
    return _blend(along_lat, cols, axis=-1)


def _blend(field: np.ndarray, axis_weights: tuple[np.ndarray, np.ndarray], axis: int) -> np.ndarray:
    lower, weight = axis_weights
    upper = np.minimum(lower + 1, field.shape[axis] - 1)
    weight = weight[:, None] if axis == -2 else weight
    low, high = np.take(field, lower, axis), np.take(field, upper, axis)
    blended = (1.0 - weight) * low + weight * high
    return np.where(weight == 0.0, low, np.where(weight == 1.0, high, blended))
