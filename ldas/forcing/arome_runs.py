"""Which AROME run gives which hour, and which files hold it (data document §2.1; rules in `AromeSettings`)."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import pandas as pd

from ldas.errors import ConfigurationError
from ldas.forcing.settings import AromeSettings

HOUR = timedelta(hours=1)


def runs_before(moment: datetime, settings: AromeSettings) -> Iterator[datetime]:
    """Runs of `run_hours` that are old enough for `moment` (aware UTC), the latest first, up to `longest_lead`."""
    for lead in range(settings.first_lead, settings.longest_lead + 1):
        run = moment - lead * HOUR
        if run.hour in settings.run_hours and run.minute == 0:
            yield run


def hours_by_run(hours: pd.DatetimeIndex, settings: AromeSettings) -> dict[datetime, list[datetime]]:
    """The run that the rule names → the hours (aware UTC) it gives, in order of time.

    With `run_hours` 0 and `first_lead` 1 the window 18 to 18 UTC takes leads 18 to 24 of one run, the record at 00 UTC
    included, and leads 1 to 18 of the next.
    """
    groups: dict[datetime, list[datetime]] = {}
    for hour in hours:
        moment = hour.tz_localize("UTC").to_pydatetime()
        run = next(runs_before(moment, settings), None)
        if run is None:
            raise ConfigurationError(
                f"forcing.arome.run_hours: no run of {settings.run_hours} reaches {moment:%Y-%m-%dT%H:%MZ} within "
                f"{settings.longest_lead} h"
            )
        groups.setdefault(run, []).append(moment)
    return groups


def candidate_runs(run: datetime, hours: list[datetime], settings: AromeSettings) -> Iterator[datetime]:
    """The named run, then earlier ones that still reach the last of `hours`."""
    latest_lead = (hours[-1] - run) // HOUR
    for earlier in range(settings.longest_lead - latest_lead + 1):
        candidate = run - earlier * HOUR
        if candidate.hour in settings.run_hours:
            yield candidate


def ranges_for(leads: list[int], settings: AromeSettings) -> list[str]:
    """Names of the file ranges, for example `07H12H`, that hold the leads."""
    found = []
    for name in settings.ranges:
        match = re.fullmatch(r"(\d+)H(\d+)H", name)
        if match is None:
            raise ConfigurationError(f"forcing.arome.ranges: expected names like 00H06H, got {name!r}")
        if any(int(match[1]) <= lead <= int(match[2]) for lead in leads):
            found.append(name)
    return found


def file_url(run: datetime, package: str, name: str, settings: AromeSettings) -> str:
    """Address of one package and range of a run."""
    return settings.url_template.format(run=f"{run:%Y-%m-%dT%H:00:00Z}", package=package, range=name)
