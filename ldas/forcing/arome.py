"""Weather from the GRIB2 packages of AROME 0.025°: runs, ranges, sums since the run's start, masked corners."""

import logging
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np
import xarray as xr
import yaml

from ldas.errors import ForcingUnavailable, InputError
from ldas.forcing.arome_runs import HOUR, candidate_runs, file_url, hours_by_run, ranges_for
from ldas.forcing.checks import hours_of
from ldas.forcing.grib import MessageKey, count_messages, read_messages
from ldas.forcing.humidity import saturation_vapour_pressure, specific_humidity
from ldas.forcing.settings import ForcingSettings
from ldas.forcing.timeline import clip_small_negatives
from ldas.grid import Grid
from ldas.remote import filesystem, fingerprints, reading
from ldas.variables import variables

log = logging.getLogger(__name__)

Messages = dict[tuple[str, int], xr.DataArray]
"""(name in `data/arome.yaml`, lead in h) → field."""


Field = Callable[[str], np.ndarray]


class IncompleteRun(Exception):
    """A run lacks a file, a field or an hour; an earlier run may serve. The text says what is missing."""


@cache
def arome_fields() -> dict[str, dict]:
    """`data/arome.yaml`: the messages that make the weather."""
    text = resources.files("ldas.forcing").joinpath("data", "arome.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)


class AromeSource:
    """The `arome` adapter."""

    def __init__(self, settings: ForcingSettings) -> None:
        self._settings = settings

    def read(self, t0: datetime, t1: datetime, grid: Grid) -> xr.Dataset:
        """See `ldas.forcing.source.ForcingSource`.

        A run that lacks anything is replaced, for all its hours, by the latest earlier one that has it; those records
        carry `fallback`, and the attribute `fallback_reasons` says what was missing. Raises ForcingUnavailable when no
        run is left; a source that does not answer or refuses is never taken for a missing run.
        """
        parts, reasons = [], []
        for run, hours in hours_by_run(hours_of(t0, t1), self._settings.arome).items():
            part, missing = self._first_complete(run, hours, grid)
            parts.append(part)
            reasons += missing
        dataset = xr.concat(parts, dim="time", join="exact", data_vars="minimal")
        return dataset.assign_attrs(fallback_reasons="; ".join(reasons))

    def fingerprints(self, t0: datetime, t1: datetime, grid: Grid) -> dict[str, str]:
        """See `ldas.forcing.source.ForcingSource`; the files of the runs that the rule names."""
        given = self._settings
        urls = []
        for run, hours in hours_by_run(hours_of(t0, t1), given.arome).items():
            names = ranges_for(_needed_leads([(hour - run) // HOUR for hour in hours]), given.arome)
            urls += [file_url(run, package, name, given.arome) for package in given.arome.packages for name in names]
        return fingerprints(urls, given.endpoint_url, given.patience)

    def _first_complete(self, run: datetime, hours: list[datetime], grid: Grid) -> tuple[xr.Dataset, list[str]]:
        reasons: list[str] = []
        for candidate in candidate_runs(run, hours, self._settings.arome):
            try:
                return self._from_run(candidate, hours, grid, fallback=candidate != run), reasons
            except IncompleteRun as missing:
                log.warning("AROME run %s: %s", f"{candidate:%Y-%m-%dT%HZ}", missing)
                reasons.append(f"run {candidate:%Y-%m-%dT%HZ}: {missing}")
        raise ForcingUnavailable(
            f"forcing: {hours[0]:%Y-%m-%dT%H:%MZ} and later are missing: no complete AROME run ({'; '.join(reasons)})"
        )

    def _from_run(self, run: datetime, hours: list[datetime], grid: Grid, fallback: bool) -> xr.Dataset:
        """The hours from one run, on its own grid."""
        leads = [(hour - run) // HOUR for hour in hours]
        messages = self._messages(run, leads, grid)

        def instants(name: str) -> np.ndarray:
            if name == "Qair":
                return np.stack([_specific_humidity(messages, lead) for lead in leads])
            return np.stack([messages[name, lead].values for lead in leads])

        def rates(name: str) -> np.ndarray:
            first = {0: np.zeros_like(messages[name, leads[0]].values)}
            total = {
                lead: messages[name, lead].values for lead in {*leads, *(lead - 1 for lead in leads)} - {0}
            } | first
            return np.stack([(total[lead] - total[lead - 1]) / 3600.0 for lead in leads])

        item = f"AROME run {run:%Y-%m-%dT%HZ}"
        try:
            fields = self._fields(instants, rates, item)
        except InputError as error:
            raise IncompleteRun(str(error)) from error
        template = messages["Tair", leads[0]]
        table = variables("forcing")
        dataset = xr.Dataset(coords={"time": [np.datetime64(hour.replace(tzinfo=None), "ns") for hour in hours]})
        for name, (values, method) in fields.items():
            attributes = {**table[name].attributes(), "cell_methods": method}
            dataset[name] = xr.DataArray(values, dims=("time", "lat", "lon"), coords=template.coords, attrs=attributes)
        made = sorted({_humidity_field(messages, lead) for lead in leads} - {"Qair"})
        if made:
            dataset["Qair"].attrs["comment"] = f"from {', '.join(made)} over water"
            log.warning("%s: Qair is made from %s", item, ", ".join(made))
        count = len(hours)
        return dataset.assign(
            source=("time", np.full(count, "AROME France 0.025 degree")),
            run_time=("time", np.full(count, np.datetime64(run.replace(tzinfo=None), "ns"))),
            lead_hours=("time", np.array(leads, dtype=np.float64), {"units": "hours"}),
            fallback=("time", np.full(count, fallback)),
        )

    def _fields(self, instants: Field, rates: Field, item: str) -> dict[str, tuple[np.ndarray, str]]:
        """ALMA fields; small negative differences from packing become 0, larger ones raise InputError."""
        rain_limit, radiation_limit = self._settings.smallest_rain_rate, self._settings.smallest_radiation
        total, _ = clip_small_negatives(rates("precipitation"), rain_limit, f"{item}: precipitation")
        snow, _ = clip_small_negatives(rates("snow") + rates("graupel"), rain_limit, f"{item}: snow and graupel")
        rain, _ = clip_small_negatives(total - snow, rain_limit, f"{item}: precipitation without snow and graupel")
        fields = {name: (instants(name), "time: point") for name in ("Tair", "Qair", "PSurf", "Wind_E", "Wind_N")}
        fields |= {"Rainf": (rain, "time: mean"), "Snowf": (snow, "time: mean")}
        for name in ("SWdown", "LWdown"):
            fields[name] = (clip_small_negatives(rates(name), radiation_limit, f"{item}: {name}")[0], "time: mean")
        return fields

    def _messages(self, run: datetime, leads: list[int], grid: Grid) -> Messages:
        """Every needed field at every needed lead; raises IncompleteRun naming the first that is missing."""
        needed = _needed_leads(leads)
        found: Messages = {}
        for package in self._settings.arome.packages:
            for name in ranges_for(needed, self._settings.arome):
                with self._local_file(run, package, name) as path:
                    self._check_count(path, package, name)
                    self._collect(path, run, package, set(needed), grid, found)
        for name, row in arome_fields().items():
            names = [name, *(other for other, its in arome_fields().items() if its.get("serves") == name)]
            for lead in needed if row["kind"] == "accumulated" else leads:
                if lead > 0 and "serves" not in row and not any((each, lead) in found for each in names):
                    raise IncompleteRun(f"{' or '.join(names)} at lead {lead} h is missing in {row['package']}")
        return found

    def _collect(self, path: Path, run: datetime, package: str, leads: set[int], grid: Grid, found: Messages) -> None:
        rows = {name: row for name, row in arome_fields().items() if row["package"] == package}

        def name_of(key: MessageKey) -> str | None:
            for name, row in rows.items():
                place = (tuple(row["parameter"]), row["surface"], row["level"])
                if (key.parameter, key.surface, key.level) == place and _is_kind(key, row["kind"]):
                    return name
            return None

        try:
            for key, field in read_messages(path, lambda key: key.end_step in leads and name_of(key) is not None, grid):
                if key.run != run:
                    raise InputError(f"{path.name}: expected run {run:%Y-%m-%dT%HZ}, found {key.run:%Y-%m-%dT%HZ}")
                slot = (str(name_of(key)), key.end_step)
                if not _on_one_grid(field, found):
                    raise InputError(f"{path.name}: {slot[0]} is on another grid than the fields before it")
                if slot in found and key.step_type == "instant":
                    continue
                found[slot] = field
        except InputError as error:
            raise IncompleteRun(str(error)) from error

    def _check_count(self, path: Path, package: str, name: str) -> None:
        expected = self._settings.arome.message_counts.get(f"{package}/{name}")
        if expected is None:
            return
        try:
            count = count_messages(path)
        except InputError as error:
            raise IncompleteRun(str(error)) from error
        if count != expected:
            raise IncompleteRun(f"{package}/{name}: expected {expected} messages, got {count}")

    @contextmanager
    def _local_file(self, run: datetime, package: str, name: str) -> Iterator[Path]:
        """The file here, fetched if it is elsewhere and removed afterwards; raises IncompleteRun when there is none."""
        url = file_url(run, package, name, self._settings.arome)
        with tempfile.TemporaryDirectory(prefix="ldas-arome-") as scratch:
            try:
                with reading(url):
                    fs, path = filesystem(url, self._settings.endpoint_url, patience=self._settings.patience)
                    if "file" in fs.protocol:
                        local, size = Path(path), Path(path).stat().st_size
                    else:
                        local, size = Path(scratch) / f"{package}_{name}.grib2", fs.size(path)
                        fs.get_file(path, str(local))
            except FileNotFoundError as error:
                raise IncompleteRun(f"{url} does not exist") from error
            if size is not None and local.stat().st_size != size:
                raise IncompleteRun(f"{url}: expected {size} bytes, got {local.stat().st_size}")
            yield local


def _needed_leads(leads: list[int]) -> list[int]:
    """The leads, and those before them from which sums are differenced."""
    return sorted({*leads, *(lead - 1 for lead in leads)})


def _humidity_field(messages: Messages, lead: int) -> str:
    """The field that gives the humidity of a lead: the specific one where there is one (data document §2.1)."""
    return next(name for name in ("Qair", "relative_humidity", "dew_point") if (name, lead) in messages)


def _specific_humidity(messages: Messages, lead: int) -> np.ndarray:
    """q, kg kg-1; saturation over water, the convention at screen level."""
    name = _humidity_field(messages, lead)
    given = messages[name, lead].values
    if name == "Qair":
        return given
    if name == "dew_point":
        vapour = saturation_vapour_pressure(given)
    else:
        vapour = given / 100.0 * saturation_vapour_pressure(messages["Tair", lead].values)
    return specific_humidity(vapour, messages["PSurf", lead].values)


def _is_kind(key: MessageKey, kind: str) -> bool:
    """Sums are taken whether labelled `accum` or `instant`, if they run from the start; maxima and means never."""
    if kind == "instant":
        return key.step_type == "instant"
    return key.step_type == "instant" or (key.step_type == "accum" and key.start_step == 0)


def _on_one_grid(field: xr.DataArray, found: Messages) -> bool:
    first = next(iter(found.values()), field)
    return all(field.indexes[axis].equals(first.indexes[axis]) for axis in ("lat", "lon"))
