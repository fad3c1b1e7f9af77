"""Is what consumers read fresh, whole and plausible? Checks of a publication as a reader sees it.

Every check returns findings with the number of values it looked at; a check that looked at nothing has failed.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import xarray as xr

from ldas.dekads import Dekad
from ldas.errors import ValidationError
from ldas.products.catalogs import STATUS, expected_cycle
from ldas.products.publication import ANALYSIS, DROUGHT
from ldas.products.settings import PublicationSettings
from ldas.products.target import Target
from ldas.remote import reading
from ldas.variables import Variable, variables

FILLED = {
    "analysis": ("wg", "wg_ol", "lai", "lai_ol", *variables("product")),
    "drought": ("ssm", "ssm_ol", "rzsm", "rzsm_ol", "lai", "lai_ol"),
}
"""Layers that hold a value in every land cell, observed or not."""
ROUND_OFF = 1e-5


@dataclass(frozen=True)
class Finding:
    """One check: what it looked at, how many values, and the sentence when it failed."""

    check: str
    measured: int
    failure: str = ""


@dataclass(frozen=True)
class Report:
    """All findings of one validation."""

    findings: tuple[Finding, ...]

    @property
    def failures(self) -> list[str]:
        """Sentences of what failed; checks that measured nothing among them."""
        failed = [finding.failure for finding in self.findings if finding.failure]
        empty = [
            f"{finding.check}: measured nothing"
            for finding in self.findings
            if finding.measured == 0 and not finding.failure
        ]
        return failed + empty + ([] if self.findings else ["no check was made"])

    def require(self) -> "Report":
        """This report, or ValidationError listing every failure."""
        if self.failures:
            raise ValidationError("; ".join(self.failures))
        return self


def validate(settings: PublicationSettings, now: datetime, window_hour: int) -> Report:
    """Check the publication at `now` (aware UTC), windows ending at `window_hour`; raises nothing for bad health.

    Raises AccessError or TransientError when the publication cannot be reached.
    """
    target = Target(settings)
    status = target.read(STATUS)
    if status is None or target.read(f"{ANALYSIS}/zarr.json") is None:
        return Report((Finding("publication", 0, f"{target.uri}: nothing is published"),))
    published = json.loads(status)
    land_cells = int(published["counts"]["land_cells"])
    with reading(f"{target.uri}/{ANALYSIS}"):
        analysis = xr.open_zarr(target.zarr_store(ANALYSIS), chunks=None, decode_timedelta=False)
        drought = xr.open_zarr(target.zarr_store(DROUGHT), chunks=None, decode_timedelta=False)
        daily_rows = variables("analysis") | variables("product")
        findings = check_store("analysis", analysis, daily_rows, land_cells, settings)
        due = expected_cycle(now, window_hour)
        findings.append(check_freshness("analysis", _newest(analysis), due, settings.maximum_age()))
        if published["counts"]["dekads"]:
            findings += check_store("drought", drought, variables("drought"), land_cells, settings)
            findings.append(check_dekad(_newest(drought), _newest(analysis)))
    findings.append(check_status(published, _newest(analysis)))
    return Report(tuple(findings))


def check_store(
    name: str, dataset: xr.Dataset, rows: dict[str, Variable], land_cells: int, settings: PublicationSettings
) -> list[Finding]:
    """Layers, time axis, filling and ranges of the newest step of one store."""
    findings = [check_variables(name, dataset, rows), check_times(name, dataset["time"].values)]
    if not dataset.sizes.get("time"):
        return findings
    newest = dataset.isel(time=-1)
    for layer in FILLED[name]:
        if layer in newest:
            findings.append(check_filled(name, newest[layer], land_cells, settings.minimum_valid_fraction))
    for layer, row in rows.items():
        if layer in newest and row.valid_range:
            findings.append(check_range(name, newest[layer], row))
    return findings


def check_variables(name: str, dataset: xr.Dataset, expected: dict[str, Variable]) -> Finding:
    """Every layer of the variable table is there, in its units."""
    missing = sorted(set(expected) - set(dataset.data_vars))
    if missing:
        return Finding(f"{name} layers", len(expected), f"{name}: missing {', '.join(missing)}")
    wrong = [layer for layer, row in expected.items() if dataset[layer].attrs.get("units") != row.units]
    failure = f"{name}: units differ from the variable table in {', '.join(wrong)}" if wrong else ""
    return Finding(f"{name} layers", len(expected), failure)


def check_times(name: str, times: np.ndarray) -> Finding:
    """Times increase without a repeat and without a gap longer than a dekad's length."""
    steps = np.diff(times.astype("datetime64[h]")).astype(int)
    longest = 24 if name == "analysis" else 24 * 11
    failure = ""
    if (steps <= 0).any():
        failure = f"{name}: times repeat or go back"
    elif (steps > longest).any():
        after = np.datetime_as_string(times[int(np.argmax(steps > longest))], unit="h")
        failure = f"{name}: a gap after {after}"
    return Finding(f"{name} times", len(times), failure)


def check_freshness(name: str, newest: datetime | None, due: datetime, maximum_age: timedelta) -> Finding:
    """The newest step is not older than the one due by more than `maximum_age`."""
    if newest is None:
        return Finding(f"{name} freshness", 0, f"{name}: holds no time step")
    behind = due - newest
    hours = behind / timedelta(hours=1)
    failure = ""
    if behind > maximum_age:
        failure = f"{name}: stale, {newest:%Y-%m-%d %H} UTC is {hours:.0f} h behind {due:%Y-%m-%d %H} UTC"
    return Finding(f"{name} freshness", 1, failure)


def check_dekad(newest: datetime | None, newest_day: datetime | None) -> Finding:
    """The newest dekad is the last one that the published days complete."""
    if newest is None or newest_day is None:
        return Finding("drought freshness", 0)
    current = Dekad.of(newest_day.date())
    due = current if newest_day.date() == current.last_day else current.shift(-1)
    found = Dekad.of(newest.date())
    failure = "" if found >= due else f"drought: newest dekad starts {found.first_day}, {due.first_day} is complete"
    return Finding("drought freshness", 1, failure)


def check_filled(name: str, layer: xr.DataArray, land_cells: int, minimum: float) -> Finding:
    """A layer's newest map holds values in enough of the land cells."""
    finite = np.isfinite(layer.values)
    filled = int((finite.all(axis=layer.dims.index("depth")) if "depth" in layer.dims else finite).sum())
    failure = ""
    if filled == 0:
        failure = f"{name}: {layer.name} holds no value"
    elif filled < minimum * land_cells:
        failure = f"{name}: {layer.name} holds {filled} values for {land_cells} land cells"
    return Finding(f"{name} {layer.name} filled", land_cells, failure)


def check_range(name: str, layer: xr.DataArray, row: Variable) -> Finding:
    """All values lie in the variable table's range; float32 round-off at its ends is allowed."""
    values = layer.values[np.isfinite(layer.values)]
    low, high = row.valid_range or (-np.inf, np.inf)
    outside = values[(values < low - ROUND_OFF) | (values > high + ROUND_OFF)]
    failure = ""
    if outside.size:
        failure = f"{name}: {row.name} has {outside.size} values outside {low:g} to {high:g}, such as {outside[0]:g}"
    return Finding(f"{name} {row.name} range", layer.size, failure)


def check_status(status: dict[str, object], newest: datetime | None) -> Finding:
    """`status.json` speaks of the newest published day."""
    said = str(status.get("last_cycle"))
    found = "" if newest is None else f"{newest:%Y-%m-%dT%H:%M:%SZ}"
    return Finding(
        "status", 1, "" if said == found else f"status.json says {said}, the newest day is {found or 'none'}"
    )


def _newest(dataset: xr.Dataset) -> datetime | None:
    if not dataset.sizes.get("time"):
        return None
    return datetime.fromisoformat(str(dataset["time"].values[-1].astype("datetime64[s]"))).replace(tzinfo=UTC)
