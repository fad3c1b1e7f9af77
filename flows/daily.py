"""The daily flow: a catch-up loop. After an outage, a restart or for a backfill it is the same code."""

from datetime import datetime

from prefect import flow, get_run_logger

from flows.common import ProfilePath, run_name, service_of, utc
from flows.tasks import (
    fetch_observations,
    fetch_weather,
    find_late_data,
    publish_record,
    replay_cycles,
    report_cycles,
    run_cycle,
)
from ldas.cycle import due_cycles
from ldas.errors import AccessError, CommitConflict, InputError, TransientError


@flow(flow_run_name=run_name, retries=0)
def daily(profile: ProfilePath, until: datetime | None = None, publish: bool = True) -> int:
    """Replay late granules, run every due window in order, publish.

    Stops without failure at the first window whose weather is not there yet, or that another process has committed
    first.

    Args:
        profile: Profile of the domain (YAML file).
        until: Date and time (UTC) by which the windows have ended; now when left empty.
        publish: Bring the publication up to the record at the end.
    """
    logger = get_run_logger()
    try:
        replayed = _replay_late_data(profile)
    except CommitConflict as reason:
        logger.warning("late data are left to the other process: %s", reason)
        return 0
    committed = 0
    for cycle in due_cycles(service_of(profile).record, utc(until)):
        missing = fetch_weather(profile, cycle)
        if missing:
            logger.warning("cycle %s waits: %s", f"{cycle:%Y-%m-%d}", missing)
            break
        try:
            degraded = fetch_observations(profile, cycle)
        except TransientError as error:
            degraded = [str(error)]
        for sentence in degraded:
            logger.warning("cycle %s degraded: %s", f"{cycle:%Y-%m-%d}", sentence)
        try:
            summary = run_cycle(profile, cycle)
        except CommitConflict as reason:
            logger.warning("cycle %s is left to the other process: %s", f"{cycle:%Y-%m-%d}", reason)
            break
        committed += 1
        logger.info(
            "cycle %s committed: %s SSM and %s LAI assimilated",
            f"{cycle:%Y-%m-%d}",
            summary["ssm_used"],
            summary["lai_used"],
        )
    if publish and (committed or replayed):
        publish_record(profile)
        report_cycles(profile, max(committed, replayed))
    return committed


def _replay_late_data(profile: str) -> int:
    """Replay when the catalogue has something new for a past window; a catalogue that cannot be asked waits."""
    logger = get_run_logger()
    try:
        since = find_late_data(profile)
    except (TransientError, AccessError, InputError) as error:
        logger.warning("late data were not looked for: %s", error)
        return 0
    if since is None:
        return 0
    count = replay_cycles(profile, since)
    logger.info("%s cycles replayed from %s for late data", count, f"{since:%Y-%m-%d}")
    return count
