"""Bringing soil water and vegetation into balance before the first cycle: one year repeated."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from ldas.cycle import DAY, Service
from ldas.errors import RecordError
from ldas.forcing import interpolation_options, to_model_forcing, window_forcing
from ldas.model.constants import RHO_W
from ldas.model.state import State
from ldas.record import expire

WINDOWS_BETWEEN_COMMITS = 10


@dataclass(frozen=True)
class Change:
    """Difference between the ends of two passes: domain mean and largest cell, soil water kg m-2 and LAI m2 m-2."""

    passed: int
    water_mean: float
    water_largest: float
    lai_mean: float
    lai_largest: float


def spin_up(
    service: Service,
    year: int,
    passes: int,
    *,
    stop_below: float | None = None,
    progress: Callable[[int, float], None] | None = None,
    report: Callable[[Change], None] | None = None,
) -> list[Change]:
    """Run the open loop `passes` times over the year that begins in `year` on the day of the record's start.

    Both states of a record without cycles are replaced. The run is committed every few windows and goes on where it
    stopped when repeated. `stop_below` (kg m-2) ends it after the first pass that changed the soil water of no cell by
    more; without it every pass is made. `progress` gets the pass and the share of it done, `report` each change.
    Raises RecordError when the record has cycles, or holds a spin-up of another year.
    """
    record = service.record
    first, last = _year_from(record.start, year)
    kept, before = record.spinup()
    if kept and kept["year"] != year:
        raise RecordError(f"{record.settings.uri}: its spin-up repeats {kept['year']}, got {year}; start a new record")
    done, windows = kept.get("passes", 0), kept.get("windows", 0)
    changes = [Change(**change) for change in kept.get("changes", [])]
    snapshot = record.load()
    parent, state, length = snapshot.id, snapshot.analysis, (last - first).days
    if not before:
        before = _totals(service, state)
    while done < passes and not _settled(changes, stop_below):
        state = _run_window(service, state, first + windows * DAY)
        windows += 1
        if windows == length:
            after = _totals(service, state)
            done, windows = done + 1, 0
            changes.append(_change(done, before, after))
            before = after
            if report:
                report(changes[-1])
        if windows % WINDOWS_BETWEEN_COMMITS == 0:
            kept = {"year": year, "passes": done, "windows": windows, "changes": [vars(change) for change in changes]}
            parent = record.commit_spinup(parent, state, kept, before)
            expire(record)
        if progress:
            progress(done, windows / length)
    return changes


def _year_from(start: datetime, year: int) -> tuple[datetime, datetime]:
    day = 28 if (start.month, start.day) == (2, 29) else start.day
    return start.replace(year=year, day=day), start.replace(year=year + 1, day=day)


def _run_window(service: Service, state: State, t0: datetime) -> State:
    profile, domain = service.profile, service.record.domain
    weather = window_forcing(profile.forcing, domain.grid, t0, t0 + DAY, service.cache, domain.maps.get("elevation"))
    options = profile.model.model_copy(update=interpolation_options(weather))
    (end,) = service.run(domain.parameters, [state], to_model_forcing(weather, domain.columns), options)
    return end


def _totals(service: Service, state: State) -> dict[str, np.ndarray]:
    """Soil water with ice, kg m-2, and LAI of each cell that has columns."""
    domain = service.record.domain
    p = domain.parameters
    thickness = np.diff(p.layer_bottom, axis=0, prepend=0.0)
    active = np.arange(len(thickness))[:, None] < p.n_water
    water = RHO_W * np.where(active, (state.wg + state.wgi) * thickness, 0.0).sum(axis=0)
    maps = {"water": domain.columns.cell_mean(water), "lai": domain.columns.cell_mean(state.lai)}
    return {name: values[np.isfinite(values)] for name, values in maps.items()}


def _change(passed: int, before: dict[str, np.ndarray], after: dict[str, np.ndarray]) -> Change:
    water, lai = after["water"] - before["water"], after["lai"] - before["lai"]
    return Change(passed, float(water.mean()), float(np.abs(water).max()), float(lai.mean()), float(np.abs(lai).max()))


def _settled(changes: list[Change], stop_below: float | None) -> bool:
    return stop_below is not None and bool(changes) and changes[-1].water_largest <= stop_below
