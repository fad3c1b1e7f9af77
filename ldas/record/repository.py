"""The record itself: create, open, load the last cycle, commit the next one, read what is stored."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import icechunk
import numpy as np
import xarray as xr
import zarr

from ldas.assimilation.moments import PairMoments
from ldas.assimilation.rescaling import RescalingParameters
from ldas.config import RecordSettings
from ldas.errors import CommitConflict, RecordError
from ldas.grid import Columns, Grid
from ldas.model.parameters import Parameters
from ldas.model.state import State
from ldas.record.arrays import array_at, attributes_at, values_at
from ldas.record.configuration import check_configuration, grid_hash, parameter_hash
from ldas.record.contents import CycleResult, Domain, Provenance, Snapshot
from ldas.record.storage import exclusive, open_storage, repository_config, storage_settings, storing
from ldas.record.template import FORMAT, PAIRS, RESCALING, STATES, check_layout, layout
from ldas.record.writing import (
    check_complete,
    check_state,
    write_first,
    write_pairs,
    write_rescaling,
    write_series,
    write_spinup,
    write_states,
)

MAIN = "main"


class Record:
    """One branch of a domain's Icechunk repository.

    Cycle N can only be committed on cycle N - 1; a commit holds all groups or nothing. Readers open a snapshot and
    never see it change. Two processes may hold the same record: one of two commits on the same parent succeeds, the
    other raises CommitConflict.
    """

    def __init__(self, settings: RecordSettings, repository: icechunk.Repository, branch: str = MAIN) -> None:
        self.settings = settings
        self.repository = repository
        self.branch = branch

    @classmethod
    def create(
        cls,
        settings: RecordSettings,
        domain: Domain,
        start: datetime,
        state: State,
        configuration: Mapping[str, Any],
        rescaling: RescalingParameters | None = None,
    ) -> "Record":
        """A new record whose analysis and open loop are both `state`, valid at `start`, without any cycle.

        `rescaling` are parameters fitted beforehand to pairs with this model on these cells; they become the record's.
        Raises RecordError when the address already holds a record. A creation that was interrupted can be repeated.
        """
        with storing(settings), exclusive(settings):
            repository = icechunk.Repository.open_or_create(open_storage(settings), repository_config(settings))
            session = repository.writable_session(MAIN)
            root = zarr.open_group(session.store, mode="a")
            if attributes_at(root):
                raise RecordError(f"{settings.uri}: holds a record already; choose another record.uri or remove it")
            write_first(root, domain, start, state, configuration, rescaling)
            session.commit("initial state", metadata={"time": start.astimezone(UTC).isoformat(), "kind": "initial"})
        return cls(settings, repository)

    @classmethod
    def open(cls, settings: RecordSettings, configuration: Mapping[str, Any] | None = None) -> "Record":
        """An existing record; with a `configuration` raises RecordError when it is not the one it was made with."""
        with storing(settings):
            storage = open_storage(settings)
            if not icechunk.Repository.exists(storage, storage_settings(settings)):
                raise RecordError(f"{settings.uri}: there is no record; make it with `ldas init`")
            record = cls(settings, icechunk.Repository.open(storage, repository_config(settings)))
            if next(record.history(), None) is None:
                raise RecordError(f"{settings.uri}: the creation of this record was interrupted; repeat `ldas init`")
            attributes = attributes_at(record.root())
        if attributes["format"] != FORMAT:
            raise RecordError(f"{settings.uri}: format {attributes['format']}, this version reads format {FORMAT}")
        if configuration is not None:
            check_configuration(settings.uri, attributes["configuration"], configuration)
        return record

    def on_branch(self, branch: str) -> "Record":
        """The same repository seen from another branch."""
        other = Record(self.settings, self.repository, branch)
        other.__dict__["domain"] = self.domain
        return other

    def root(self, snapshot: str | None = None) -> zarr.Group:
        """The read-only root group of the branch's last commit or of a given one."""
        with storing(self.settings):
            return zarr.open_group(self._session(snapshot).store, mode="r")

    @property
    def identity(self) -> dict[str, str]:
        """Hashes of grid, parameters and configuration."""
        return dict(attributes_at(self.root())["hashes"])

    @property
    def start(self) -> datetime:
        """Start of the first window."""
        return datetime.fromisoformat(attributes_at(self.root())["start"])

    @property
    def time(self) -> datetime:
        """Valid time of the states: end of the last committed window."""
        return _time(self.root())

    @property
    def tip(self) -> str:
        """Last commit of the branch."""
        with storing(self.settings):
            return self.repository.lookup_branch(self.branch)

    @cached_property
    def domain(self) -> Domain:
        """Grid, maps, columns and parameters; raises RecordError when they are not those of the recorded hashes."""
        with storing(self.settings):
            session = self._session()
            root = zarr.open_group(session.store, mode="r")
            attributes = attributes_at(root)
            grid = Grid(**attributes["grid"])
            maps = xr.open_zarr(session.store, group="grid", consolidated=False, chunks=None, mask_and_scale=False)
            columns = Columns(
                grid.shape, *(values_at(root, f"grid/columns/{name}") for name in ("cell", "patch", "fraction"))
            )
            parameters = Parameters(**{name: values_at(root, f"grid/parameters/{name}") for name in Parameters.names()})
            domain = Domain(grid, maps.load(), columns, parameters)
        for what, found in (("grid", grid_hash(domain)), ("parameters", parameter_hash(domain))):
            if found != attributes["hashes"][what]:
                raise RecordError(f"{self.settings.uri}: the {what} are not those the record was made with")
        return domain

    def load(self, commit: str | None = None) -> Snapshot:
        """States, statistics and clock after the last cycle, or as of a given commit."""
        with storing(self.settings):
            session = self._session(commit)
            root = zarr.open_group(session.store, mode="r")
            analysis, open_loop = (
                State(**{name: values_at(root, f"state/{which}/{name}") for name in State.names()}) for which in STATES
            )
            pairs = {name: _by_cell(values_at(root, f"moments/pairs/{name}")) for name in PAIRS}
            fitted = {name: _by_cell(values_at(root, f"moments/rescaling/{name}")) for name in RESCALING}
            version = attributes_at(root, "moments/rescaling")
            cycles = array_at(root, "cycles/time").shape[0]
            days_since = np.full((2, self.domain.grid.size), -1, np.int16)
            for row, kind in enumerate(("ssm", "lai")):
                if cycles:
                    last = array_at(root, f"analysis/days_since_{kind}")[cycles - 1]
                    days_since[row] = np.asarray(last).reshape(-1)
        return Snapshot(
            id=session.snapshot_id,
            time=_time(root),
            cycles=cycles,
            analysis=analysis,
            open_loop=open_loop,
            moments=PairMoments(**pairs),
            rescaling=RescalingParameters(version["version"], version["identity"], **fitted),
            days_since=days_since,
        )

    def commit(self, result: CycleResult) -> str:
        """Write everything of one cycle in one commit and return its id.

        Raises CommitConflict when another process committed on the same parent first, RecordError when the cycle is
        not the next one, is incomplete, or does not fit the layout; in all cases nothing has been written.
        """
        with storing(self.settings), exclusive(self.settings):
            session = self._session_on(result.parent)
            root = zarr.open_group(session.store, mode="r+")
            index = self._check_order(root, result.time)
            specs = layout(self.domain, result.analysis.snow_layers)
            check_layout(self.settings.uri, root, specs, index)
            check_complete(self.settings.uri, result, specs)
            write_states(root, {"analysis": result.analysis, "open_loop": result.open_loop}, result.time)
            write_series(root, specs, index, result)
            write_pairs(root, result)
            if result.rescaling is not None:
                write_rescaling(root, result.rescaling)
            commit = session.commit(
                f"cycle {result.time:%Y-%m-%d %H} UTC",
                metadata={"time": result.time.astimezone(UTC).isoformat(), "kind": "cycle", "cycle": index},
            )
            if self.branch == MAIN:
                self.tag(result.time, commit)
        return commit

    def commit_spinup(
        self, parent: str, state: State, progress: Mapping[str, Any], maps: Mapping[str, np.ndarray]
    ) -> str:
        """Replace both states of a record without cycles; `progress` and `maps` come back from `spinup`."""
        with storing(self.settings), exclusive(self.settings):
            session = self._session_on(parent)
            root = zarr.open_group(session.store, mode="r+")
            if array_at(root, "cycles/time").shape[0]:
                raise RecordError(f"{self.settings.uri}: has cycles already; a spin-up belongs before the first cycle")
            specs = layout(self.domain, state.snow_layers)
            check_layout(self.settings.uri, root, specs, 0)
            check_state(self.settings.uri, state, specs)
            write_states(root, dict.fromkeys(STATES, state), _time(root))
            write_spinup(root, progress, maps)
            return session.commit("spin-up", metadata={"time": _time(root).isoformat(), "kind": "spinup"})

    def spinup(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """`progress` and `maps` of the last `commit_spinup`; empty before."""
        with storing(self.settings):
            root = self.root()
            if "spinup" not in root:
                return {}, {}
            progress = attributes_at(root, "spinup")
            return progress["progress"], {name: values_at(root, f"spinup/{name}") for name in progress["maps"]}

    def open_analysis(self, snapshot: str | None = None) -> xr.Dataset:
        """The `analysis` rows on (time[, depth], lat, lon), lazily, of the last or a given commit.

        Missing values are NaN in floating-point rows and the attribute `_FillValue` in integer rows.
        """
        return self._open_series("analysis", snapshot)

    def open_diagnostics(self, snapshot: str | None = None) -> xr.Dataset:
        """The `diagnostic` rows on (time[, control], lat, lon), lazily."""
        return self._open_series("diagnostics", snapshot)

    def cycles(self, snapshot: str | None = None) -> list[Provenance]:
        """Provenance of every committed cycle, oldest first."""
        with storing(self.settings):
            texts = values_at(self.root(snapshot), "cycles/provenance")
        return [Provenance.from_json(str(text)) for text in texts]

    def consistency(self, last: int | None = None) -> np.ndarray:
        """Sums of every cycle, or of the `last` ones, for the sliding statistics, (cycle, 2, sums)."""
        with storing(self.settings):
            sums = array_at(self.root(), "cycles/consistency")
            return np.asarray(sums[0 if last is None else max(0, sums.shape[0] - last) :])

    def history(self) -> Iterator[tuple[str, datetime, datetime]]:
        """(commit, valid time of its states, time it was written) of the branch, newest first."""
        with storing(self.settings):
            for info in self.repository.ancestry(branch=self.branch):
                if "time" in info.metadata:
                    yield info.id, datetime.fromisoformat(str(info.metadata["time"])), info.written_at

    def commit_of(self, time: datetime) -> str:
        """The commit whose states are valid at `time`; raises RecordError when it has expired or never was."""
        for commit, valid, _ in self.history():
            if valid == time:
                return commit
        raise RecordError(
            f"{self.settings.uri}: no commit with the state of {time:%Y-%m-%d %H} UTC; it expired or was never made"
        )

    def tag(self, time: datetime, commit: str) -> None:
        """Tag a commit `cycle/YYYYMMDD`; tags never move, so a name used before gets a revision, `.1`, `.2`."""
        name, taken = f"cycle/{time:%Y%m%d}", self.repository.list_tags()
        revisions = (name, *(f"{name}.{number}" for number in range(1, len(taken) + 2)))
        self.repository.create_tag(next(tag for tag in revisions if tag not in taken), commit)

    def _session(self, snapshot: str | None = None) -> icechunk.Session:
        if snapshot is not None:
            return self.repository.readonly_session(snapshot_id=snapshot)
        return self.repository.readonly_session(self.branch)

    def _session_on(self, parent: str) -> icechunk.Session:
        session = self.repository.writable_session(self.branch)
        if session.snapshot_id != parent:
            raise CommitConflict(
                f"{self.settings.uri}: another process committed first; this one has written nothing, run again to "
                "continue"
            )
        return session

    def _open_series(self, group: str, snapshot: str | None) -> xr.Dataset:
        with storing(self.settings):
            return xr.open_zarr(
                self._session(snapshot).store, group=group, consolidated=False, chunks={}, mask_and_scale=False
            )

    def _check_order(self, root: zarr.Group, time: datetime) -> int:
        """Index on the time axes of the cycle that ends at `time`, which must be one day after the last."""
        last = _time(root)
        if time - last != timedelta(days=1):
            raise RecordError(
                f"{self.settings.uri}: the last cycle ended {last:%Y-%m-%d %H} UTC, so the next must end one day "
                f"later, got {time:%Y-%m-%d %H} UTC"
            )
        return (last - datetime.fromisoformat(attributes_at(root)["start"])) // timedelta(days=1)


def _time(root: zarr.Group) -> datetime:
    return datetime.fromisoformat(attributes_at(root, "state")["time"])


def _by_cell(values: np.ndarray) -> np.ndarray:
    """(dekad, lat, lon) as (dekad, cell)."""
    return values.reshape(values.shape[0], -1)
