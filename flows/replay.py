"""Run again from a past cycle on a branch, then move `main` in one step."""

from datetime import datetime

from prefect import flow

from flows.common import ProfilePath, run_name, utc
from flows.tasks import publish_record, replay_cycles, report_cycles


@flow(flow_run_name=run_name, retries=0)
def replay(profile: ProfilePath, since: datetime) -> int:
    """Make the windows from a past one to the last cycle anew, then publish.

    Args:
        profile: Profile of the domain (YAML file).
        since: Date and time (UTC) at which the first of these windows ends.
    """
    count = replay_cycles(profile, utc(since))
    publish_record(profile)
    report_cycles(profile, count)
    return count
