"""The cycle of a running service: one window from reading to commit, and the catch-up loop over the due ones."""

import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

import ldas
from ldas.assimilation.analysis import model_equivalents
from ldas.assimilation.diagnostics import consistency_sums, domain_summary, sliding_summary
from ldas.assimilation.domain import AnalysisDomain
from ldas.assimilation.quality_control import CellObservations, Flag
from ldas.assimilation.rescaling import rescale, to_volumetric
from ldas.config import Profile
from ldas.cycle_maps import cycle_maps
from ldas.dekads import Dekad
from ldas.errors import AccessError, ForcingUnavailable, InputError, TransientError
from ldas.forcing import interpolation_options, to_model_forcing, window_forcing
from ldas.observations import Observations, collect
from ldas.observations.surface_state import FROZEN
from ldas.record import MAIN, CycleResult, Domain, Provenance, Record, Snapshot, expire, state_configuration
from ldas.seasonal import add_pairs, refit, refit_is_due
from ldas.tiles import open_integrator
from ldas.window import Integrator, WindowModel, integrate_here, run_window

DAY = timedelta(days=1)
CYCLES_BETWEEN_EXPIRIES = 30
Report = Callable[[Provenance], None]
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Service:
    """A profile with its open record and what every window of it shares."""

    profile: Profile
    record: Record
    model: WindowModel
    run: Integrator = integrate_here
    observe: Callable[[datetime, datetime], Observations] | None = None
    """Stands in for the profile's catalogue (twin experiments, tests)."""

    @property
    def cache(self) -> Path:
        return cache_folder(self.profile)


@dataclass
class Stopwatch:
    """Wall time by step."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def __call__(self, step: str) -> Iterator[None]:
        begin = time.perf_counter()
        yield
        self.seconds[step] = round(time.perf_counter() - begin, 3)


@dataclass(frozen=True)
class Run:
    """What a catch-up loop did."""

    committed: list[Provenance]
    waiting_for: ForcingUnavailable | None
    """Why it stopped before its last due window; None when it reached it."""


def cache_folder(profile: Profile) -> Path:
    """Folder of downloaded files of a domain: under `LDAS_CACHE`, or `~/.cache/ldas`."""
    root = os.environ.get("LDAS_CACHE")
    return (Path(root) if root else Path.home() / ".cache" / "ldas") / profile.domain.name


def open_service(profile: Profile) -> Service:
    """The record of a profile, checked against it, with the model and filter on its columns."""
    record = Record.open(profile.record, state_configuration(profile))
    return Service(profile, record, window_model(profile, record.domain), open_integrator(profile.dask_scheduler))


def window_model(profile: Profile, domain: Domain) -> WindowModel:
    """Model and filter of a profile on the columns of a domain."""
    maps = {name: domain.maps[name].values for name in ("clay", "urban_fraction", "water_fraction", "slope")}
    analysis_domain = AnalysisDomain.from_parameters(domain.columns, domain.parameters, **maps)
    return WindowModel(domain.parameters, analysis_domain, profile.model, profile.assimilation, profile.experiment)


def due_cycles(record: Record, until: datetime) -> list[datetime]:
    """Ends of the windows after the last cycle that have ended by `until` (aware UTC), in order."""
    last = record.time
    return [last + DAY * k for k in range(1, max(0, (until - last) // DAY) + 1)]


def check_start(record: Record, start: datetime) -> None:
    """Raise InputError for windows from `start` (aware UTC) on that would leave a gap after the last cycle."""
    if start > record.time:
        raise InputError(
            f"start {start:%Y-%m-%dT%H:%M}: expected {record.time:%Y-%m-%dT%H:%M} or before, the end of the last "
            "cycle, as cycles follow each other without gap"
        )


def run_until(service: Service, until: datetime, report: Report | None = None) -> Run:
    """Run every due window in order, each committed before the next begins.

    Stops at the first window whose weather is not there, with nothing of it written; all other failures are raised.
    A run that was killed is repeated: it goes on from the last commit. `report` is called after each commit.
    """
    committed: list[Provenance] = []
    for _ in due_cycles(service.record, until):
        try:
            done = run_next(service)
        except ForcingUnavailable as reason:
            return Run(committed, reason)
        committed.append(done)
        if report:
            report(done)
    return Run(committed, None)


def run_next(service: Service) -> Provenance:
    """Run the window after the last cycle and commit it.

    Raises ForcingUnavailable when its weather is missing and CommitConflict when another process was faster; in both
    cases, as in any other failure, nothing has been written.
    """
    snapshot = service.record.load()
    result = make_cycle(service, snapshot)
    service.record.commit(result)
    _log.info("cycle %s committed", f"{result.time:%Y-%m-%d %H} UTC")
    if service.record.branch == MAIN and (snapshot.cycles + 1) % CYCLES_BETWEEN_EXPIRIES == 0:
        expire(service.record)
    return result.provenance


def make_cycle(service: Service, snapshot: Snapshot) -> CycleResult:
    """One window, from the state at its start to everything its commit holds; writes nothing."""
    profile, domain, watch = service.profile, service.record.domain, Stopwatch()
    t0, t1 = snapshot.time, snapshot.time + DAY
    identity = service.record.identity["configuration"]
    with watch("forcing"):
        weather = window_forcing(profile.forcing, domain.grid, t0, t1, service.cache, domain.maps.get("elevation"))
        forcing = to_model_forcing(weather, domain.columns)
        options = profile.model.model_copy(update=interpolation_options(weather))
    with watch("observations"):
        found = observe(service, t0, t1)
        observed = to_cells(found, snapshot, service.model, t1, identity)
    with watch("integration and analysis"):
        model = replace(service.model, options=options)
        window = run_window(model, snapshot.open_loop, snapshot.analysis, forcing, observed.cells, service.run)
    with watch("statistics"):
        settings = profile.assimilation
        moments = add_pairs(
            snapshot.moments,
            t1,
            observed.ssm,
            window.analysis.flags,
            window.open_loop,
            model.domain,
            settings.in_force().ssm_patches,
        )
        due = refit_is_due(settings.rescaling, t1, snapshot.cycles)
        rescaling = refit(moments, settings.rescaling, domain, t1, identity) if due else None
        sums = consistency_sums(window.analysis, model_equivalents(window.open_loop, model.domain, settings))
        windows = np.concatenate([service.record.consistency(settings.sliding_windows - 1), sums[None]])
        summary = domain_summary(window.analysis, model.domain, settings) | sliding_summary(windows, settings)
        maps = cycle_maps(window, model.domain, domain.columns, snapshot.days_since, observed.method, observed.ssm)
    return CycleResult(
        parent=snapshot.id,
        time=t1,
        analysis=window.analysed,
        open_loop=window.open_loop,
        maps=maps,
        consistency=sums,
        provenance=Provenance(
            time=t1,
            code_version=ldas.__version__,
            configuration=identity,
            forcing=forcing_provenance(weather),
            observations=[granule.provenance() for granule in found.used],
            seen=[granule.provenance() for granule in found.seen],
            degraded=list(found.degraded),
            rescaling_version=snapshot.rescaling.version,
            summary=dict(summary),
            seconds=watch.seconds,
        ),
        dekad=Dekad.of(t1).number - 1,
        moments=moments,
        rescaling=rescaling,
    )


def observe(service: Service, t0: datetime, t1: datetime) -> Observations:
    """Observations of a window; a source that fails gives none and a sentence in `degraded`, never an error."""
    profile = service.profile
    try:
        if service.observe is not None:
            return service.observe(t0, t1)
        return collect(profile.observations, service.record.domain.grid, t0, t1, service.cache / "observations")
    except (TransientError, AccessError, InputError) as error:
        return Observations(degraded=[f"no observations: {error}"])


@dataclass(frozen=True)
class Observed:
    """A window's observations on cells: as the filter takes them, and SSM before rescaling (m3 m-3)."""

    cells: CellObservations
    ssm: np.ndarray
    method: np.ndarray
    """How the rescaling parameters of each cell were found, int8 (cell,)."""


def to_cells(found: Observations, snapshot: Snapshot, model: WindowModel, t1: datetime, identity: str) -> Observed:
    """Observations on the grid as arrays over cells, SSM rescaled to the open loop's climatology.

    SSM of cells that the surface state calls frozen is flagged so; cells of which it knows nothing are left alone.
    """
    size = model.domain.cells
    ssm = deviation = np.full(size, np.nan)
    if found.ssm is not None:
        w_sat, units = model.domain.aggregate(model.domain.w_sat[1]), str(found.ssm.attrs["units"])
        ssm = to_volumetric(_flat(found.ssm["value"]), units, w_sat)
        deviation = to_volumetric(_flat(found.ssm["uncertainty"]), units, w_sat)
    day = t1.timetuple().tm_yday
    rescaled = rescale(snapshot.rescaling, ssm, deviation, day, identity, model.settings.rescaling)
    frozen = np.zeros(size, bool)
    if found.surface_state is not None:
        frozen = np.isfinite(ssm) & ((_flat(found.surface_state["flags"]).astype(int) & FROZEN) != 0)
    cells = CellObservations.on_cells(
        size,
        ssm=rescaled.value,
        lai=None if found.lai is None else _flat(found.lai["value"]),
        ssm_deviation=rescaled.deviation,
        ssm_inflation=rescaled.inflation,
        ssm_count=None if found.ssm is None else _flat(found.ssm["count"]),
        ssm_flags=rescaled.flags | np.where(frozen, np.int32(Flag.FROZEN), np.int32(0)),
    )
    return Observed(cells, ssm, rescaled.method)


def forcing_provenance(weather: xr.Dataset) -> list[dict[str, Any]]:
    """Source and run of every hour, consecutive hours of one run together."""
    hours = zip(
        weather["time"].values.astype("datetime64[s]").astype(str),
        weather["source"].values.astype(str),
        weather["run_time"].values.astype("datetime64[s]").astype(str),
        weather["fallback"].values.astype(bool),
        strict=True,
    )
    entries = []
    for (source, run_time, fallback), group in groupby(hours, key=lambda hour: hour[1:]):
        times = [str(hour[0]) for hour in group]
        run = None if run_time == "NaT" else str(run_time)
        entries.append(
            {"source": str(source), "run_time": run, "first": times[0], "last": times[-1], "fallback": bool(fallback)}
        )
    return entries


def _flat(field_: xr.DataArray) -> np.ndarray:
    return np.asarray(field_.transpose("lat", "lon").values, dtype=float).reshape(-1)
