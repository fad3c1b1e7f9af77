"""Run the windows of a period: the daily loop with an end, and progress to watch."""

from datetime import datetime

from prefect import flow

from flows.common import ProfilePath, run_name, service_of, utc
from flows.daily import daily
from ldas.cycle import check_start


@flow(flow_run_name=run_name, retries=0)
def backfill(profile: ProfilePath, start: datetime, end: datetime) -> int:
    """Run the windows of a period that the record does not have yet, in order, then publish once.

    Args:
        profile: Profile of the domain (YAML file).
        start: Date and time (UTC) at which the first window begins; the record's end or before, so that no gap is left.
        end: Date and time (UTC) by which the last window has ended.
    """
    check_start(service_of(profile).record, utc(start))
    return daily(profile, until=end)
