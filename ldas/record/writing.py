"""Writing into a session's group: the constant part once, then the parts of a cycle. Nothing here commits."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import zarr

from ldas.assimilation.rescaling import RescalingParameters
from ldas.errors import RecordError
from ldas.model.state import State
from ldas.record.arrays import array_at
from ldas.record.configuration import configuration_hash, grid_hash, parameter_hash
from ldas.record.contents import CycleResult, Domain
from ldas.record.template import (
    COMPRESSOR,
    FORMAT,
    PAIRS,
    RESCALING,
    SERIES,
    STATES,
    ArraySpec,
    coordinates,
    create_arrays,
    layout,
)
from ldas.variables import variables

GRID_FIELDS = ("west", "south", "east", "north", "resolution")


def write_first(
    root: zarr.Group,
    domain: Domain,
    start: datetime,
    state: State,
    configuration: Mapping[str, Any],
    rescaling: RescalingParameters | None = None,
) -> None:
    """Everything of a record without cycles."""
    create_arrays(root, layout(domain, state.snow_layers))
    for group, entries in coordinates(domain).items():
        for name, (dims, values, attributes) in entries.items():
            _write_constant(root, f"{group}/{name}", dims, values, attributes)
    for key, field in domain.maps.variables.items():
        if key not in ("lat", "lon"):
            _write_constant(root, f"grid/{key}", tuple(map(str, field.dims)), field.values, _plain(field.attrs))
    for name in ("cell", "patch", "fraction"):
        _write_constant(root, f"grid/columns/{name}", ("column",), getattr(domain.columns, name), {})
    for name, values in domain.parameters.as_dict().items():
        dims = ("soil_layer", "column") if values.ndim == 2 else ("column",)
        _write_constant(root, f"grid/parameters/{name}", dims, values, {})
    rescaling = rescaling or RescalingParameters.none(domain.grid.size)
    write_rescaling(root, replace(rescaling, identity=configuration_hash(configuration)))
    write_states(root, dict.fromkeys(STATES, state), start)
    root.attrs.update(
        {
            "format": FORMAT,
            "start": start.astimezone(UTC).isoformat(),
            "grid": {name: getattr(domain.grid, name) for name in GRID_FIELDS},
            "configuration": dict(configuration),
            "hashes": {
                "grid": grid_hash(domain),
                "parameters": parameter_hash(domain),
                "configuration": configuration_hash(configuration),
            },
        }
    )


def check_complete(uri: str, result: CycleResult, specs: Mapping[str, ArraySpec]) -> None:
    """Raise RecordError naming what a cycle lacks, has too much, or has in another shape or type."""
    expected = variables("analysis").keys() | variables("diagnostic").keys()
    for problem, names in (("misses", expected - result.maps.keys()), ("has unknown", result.maps.keys() - expected)):
        if names:
            raise RecordError(f"{uri}: the cycle {problem} {', '.join(sorted(names))}")
    for which in STATES:
        check_state(uri, getattr(result, which), specs)
    for path, spec in specs.items():
        group, _, name = path.partition("/")
        if group in ("analysis", "diagnostics") and name != "time" and result.maps[name].shape != spec.shape[1:]:
            raise RecordError(f"{uri}: {name} has shape {result.maps[name].shape}, expected {spec.shape[1:]}")


def check_state(uri: str, state: State, specs: Mapping[str, ArraySpec]) -> None:
    """Raise RecordError when a state is not what the layout says, or not finite."""
    for name, values in state.as_dict().items():
        spec = specs[f"state/analysis/{name}"]
        if values.shape != spec.shape or values.dtype != spec.dtype:
            raise RecordError(
                f"{uri}: state {name} has shape {values.shape} and type {values.dtype}, expected {spec.shape} and "
                f"{spec.dtype}"
            )
        if not np.isfinite(values).all():
            raise RecordError(f"{uri}: state {name} holds {np.count_nonzero(~np.isfinite(values))} values not finite")


def write_states(root: zarr.Group, states: Mapping[str, State], time: datetime) -> None:
    """Replace the states and their valid time."""
    for which, state in states.items():
        for name, values in state.as_dict().items():
            array_at(root, f"state/{which}/{name}")[...] = values
    root["state"].attrs["time"] = time.astimezone(UTC).isoformat()


def write_series(root: zarr.Group, specs: Mapping[str, ArraySpec], index: int, result: CycleResult) -> None:
    """Write the window at `index` of every array with a time axis, which becomes `index` + 1 long."""
    special: dict[str, Any] = {
        "time": int(result.time.timestamp()),
        "provenance": result.provenance.to_json(),
        "consistency": result.consistency,
    }
    for path, spec in specs.items():
        group, _, name = path.partition("/")
        if group not in SERIES:
            continue
        array = array_at(root, path)
        array.resize((index + 1, *spec.shape[1:]))
        array[index] = special[name] if name in special else result.maps[name].astype(spec.dtype)


def write_pairs(root: zarr.Group, result: CycleResult) -> None:
    """Write the dekad of the moments that the cycle may have changed."""
    for name in PAIRS:
        array = array_at(root, f"moments/pairs/{name}")
        array[result.dekad] = getattr(result.moments, name)[result.dekad].reshape(array.shape[1:])


def write_rescaling(root: zarr.Group, rescaling: RescalingParameters) -> None:
    """Replace the rescaling parameters."""
    for name in RESCALING:
        array = array_at(root, f"moments/rescaling/{name}")
        array[...] = getattr(rescaling, name).reshape(array.shape)
    root["moments/rescaling"].attrs.update({"version": rescaling.version, "identity": rescaling.identity})


def write_spinup(root: zarr.Group, progress: Mapping[str, Any], maps: Mapping[str, np.ndarray]) -> None:
    """Replace what a spin-up keeps: how far it is, and maps by name."""
    group = root.require_group("spinup")
    for name, values in maps.items():
        group.create_array(name, data=values, chunks=values.shape, overwrite=True)
    group.attrs.update({"progress": dict(progress), "maps": list(maps)})


def _write_constant(
    root: zarr.Group, path: str, dims: tuple[str, ...], values: np.ndarray, attributes: dict[str, Any]
) -> None:
    array = root.create_array(
        path,
        shape=values.shape,
        chunks=tuple(max(size, 1) for size in values.shape),
        dtype=values.dtype,
        compressors=COMPRESSOR,
        attributes=attributes,
        dimension_names=dims,
    )
    array[...] = values


def _plain(attributes: Mapping[Any, Any]) -> dict[str, Any]:
    return {
        str(key): value.tolist() if isinstance(value, np.ndarray | np.generic) else value
        for key, value in attributes.items()
    }
