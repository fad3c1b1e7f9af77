"""Keep the record and the Prefect database bounded."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from prefect import flow, get_client, get_run_logger, task
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterEndTime
from pydantic import Field

from flows.common import ProfilePath, run_name, service_of
from ldas.record import expire

PAGE = 200


@task(retries=2, retry_delay_seconds=60)
def expire_record(profile: str) -> int:
    """Expire old snapshots and collect garbage; returns the bytes freed."""
    return expire(service_of(profile).record).bytes


@task(retries=2, retry_delay_seconds=60)
def trim_runs(keep_days: int) -> int:
    """Delete flow runs that ended more than `keep_days` ago from the Prefect database; returns how many."""
    before = datetime.now(UTC) - timedelta(days=keep_days)
    old = FlowRunFilter(end_time=FlowRunFilterEndTime.model_validate({"before_": before}))
    deleted = 0
    with get_client(sync_client=True) as client:
        while runs := client.read_flow_runs(flow_run_filter=old, limit=PAGE):
            for run in runs:
                client.delete_flow_run(run.id)
            deleted += len(runs)
    return deleted


@flow(flow_run_name=run_name, retries=0)
def maintenance(profile: ProfilePath, keep_days: Annotated[int, Field(ge=7)] = 90) -> None:
    """Expiry and garbage collection of the record, retention of the Prefect database.

    Args:
        profile: Profile of the domain (YAML file).
        keep_days: Days after which flow runs that have ended leave the Prefect database.
    """
    logger = get_run_logger()
    logger.info("%.1f MB freed in the record", expire_record(profile) / 1e6)
    logger.info("%s old flow runs deleted", trim_runs(keep_days))
