"""Run the due windows of a period: the daily loop with an end, and progress to watch."""

from datetime import datetime

from prefect import flow

from flows.common import ProfilePath, run_name
from flows.daily import daily


@flow(flow_run_name=run_name, retries=0)
def backfill(profile: ProfilePath, until: datetime) -> int:
    """Run every due window that has ended by a date, then publish once; the record says where they begin.

    Args:
        profile: Profile of the domain (YAML file).
        until: Date and time (UTC) by which the windows have ended.
    """
    return daily(profile, until=until)
