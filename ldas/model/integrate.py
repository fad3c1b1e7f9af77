"""Run the model over a stretch of weather: blocks of columns in threads, members in turn (kernel document §5)."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from threading import Lock

import numpy as np

from ldas.errors import InputError
from ldas.model.block_run import Stretch, run_block
from ldas.model.forcing import FIELDS, Forcing
from ldas.model.kernel import LANES
from ldas.model.leaf import LeafParameters, reference_assimilation
from ldas.model.options import ModelOptions
from ldas.model.outputs import (
    OutputRequest,
    check_requests,
    empty_outputs,
    make_collector,
    scatter_outputs,
)
from ldas.model.parameters import Parameters
from ldas.model.solar import sun_positions
from ldas.model.state import State
from ldas.model.weather import air_density
from ldas.model.workspace import SURFACE_ROWS, block_parameters, make_workspace, step_options

Outputs = dict[str, np.ndarray]
ALMA_NAMES = {
    "Tair": ("tair",),
    "Qair": ("qair",),
    "Wind": ("wind_e", "wind_n"),
    "Wind_E": ("wind_e",),
    "Wind_N": ("wind_n",),
    "PSurf": ("psurf",),
    "Rainf": ("rainf",),
    "Snowf": ("snowf",),
    "SWdown": ("sw_direct", "sw_diffuse"),
    "DIR_SWdown": ("sw_direct",),
    "SCA_SWdown": ("sw_diffuse",),
    "LWdown": ("lwdown",),
    "CO2air": ("co2air",),
}
STEPS_A_REPORT = 288  # of a block, between calls of the compiled model; each call costs some 0.1 ms to begin


def integrate(
    parameters: Parameters,
    states: Sequence[State],
    forcing: Forcing,
    options: ModelOptions,
    *,
    start: np.datetime64 | None = None,
    steps: int | None = None,
    outputs: Sequence[OutputRequest] = (),
    progress: Callable[[float], None] | None = None,
) -> tuple[list[State], list[Outputs]]:
    """Advance each state over the forcing's intervals and return (new states, outputs).

    `states` are members: same columns, parameters and weather. The run begins at `start` (default the first record)
    and lasts `steps` model steps (default to the last record). Inputs are not changed, and neither threads, block
    size nor other members change a bit of the result. `outputs` comes as one dict a member, name →
    (time, [layer,] column). `progress` is called with the share done, from 0 to 1.

    Raises InputError for a state no run may start from, a start or length outside the weather, or a time step that
    does not divide the forcing interval.
    """
    check_requests(outputs)
    for state in states:
        _check_state(state, parameters, options)
    first, count = _steps_of(forcing, options, start, steps)
    stretch = stretch_of(forcing, options, first, count)
    cold = np.any([state.cold for state in states], axis=0)
    threads = options.threads or len(os.sched_getaffinity(0))
    size = options.block_size if threads == 1 else min(options.block_size, -(-parameters.columns // (2 * threads)))
    blocks = list(divide_columns(parameters, cold, size))
    finals = [state.copy() for state in states]
    results = [empty_outputs(outputs, count, parameters.columns, options.snow_layers) for _ in states]
    done, lock = 0.0, Lock()

    def report(share: float) -> None:
        nonlocal done
        with lock:
            done += share
            if progress:
                progress(min(1.0, done))

    def run(index: np.ndarray) -> None:
        share = len(index) / parameters.columns
        run_columns(parameters, finals, forcing, options, stretch, first, count, index, outputs, results, share, report)

    if min(threads, len(blocks)) <= 1:
        for index in blocks:
            run(index)
    else:
        with ThreadPoolExecutor(threads) as pool:
            for _ in pool.map(run, blocks):
                pass
    return finals, results


def divide_columns(parameters: Parameters, cold: np.ndarray, block_size: int) -> Iterator[np.ndarray]:
    """Column indices of each block: at most `block_size` columns on one soil grid, of one patch where that fills half.

    Columns are taken in order of soil grid, `cold`, patch and position: snow is worked on in dense lists and freezing
    in whole rows, so that few blocks should have to do with them.
    """
    grids = np.vstack([parameters.n_water.astype(float), parameters.layer_bottom])
    if (grids == grids[:, :1]).all():
        grid = np.zeros(parameters.columns, dtype=np.int64)
    else:
        grid = np.unique(grids, axis=1, return_inverse=True)[1].ravel()
    order = np.lexsort((parameters.patch, cold, grid))
    begin = 0
    for k in range(1, len(order) + 1):
        size = k - begin
        if k < len(order) and grid[order[k]] == grid[order[begin]] and size < block_size:
            same_patch = parameters.patch[order[k]] == parameters.patch[order[k - 1]]
            if same_patch or size < block_size // 2:
                continue
        yield order[begin:k]
        begin = k


def run_columns(
    parameters: Parameters,
    finals: list[State],
    forcing: Forcing,
    options: ModelOptions,
    stretch: Stretch,
    first: int,
    count: int,
    index: np.ndarray,
    requests: Sequence[OutputRequest],
    results: list[Outputs],
    share: float,
    report: Callable[[float], None],
) -> None:
    """Run one block, the columns `index`, and write its end states and outputs to `finals` and `results`.

    Inside, the last column is repeated up to a multiple of `LANES` columns.
    """
    used = len(index)
    filled = np.append(index, np.repeat(index[-1:], -used % LANES))
    own = parameters.select(filled)
    constants = block_parameters(own, options)
    cell = np.ascontiguousarray(forcing.cell[filled])
    step = step_options(options, forcing.z_t, forcing.z_u, bool(requests))
    work = make_workspace(len(filled), options.snow_layers, constants.grid, len(FIELDS))
    members = [final.select(filled) for final in finals]
    start_reference(own, members, stretch, constants.leaf, cell, first, forcing.z_t, options)
    states = np.stack([pack_state(member) for member in members])
    surfaces = np.zeros((len(members), SURFACE_ROWS, len(filled)))
    collector = make_collector(requests, count, len(members), len(filled), options.snow_layers)
    for begin, end in pairwise([*range(0, count, STEPS_A_REPORT), count]):
        run_block(
            constants,
            step,
            work,
            stretch,
            cell,
            states,
            surfaces,
            options.snow_layers,
            first + begin,
            end - begin,
            begin,
            collector,
        )
        report(share * (end - begin) / count)
    for m, final in enumerate(finals):
        final.put(index, unpack_state(states[m][:, :used], final))
        scatter_outputs(collector, m, requests, index, results[m])


def start_reference(
    own: Parameters,
    members: list[State],
    stretch: Stretch,
    leaf: LeafParameters,
    cell: np.ndarray,
    first: int,
    z_t: float,
    options: ModelOptions,
) -> None:
    """Set A_n,ref of the members from the first record of the run, where it is missing or always recomputed."""
    record = stretch.records[first // stretch.per_interval][:, cell]
    values = dict(zip(FIELDS, record, strict=True))
    density = air_density.py_func(values["tair"], values["qair"], values["psurf"], z_t)
    reference = np.zeros(len(cell))
    reference_assimilation(leaf, values["co2air"] / density, reference)
    for member in members:
        missing = options.recompute_assimilation_reference | (member.assimilation_reference == 0.0)
        member.assimilation_reference[:] = np.where(missing & own.vegetated, reference, member.assimilation_reference)


def pack_state(state: State) -> np.ndarray:
    """The state as rows (row, column), in the order of `State.names()`."""
    return np.concatenate([np.atleast_2d(value) for value in state.as_dict().values()])


def unpack_state(rows: np.ndarray, like: State) -> State:
    """The inverse of `pack_state` for a state with the layers of `like`."""
    fields = {}
    first = 0
    for name, value in like.as_dict().items():
        layers = value.shape[0] if value.ndim == 2 else 1
        fields[name] = rows[first : first + layers] if value.ndim == 2 else rows[first]
        first += layers
    return State(**fields)


def _check_state(state: State, parameters: Parameters, options: ModelOptions) -> None:
    if state.columns != parameters.columns:
        raise InputError(f"state: expected {parameters.columns} columns as in the parameters, got {state.columns}")
    if state.snow_layers != options.snow_layers:
        raise InputError(f"state snow_swe: expected {options.snow_layers} snow layers, got {state.snow_layers}")
    state.check(parameters.w_sat, parameters.n_water)


def _steps_of(
    forcing: Forcing, options: ModelOptions, start: np.datetime64 | None, steps: int | None
) -> tuple[int, int]:
    """(first step, number of steps), counted from the first record."""
    ratio = forcing.interval / options.time_step
    if abs(ratio - round(ratio)) > 1e-9 or round(ratio) < 1:
        raise InputError(
            f"time_step: expected a divisor of the forcing interval {forcing.interval:g} s, got {options.time_step:g} s"
        )
    available = (forcing.tair.shape[0] - 1) * round(ratio)
    elapsed = 0.0 if start is None else (start - forcing.start) / np.timedelta64(1, "s") / options.time_step
    first = round(elapsed)
    if abs(elapsed - first) > 1e-9 or not 0 <= first <= available:
        raise InputError(f"start: expected a step boundary inside the weather from {forcing.start}, got {start}")
    count = available - first if steps is None else steps
    if not 0 <= count <= available - first:
        raise InputError(f"steps: expected 0 to {available - first} steps of weather, got {count}")
    return first, count


def stretch_of(forcing: Forcing, options: ModelOptions, first: int, count: int) -> Stretch:
    per_interval = round(forcing.interval / options.time_step)
    sun_first = first // per_interval * per_interval
    sun_last = -(-(first + count) // per_interval) * per_interval
    seconds = np.arange(sun_first, sun_last) * options.time_step
    times = forcing.start.astype("datetime64[ms]") + np.round(seconds * 1000.0).astype("timedelta64[ms]")
    dates = times.astype("datetime64[D]")
    second_of_day = (times - dates) / np.timedelta64(1, "s")
    day_of_year = (dates - times.astype("datetime64[Y]").astype("datetime64[D]")) // np.timedelta64(1, "D") + 1
    since_update = second_of_day - 3600.0 * options.vegetation_update_hour
    held = {field for name in options.constant_forcing for field in _fields_of(name)}
    return Stretch(
        records=np.stack([getattr(forcing, name) for name in FIELDS], axis=1),
        held=np.array([name in held for name in FIELDS]),
        per_interval=per_interval,
        suns=sun_positions(times),
        sun_first=sun_first,
        vegetation_day=np.where((since_update >= 0.0) & (since_update < options.time_step), day_of_year, 0),
    )


def _fields_of(name: str) -> tuple[str, ...]:
    if name not in ALMA_NAMES:
        raise InputError(f"constant_forcing: expected names among {', '.join(ALMA_NAMES)}, got {name}")
    return ALMA_NAMES[name]
