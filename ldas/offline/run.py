"""One run of the model alone: read everything, check everything, then integrate and write, all or nothing."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import ldas
from ldas.errors import ConfigurationError, InputError
from ldas.model.forcing import Forcing
from ldas.model.integrate import integrate
from ldas.model.options import ModelOptions
from ldas.offline.forcing import read_forcing
from ldas.offline.output import Interval, OutputFile, Statistic, plan_output, width_of_row
from ldas.offline.restart import read_restart, write_restart
from ldas.offline.setup import site_columns, site_parameters, site_state
from ldas.offline.site import load_site

STRETCH_BYTES = 64_000_000
"""Output held in memory before it is written."""


@dataclass(frozen=True)
class RunRequest:
    """Files and period of a run; times are UTC."""

    site: Path
    forcing: Path
    out: Path
    interval: Interval = "step"
    statistic: Statistic = "mean"
    extra: tuple[str, ...] = ()
    restart_in: Path | None = None
    restart_out: Path | None = None
    start: np.datetime64 | None = None
    until: np.datetime64 | None = None


@dataclass(frozen=True)
class RunSummary:
    """What a run did."""

    start: np.datetime64
    end: np.datetime64
    columns: int
    steps: int
    times_written: int
    steps_without_output: int
    """Steps after the last whole output interval."""


def run_offline(request: RunRequest, progress: Callable[[float], None] | None = None) -> RunSummary:
    """Run the site and write the output and, if asked, the restart file.

    Raises an `LdasError` with one sentence for bad input; then neither file is made or changed. `progress` is called
    with the share done.
    """
    _check_paths(request)
    site = load_site(request.site)
    options = site.options
    plan = plan_output(request.interval, request.statistic, options.time_step, request.extra)
    columns = site_columns(site)
    try:
        parameters = site_parameters(site)
        state = site_state(site, parameters) if request.restart_in is None else None
    except InputError as error:
        raise InputError(f"{request.site}: {error}") from error
    begin = request.start
    if request.restart_in is not None:
        state, begin = read_restart(request.restart_in, parameters, columns, options.snow_layers)
        if request.start is not None and request.start != begin:
            raise ConfigurationError(
                f"--from {_word(request.start)}: the restart file {request.restart_in} is of {_word(begin)}"
            )
    assert state is not None
    forcing = read_forcing(request.forcing, columns, site.reference_heights)
    begin, steps = _period(request, forcing, options, begin)
    rows = steps // plan.every
    if rows == 0:
        raise ConfigurationError(f"--interval {plan.interval}: the run from {_word(begin)} is shorter than that")

    attributes = {
        "title": "ISBA-A-gs run on " + ", ".join(columns.names),
        "source": f"ldas {ldas.__version__}",
        "options": options.model_dump_json(),
        "output_interval": plan.interval,
        "output_statistic": plan.statistic,
    }
    row_bytes = 8 * width_of_row(columns.patch.size, options.snow_layers, plan.extra)
    stretch = max(1, STRETCH_BYTES // row_bytes) * plan.every
    with _replacing(request.out) as out, _replacing(request.restart_out) as restart:
        with OutputFile(
            out, plan, columns, parameters, options.snow_layers, begin, options.time_step, attributes
        ) as file:
            done = 0
            while done < steps:
                count = min(stretch, steps - done)

                def report(share: float, done: int = done, count: int = count) -> None:
                    if progress is not None:
                        progress((done + share * count) / steps)

                states, outputs = integrate(
                    parameters,
                    [state],
                    forcing,
                    options,
                    start=_after(begin, done, options),
                    steps=count,
                    outputs=[plan.request],
                    progress=report,
                )
                state = states[0]
                file.append(outputs[0])
                done += count
                # A_n,ref belongs to the start of the run, not to each stretch of it
                options = options.model_copy(update={"recompute_assimilation_reference": False})
        if request.restart_out is not None:
            write_restart(restart, state, _after(begin, steps, options), columns)
    return RunSummary(begin, _after(begin, steps, options), columns.patch.size, steps, rows, steps - rows * plan.every)


def _check_paths(request: RunRequest) -> None:
    """Refuse an output that would replace an input, or that no one could write."""
    inputs = {path.resolve() for path in (request.site, request.forcing) if path is not None}
    written = [path for path in (request.out, request.restart_out) if path is not None]
    for path in written:
        if path.resolve() in inputs:
            raise ConfigurationError(f"{path}: expected an output file other than the input")
        if path.is_dir() or not path.resolve().parent.is_dir():
            raise ConfigurationError(f"{path}: expected a file in a folder that exists")
    if len({path.resolve() for path in written}) < len(written):
        raise ConfigurationError(f"{request.out}: expected different files for output and restart")


def _period(
    request: RunRequest, forcing: Forcing, options: ModelOptions, begin: np.datetime64 | None
) -> tuple[np.datetime64, int]:
    """First instant and number of steps, inside the forcing."""
    per_interval = forcing.interval / options.time_step
    if per_interval != round(per_interval):
        raise InputError(
            f"{request.forcing}: time: expected an interval of whole model steps of {options.time_step:g} s, "
            f"got {forcing.interval:g} s"
        )
    first = forcing.start.astype("datetime64[ns]")
    last = first + _nanoseconds(forcing.interval * (forcing.tair.shape[0] - 1))
    begin = first if begin is None else begin.astype("datetime64[ns]")
    end = last if request.until is None else request.until.astype("datetime64[ns]")
    if not first <= begin < end <= last:
        raise InputError(
            f"{request.forcing}: time: expected weather from {_word(begin)} to {_word(end)}, got {_word(first)} to "
            f"{_word(last)}"
        )
    step = _nanoseconds(options.time_step)
    for word, instant in (("start", begin), ("end", end)):
        if (instant - first) % step != np.timedelta64(0, "ns"):
            raise ConfigurationError(
                f"the {word} of the run, {_word(instant)}: expected whole steps of {options.time_step:g} s after "
                f"{_word(first)}"
            )
    return begin, int((end - begin) // step)


def _nanoseconds(seconds: float) -> np.timedelta64:
    return np.timedelta64(round(seconds * 1e9), "ns")


def _after(begin: np.datetime64, steps: int, options: ModelOptions) -> np.datetime64:
    return begin + _nanoseconds(steps * options.time_step)


def _word(instant: np.datetime64) -> str:
    return str(np.datetime_as_string(instant, unit="s"))


@contextmanager
def _replacing(path: Path | None) -> Iterator[Path]:
    """A temporary neighbour of `path` that takes its place only if the block ends well; None gives no file."""
    if path is None:
        yield Path(os.devnull)
        return
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        part.replace(path)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot write it ({error.strerror or error})") from error
    finally:
        part.unlink(missing_ok=True)
