"""Late data: which past windows would look different today, and making them anew."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from ldas.cycle import DAY, Report, Run, Service, run_until
from ldas.observations import GranuleRef, available
from ldas.record import Provenance, begin_replay, finish_replay


def late_since(service: Service) -> datetime | None:
    """End of the first committed window for which the catalogue now holds a new or better granule; None without.

    Looks back the `…_look_back_days` of each product from the last cycle. Raises TransientError, AccessError
    or InputError when the catalogue cannot be asked.
    """
    record, window = service.record, service.profile.window
    last = record.time
    look_back = {
        "ssm": window.ssm_look_back_days,
        "lai": window.lai_look_back_days,
        "surface_state": window.surface_state_look_back_days,
    }
    first = max(last - timedelta(days=max(look_back.values())), record.start + DAY)
    if first > last:
        return None
    granules = available(service.profile.observations, record.domain.grid, first.date(), last.date())
    in_time = [
        granule for granule in granules if last.date() - granule.nominal <= timedelta(days=look_back[granule.product])
    ]
    late = late_dates(in_time, record.cycles())
    return window_end(record.start, min(late)) if late else None


def late_dates(granules: Iterable[GranuleRef], cycles: Iterable[Provenance]) -> set[date]:
    """Dates of committed windows whose granule was not seen then, or is another version, revision or file now."""
    seen = {entry.time.date(): {_key(granule) for granule in entry.seen} for entry in cycles}
    return {
        granule.nominal
        for granule in granules
        if granule.nominal in seen and _key(granule.provenance()) not in seen[granule.nominal]
    }


def replay(service: Service, first: datetime, report: Report | None = None) -> Run:
    """Make the windows from the one that ends at `first` to the last cycle anew, then switch to them in one step.

    Readers see the old history until the switch. A replay that was interrupted goes on where it stopped. Raises
    RecordError when the state before `first` has expired, ForcingUnavailable when weather is missing, CommitConflict
    when another process moved `main` meanwhile; the record is then as before.
    """
    record = service.record
    branch = begin_replay(record, first - DAY)
    done = run_until(replace(service, record=branch), record.time, report)
    if done.waiting_for is not None:
        raise done.waiting_for
    finish_replay(record, branch)
    return done


def window_end(start: datetime, day: date) -> datetime:
    """End of the window that ends on a day, for windows that begin at the hour of `start`."""
    return datetime(day.year, day.month, day.day, start.hour, tzinfo=UTC)


def _key(granule: dict[str, object]) -> tuple[object, ...]:
    return tuple(granule[name] for name in ("product", "id", "version", "revision", "checksum"))
