"""What an integration can hand out: the names, their rows in a block's memory, and the request for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from ldas.errors import InputError
from ldas.model.constants import SOIL_LAYERS
from ldas.model.kernel import kernel
from ldas.model.state import SNOW_FIELDS, SOIL_FIELDS, State


class Diagnostics(NamedTuple):
    """Diagnostics of a step, float64 (column,) or (14, column); units in `ldas/variables.yaml` (kind `step`).

    Snow fractions, albedo, emissivity and everything of the last group are those used in the step; snow depth, mass and
    temperatures are those at its end. Exchange coefficients and the Richardson number are recomputed at its end.
    """

    # weather of the step
    tair: np.ndarray
    qair: np.ndarray
    wind: np.ndarray
    psurf: np.ndarray
    rainf: np.ndarray
    snowf: np.ndarray
    swdown: np.ndarray
    lwdown: np.ndarray
    air_density: np.ndarray
    zenith: np.ndarray
    # energy of the patch
    rnet: np.ndarray
    qh: np.ndarray
    qle: np.ndarray
    qg: np.ndarray
    sw_up: np.ndarray
    lw_up: np.ndarray
    le_soil: np.ndarray
    le_ice: np.ndarray
    le_interception: np.ndarray
    le_transpiration: np.ndarray
    le_snow: np.ndarray
    # water of the patch
    evap: np.ndarray
    runoff: np.ndarray
    drainage: np.ndarray
    snow_outflow: np.ndarray
    water_residual: np.ndarray
    energy_residual: np.ndarray
    # carbon of the patch
    net_assimilation: np.ndarray
    gpp: np.ndarray
    leaf_respiration: np.ndarray
    autotrophic_respiration: np.ndarray
    ecosystem_respiration: np.ndarray
    nee: np.ndarray
    fapar: np.ndarray
    # snow
    swe: np.ndarray
    snow_depth: np.ndarray
    snow_temperature: np.ndarray
    snow_fraction: np.ndarray
    snow_fraction_ground: np.ndarray
    snow_fraction_vegetation: np.ndarray
    # surface
    radiative_temperature: np.ndarray
    albedo: np.ndarray
    emissivity: np.ndarray
    albedo_free: np.ndarray
    vegetation_fraction: np.ndarray
    roughness: np.ndarray
    # inside the step
    canopy_resistance: np.ndarray
    water_stress: np.ndarray
    wet_fraction: np.ndarray
    interception_capacity: np.ndarray
    c_t: np.ndarray
    c_g: np.ndarray
    soil_humidity: np.ndarray
    halstead: np.ndarray
    frozen_surface: np.ndarray
    friction_velocity: np.ndarray
    heat_exchange: np.ndarray
    momentum_exchange: np.ndarray
    richardson: np.ndarray
    surface_humidity: np.ndarray
    soil_conductivity: np.ndarray
    soil_heat_capacity: np.ndarray


DIAGNOSTICS = Diagnostics._fields
LAYERED = {"soil_conductivity": SOIL_LAYERS, "soil_heat_capacity": SOIL_LAYERS}
"""Diagnostics with a layer axis, and its length."""


@dataclass(frozen=True)
class OutputRequest:
    """Names (states or `DIAGNOSTICS`) to hand out every `every` steps: their `mean` over these steps or the last step's
    value (`instant`)."""

    names: tuple[str, ...]
    every: int = 1
    statistic: Literal["mean", "instant"] = "instant"


def rows_of(snow_layers: int) -> dict[str, slice]:
    """The rows of each state variable, then of each diagnostic, in a block's memory."""
    layers = {**dict.fromkeys(SOIL_FIELDS, SOIL_LAYERS), **dict.fromkeys(SNOW_FIELDS, snow_layers), **LAYERED}
    rows: dict[str, slice] = {}
    first = 0
    for name in (*State.names(), *DIAGNOSTICS):
        last = first + layers.get(name, 1)
        rows[name] = slice(first, last)
        first = last
    return rows


def is_layered(name: str) -> bool:
    """Whether the output has a layer axis."""
    return name in SOIL_FIELDS or name in SNOW_FIELDS or name in LAYERED


def check_requests(requests: Sequence[OutputRequest]) -> None:
    """Raise InputError for an unknown or repeated name, or an interval below one step."""
    known = {*State.names(), *DIAGNOSTICS}
    seen: set[str] = set()
    for request in requests:
        if request.every < 1:
            raise InputError(f"output request: expected an interval of at least one step, got {request.every}")
        for name in request.names:
            if name not in known:
                raise InputError(f"output request: {name} is neither a state variable nor a diagnostic of the model")
            if name in seen:
                raise InputError(f"output request: {name} is asked for twice")
            seen.add(name)


class Collector(NamedTuple):
    """Where a block collects its outputs; `row` counts the state's rows, then the diagnostics'."""

    row: np.ndarray  # int64 (series,)
    every: np.ndarray  # int64 (series,), steps
    mean: np.ndarray  # bool (series,)
    slots: np.ndarray  # int64 (series,), number of whole intervals in the run
    offset: np.ndarray  # int64 (series,), first row of the series in `values`
    sums: np.ndarray  # (member, series, column)
    values: np.ndarray  # (member, slot, column)


def make_collector(
    requests: Sequence[OutputRequest], steps: int, members: int, columns: int, snow_layers: int
) -> Collector:
    """The empty collector of a block for a run of `steps` steps."""
    places = rows_of(snow_layers)
    series = [
        (row, request.every, request.statistic == "mean", steps // request.every)
        for request in requests
        for name in request.names
        for row in range(places[name].start, places[name].stop)
    ]
    row, every, mean, slots = (np.array([entry[k] for entry in series], dtype=np.int64) for k in range(4))
    return Collector(
        row=row,
        every=every,
        mean=mean.astype(bool),
        slots=slots,
        offset=np.cumsum(slots) - slots,
        sums=np.zeros((members, len(series), columns)),
        values=np.zeros((members, int(slots.sum()), columns)),
    )


def empty_outputs(
    requests: Sequence[OutputRequest], steps: int, columns: int, snow_layers: int
) -> dict[str, np.ndarray]:
    """Arrays (time, [layer,] column) for all requests over `steps` steps; an unfinished last interval has no row."""
    places = rows_of(snow_layers)
    outputs: dict[str, np.ndarray] = {}
    for request in requests:
        for name in request.names:
            layers = (places[name].stop - places[name].start,) if is_layered(name) else ()
            outputs[name] = np.empty((steps // request.every, *layers, columns))
    return outputs


def scatter_outputs(
    collector: Collector,
    member: int,
    requests: Sequence[OutputRequest],
    index: np.ndarray,
    outputs: dict[str, np.ndarray],
) -> None:
    """Write what a block collected for a member to the columns `index` of `outputs`."""
    series = 0
    for request in requests:
        for name in request.names:
            target = outputs[name]
            layers = target.shape[1] if target.ndim == 3 else 1
            start, slots = collector.offset[series], target.shape[0]
            values = collector.values[member, start : start + layers * slots, : len(index)].reshape(layers, slots, -1)
            if target.ndim == 3:
                target[:, :, index] = values.transpose(1, 0, 2)
            else:
                target[:, index] = values[0]
            series += layers


@kernel
def collect(state_rows, diagnostic_rows, member, step, collector):
    """Add the rows of a step to the means and write those whose interval ends (`step` counts from the run's start)."""
    states = state_rows.shape[0]
    for r in range(collector.row.shape[0]):
        row = collector.row[r]
        every = collector.every[r]
        slot = step // every
        if slot < collector.slots[r]:
            first = step % every == 0
            last = step % every == every - 1
            if collector.mean[r]:
                for i in range(state_rows.shape[1]):
                    value = state_rows[row, i] if row < states else diagnostic_rows[row - states, i]
                    total = value + (0.0 if first else collector.sums[member, r, i])
                    collector.sums[member, r, i] = total
                    if last:
                        collector.values[member, collector.offset[r] + slot, i] = total / every
            elif last:
                for i in range(state_rows.shape[1]):
                    value = state_rows[row, i] if row < states else diagnostic_rows[row - states, i]
                    collector.values[member, collector.offset[r] + slot, i] = value
