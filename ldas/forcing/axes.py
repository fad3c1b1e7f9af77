"""Axes of a source as the interpolation wants them: latitude descending, longitude ascending within -180 … 180."""

import numpy as np
import xarray as xr

from ldas.errors import InputError
from ldas.grid import Grid

_AXES = {"latitude": "lat", "longitude": "lon", "y": "lat", "x": "lon", "valid_time": "time"}


def canonical_axes(dataset: xr.Dataset, item: str) -> xr.Dataset:
    """The dataset on (time, lat, lon); a site without map axes gets axes of length one.

    Raises InputError naming `item` when an axis is missing or not regular.
    """
    dataset = dataset.rename({theirs: ours for theirs, ours in _AXES.items() if theirs in dataset.dims})
    dataset = dataset.rename({theirs: ours for theirs, ours in _AXES.items() if theirs in dataset.variables})
    for axis in ("lat", "lon"):
        if axis not in dataset.variables:
            raise InputError(f"{item}: expected an axis {axis!r}, got {', '.join(map(str, dataset.dims))}")
        if axis not in dataset.dims:
            if dataset[axis].size != 1:
                raise InputError(f"{item}: expected {axis} as a one-dimensional axis")
            dataset = dataset.assign_coords({axis: float(dataset[axis].values.reshape(-1)[0])}).expand_dims(axis)
    dataset = dataset.assign_coords(lon=wrap_longitude(dataset["lon"].values.astype(np.float64)))
    dataset = dataset.sortby("lat", ascending=False).sortby("lon")
    for axis in ("lat", "lon"):
        steps = np.abs(np.diff(dataset[axis].values.astype(np.float64)))
        if len(steps) and (steps.min() <= 0.0 or steps.max() > 2.0 * np.median(steps)):
            raise InputError(f"{item}: {axis}: expected a regular axis, got steps {steps.min():g} to {steps.max():g}")
    leading = ("time",) if "time" in dataset.dims else ()
    return dataset.transpose(*leading, ..., "lat", "lon")


def wrap_longitude(lon: np.ndarray) -> np.ndarray:
    """Longitudes within -180 … 180, degrees east."""
    return np.round((lon + 180.0) % 360.0 - 180.0, 9)


def around(dataset: xr.Dataset, grid: Grid) -> xr.Dataset:
    """The nodes that bilinear interpolation to the grid needs: the domain and one node more on each side."""
    selected = dataset
    for axis, targets in (("lat", grid.lat), ("lon", grid.lon)):
        if selected.sizes[axis] > 1:
            selected = selected.isel({axis: near(selected[axis].values, targets)})
    return selected


def near(nodes: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Nodes of a monotonic axis within one step of the targets, bool (node,)."""
    margin = 1.001 * float(np.abs(np.diff(nodes)).max())
    return (nodes >= targets.min() - margin) & (nodes <= targets.max() + margin)
