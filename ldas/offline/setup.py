"""From a site to the model's columns: parameters and first state of every active patch of every point."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ldas.errors import InputError, LdasError
from ldas.model.cold_start import cold_start
from ldas.model.constants import SOIL_LAYERS
from ldas.model.derive import derive_parameters
from ldas.model.parameters import Parameters
from ldas.model.state import State
from ldas.offline.site import Point, Site, Value


@dataclass(frozen=True)
class SiteColumns:
    """The columns of a site: point by point, patches in ascending order."""

    point: np.ndarray  # int64 (column,)
    patch: np.ndarray  # int64 (column,), 1..12
    fraction: np.ndarray  # float64 (column,)
    latitude: np.ndarray  # float64 (column,)
    longitude: np.ndarray  # float64 (column,)
    names: tuple[str, ...]  # of the points

    @property
    def single(self) -> bool:
        """Whether the site is one place, so that the patch alone tells a column."""
        return len(self.names) == 1

    def place(self, column: int) -> str:
        """A column in words."""
        return f"{self.names[self.point[column]]}, patch {self.patch[column]}"


def site_columns(site: Site) -> SiteColumns:
    """The columns of all points."""
    rows = [(i, patch, fraction) for i, point in enumerate(site.points) for patch, fraction in point.active.items()]
    point, patch, fraction = (np.array(values) for values in zip(*rows, strict=True))
    latitude = np.array([site.points[i].latitude for i in point])
    longitude = np.array([site.points[i].longitude for i in point])
    names = tuple(p.name or f"point {i + 1}" for i, p in enumerate(site.points))
    return SiteColumns(point, patch, fraction, latitude, longitude, names)


def site_parameters(site: Site) -> Parameters:
    """Parameters of all columns; raises InputError naming the point, the field and what was expected."""
    parts = []
    for number, point in enumerate(site.points):
        try:
            parts.append(_point_parameters(point, site))
        except InputError as error:
            raise InputError(f"{point.name or f'point {number + 1}'}: {error}") from error
    joined = {name: [getattr(part, name) for part in parts] for name in Parameters.names()}
    return Parameters(**{name: np.concatenate(values, axis=-1) for name, values in joined.items()})


def _point_parameters(point: Point, site: Site) -> Parameters:
    patch = np.array(list(point.active), dtype=np.int64)
    columns = patch.size
    sand, clay = (np.broadcast_to(np.array(point.texture.layers(n)), SOIL_LAYERS) for n in ("sand", "clay"))
    types = None
    if point.vegetation_types:
        missing = [int(p) for p in patch if int(p) not in point.vegetation_types]
        if missing:
            raise InputError(f"vegetation_types: expected all patches or none, {missing[0]} is missing")
        types = np.array([point.vegetation_types[int(p)] for p in patch])
    vegetated = sum(fraction for number, fraction in point.active.items() if number > 3)
    return derive_parameters(
        patch,
        np.full(columns, point.latitude),
        np.full(columns, point.longitude),
        np.repeat(sand[:, None], columns, axis=1),
        np.repeat(clay[:, None], columns, axis=1),
        site.options,
        vegetation_type=types,
        vegetated_share=np.full(columns, min(1.0, vegetated)),
        overrides={name: _override(value) for name, value in point.parameters.items()},
    )


def _override(value: Value) -> float | np.ndarray | dict[int, float | np.ndarray]:
    if isinstance(value, Mapping):
        return {patch: np.array(item) for patch, item in value.items()}
    return np.array(value)


def site_state(site: Site, parameters: Parameters) -> State:
    """The first state of all columns, checked; raises InputError naming the point, the field and the layer."""
    state = State.empty(parameters.columns, site.options.snow_layers)
    first = 0
    for number, point in enumerate(site.points):
        index = np.arange(first, first + len(point.active))
        first += index.size
        try:
            state.put(index, _point_state(point, parameters.select(index), site))
        except LdasError as error:
            raise InputError(f"{point.name or f'point {number + 1}'}: initial: {error}") from error
    return state


def _point_state(point: Point, parameters: Parameters, site: Site) -> State:
    initial, patches = point.initial, parameters.patch
    layers = {"temperature": SOIL_LAYERS, "wetness": SOIL_LAYERS}
    arguments = {}
    for name in ("temperature", "wetness", "lai", "snow_swe", "snow_density", "snow_age"):
        default = type(initial).model_fields[name].default
        start = np.full((layers[name], patches.size) if name in layers else (patches.size,), default)
        arguments[name] = _filled(name, start, getattr(initial, name), patches)
    state = cold_start(parameters, site.options, **arguments)
    for name, value in initial.state.items():
        if name not in State.names():
            raise InputError(f"state: {name} is not a field of the state; expected one of {', '.join(State.names())}")
        current = getattr(state, name)
        current[...] = _filled(name, current, value, patches)
    state.check(parameters.w_sat, parameters.n_water, lambda column: f"patch {patches[column]}")
    return state


def _filled(name: str, array: np.ndarray, value: Value, patches: np.ndarray) -> np.ndarray:
    """`array` ([layer,] column) with `value` in the columns it names; a short profile leaves the deeper layers."""
    result = array.copy()
    for column, patch in enumerate(patches):
        item = value.get(int(patch)) if isinstance(value, Mapping) else value
        if item is None:
            continue
        numbers = np.atleast_1d(np.array(item, dtype=np.float64))
        if array.ndim == 1 and numbers.size != 1:
            raise InputError(f"{name}: expected one number, got {numbers.size}")
        if array.ndim == 2 and numbers.size > array.shape[0]:
            raise InputError(f"{name}: expected at most {array.shape[0]} layers, got {numbers.size}")
        if array.ndim == 1 or numbers.size == 1:
            result[..., column] = numbers[0]
        else:
            result[: numbers.size, column] = numbers
    return result
