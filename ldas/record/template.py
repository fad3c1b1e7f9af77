"""The layout of a record: every array with its dimensions, type, chunks and attributes, made from the variable table.

A record is created from this layout and compared with it before every write.
"""

from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
import zarr
from zarr.codecs import BloscCodec

from ldas.assimilation.control import CONTROL
from ldas.assimilation.diagnostics import SUMS
from ldas.assimilation.moments import DEKADS, PairMoments
from ldas.assimilation.rescaling import RescalingParameters
from ldas.errors import RecordError
from ldas.model.constants import LAYER_BOTTOM, SOIL_LAYERS
from ldas.model.state import State
from ldas.record.contents import Domain
from ldas.variables import Variable, variables

_CONTROLS = " ".join(CONTROL)
FORMAT = 2
TIME_UNITS = "seconds since 1970-01-01"
COLUMNS_PER_CHUNK = 16384
CELLS_PER_CHUNK_SIDE = 256
STATES = ("analysis", "open_loop")
SERIES = ("analysis", "diagnostics", "cycles")
"""Groups with a time axis; index k of each holds window k since the first."""
PAIRS = tuple(f.name for f in fields(PairMoments))
RESCALING = tuple(f.name for f in fields(RescalingParameters) if f.name not in ("version", "identity"))
WRITTEN_BY_CYCLES = ("state", *SERIES, "moments")
COORDINATES = ("lat", "lon", "depth", "depth_bnds", "control", "dekad")
COMPRESSOR = BloscCodec(cname="zstd", clevel=1, shuffle="shuffle")


@dataclass(frozen=True)
class ArraySpec:
    """One array of the record; a leading `time` axis has length 0 at creation and grows by one a cycle."""

    dims: tuple[str, ...]
    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    dtype: np.dtype
    fill: Any = 0
    attributes: dict[str, Any] = field(default_factory=dict)


def layout(domain: Domain, snow_layers: int) -> dict[str, ArraySpec]:
    """Every array that a cycle writes, by path."""
    sizes = {
        "time": 0,
        "lat": domain.grid.shape[0],
        "lon": domain.grid.shape[1],
        "depth": SOIL_LAYERS,
        "control": len(CONTROL),
        "dekad": DEKADS,
        "soil_layer": SOIL_LAYERS,
        "snow_layer": snow_layers,
        "column": len(domain.columns),
    }
    specs = {f"state/{name}/{row}": _spec(variables("state")[row], sizes) for name in STATES for row in State.names()}
    specs |= {f"analysis/{name}": _spec(row, sizes) for name, row in variables("analysis").items()}
    specs |= {f"diagnostics/{name}": _spec(row, sizes) for name, row in variables("diagnostic").items()}
    specs |= {f"moments/pairs/{name}": replace(_spec(variables("moment")[name], sizes), fill=0) for name in PAIRS}
    specs |= {f"moments/rescaling/{name}": _spec(variables("rescaling")[name], sizes) for name in RESCALING}
    time = ArraySpec(
        ("time",),
        (0,),
        (4096,),
        np.dtype("int64"),
        attributes={
            "units": TIME_UNITS,
            "calendar": "proleptic_gregorian",
            "standard_name": "time",
            "long_name": "end of the window",
        },
    )
    specs |= {f"{group}/time": time for group in SERIES}
    specs["cycles/provenance"] = ArraySpec(("time",), (0,), (1,), np.dtypes.StringDType(), "")
    consistency = ArraySpec(
        ("time", "observation", "statistic"), (0, 2, len(SUMS)), (1, 2, len(SUMS)), np.dtype("float64"), np.nan
    )
    return specs | {"cycles/consistency": consistency}


Constant = tuple[tuple[str, ...], np.ndarray, dict[str, Any]]
"""Dimensions, values and attributes of an array that no cycle changes."""


def coordinates(domain: Domain) -> dict[str, dict[str, Constant]]:
    """Coordinates of each group, by name."""
    bottom = np.array(LAYER_BOTTOM)
    bounds = np.stack([np.concatenate([[0.0], bottom[:-1]]), bottom], axis=1)
    maps: dict[str, Constant] = {
        "lat": (("lat",), domain.grid.lat, {"units": "degrees_north", "standard_name": "latitude"}),
        "lon": (("lon",), domain.grid.lon, {"units": "degrees_east", "standard_name": "longitude"}),
    }
    depth_attributes = {"units": "m", "standard_name": "depth", "positive": "down", "bounds": "depth_bnds"}
    depth: dict[str, Constant] = {
        "depth": (("depth",), bounds.mean(axis=1), depth_attributes),
        "depth_bnds": (("depth", "bound"), bounds, {}),
    }
    names = {"long_name": "control variable", "flag_values": list(range(len(CONTROL))), "flag_meanings": _CONTROLS}
    control: dict[str, Constant] = {"control": (("control",), np.arange(len(CONTROL)), names)}
    dekad: dict[str, Constant] = {"dekad": (("dekad",), np.arange(DEKADS), {"long_name": "dekad of the year"})}
    return {
        "grid": maps,
        "analysis": maps | depth,
        "diagnostics": maps | control,
        "moments/pairs": maps | dekad,
        "moments/rescaling": maps | dekad,
    }


def create_arrays(root: zarr.Group, specs: dict[str, ArraySpec]) -> None:
    """Make every array of the layout, empty."""
    for path, spec in specs.items():
        root.create_array(
            path,
            shape=spec.shape,
            chunks=spec.chunks,
            dtype=spec.dtype,
            fill_value=spec.fill,
            compressors=COMPRESSOR if spec.dtype.kind != "T" else "auto",
            attributes=spec.attributes,
            dimension_names=spec.dims,
        )


def check_layout(uri: str, root: zarr.Group, specs: dict[str, ArraySpec], cycles: int) -> None:
    """Raise RecordError naming the first array that is missing, unknown, or not as the layout says.

    `cycles` is the length every time axis must have.
    """
    found = {
        path: node
        for path, node in root.members(max_depth=None)
        if isinstance(node, zarr.Array) and path.partition("/")[0] in WRITTEN_BY_CYCLES
    }
    unknown = {path for path in found if path not in specs and path.rpartition("/")[2] not in COORDINATES}
    if unknown:
        raise RecordError(f"{uri}: {min(unknown)} is in the record but not in this version's layout")
    for path, spec in specs.items():
        if path not in found:
            raise RecordError(f"{uri}: {path} of this version's layout is not in the record")
        array = found[path]
        shape = (cycles, *spec.shape[1:]) if spec.dims[0] == "time" else spec.shape
        for what, ours, theirs in (
            ("dimensions", spec.dims, getattr(array.metadata, "dimension_names", None)),
            ("type", spec.dtype, array.dtype),
            ("chunks", spec.chunks, array.chunks),
            ("shape", shape, array.shape),
        ):
            if ours != theirs:
                raise RecordError(f"{uri}: {path} has {what} {theirs} in the record, expected {ours}")


def _spec(row: Variable, sizes: dict[str, int]) -> ArraySpec:
    shape = tuple(sizes[dim] for dim in row.dims)
    limits = {
        "time": 1,
        "dekad": 1,
        "column": COLUMNS_PER_CHUNK,
        "lat": CELLS_PER_CHUNK_SIDE,
        "lon": CELLS_PER_CHUNK_SIDE,
    }
    chunks = tuple(
        max(1, min(size, limits.get(dim, size))) if dim != "time" else 1
        for dim, size in zip(row.dims, shape, strict=True)
    )
    dtype = np.dtype(row.dtype)
    fill = row.fill if row.fill is not None else (np.nan if dtype.kind == "f" else 0)
    attributes = row.attributes()
    if row.fill is not None:
        attributes["_FillValue"] = row.fill
    return ArraySpec(row.dims, shape, chunks, dtype, fill, attributes)
