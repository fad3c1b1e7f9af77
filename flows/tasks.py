"""The tasks of the flows. Reading and publishing are retried with growing pauses, the integration is not."""

from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

from prefect import task
from prefect.artifacts import (
    create_image_artifact,
    create_link_artifact,
    create_markdown_artifact,
    create_table_artifact,
)

from flows.common import RETRY_PAUSES, is_transient, profile_of, service_of
from ldas.cycle import DAY, observe, run_next
from ldas.cycle_report import cycle_markdown, cycle_rows
from ldas.errors import CommitConflict, ForcingUnavailable, TransientError
from ldas.forcing import window_forcing
from ldas.products.publication import publish
from ldas.products.source import record_source
from ldas.products.target import Target
from ldas.replay import late_since, replay

IO: dict[str, Any] = {
    "retries": len(RETRY_PAUSES),
    "retry_delay_seconds": RETRY_PAUSES,
    "retry_jitter_factor": 0.2,
    "retry_condition_fn": is_transient,
    "persist_result": False,
}
COMPUTE: dict[str, Any] = {"retries": 0, "persist_result": False}


@task(task_run_name="weather of {cycle:%Y-%m-%d}", **IO)
def fetch_weather(profile: str, cycle: datetime) -> str:
    """Bring the weather of a window into the cache; returns why it is missing, or nothing."""
    service = service_of(profile)
    domain = service.record.domain
    try:
        window_forcing(
            service.profile.forcing, domain.grid, cycle - DAY, cycle, service.cache, domain.maps.get("elevation")
        )
    except ForcingUnavailable as reason:
        return str(reason)
    return ""


@task(task_run_name="observations of {cycle:%Y-%m-%d}", **IO)
def fetch_observations(profile: str, cycle: datetime) -> list[str]:
    """Bring the observations of a window into the cache; returns what is degraded for good."""
    found = observe(service_of(profile), cycle - DAY, cycle)
    if found.transient:
        raise TransientError("; ".join(found.degraded))
    return found.degraded


@task(task_run_name="cycle {cycle:%Y-%m-%d}", **COMPUTE)
def run_cycle(profile: str, cycle: datetime) -> dict[str, Any]:
    """Integrate, analyse and commit the window that ends at `cycle`; returns its summary.

    Raises CommitConflict when another process has committed it meanwhile.
    """
    service = service_of(profile)
    if service.record.time != cycle - DAY:
        raise CommitConflict(f"cycle {cycle:%Y-%m-%d}: another process has committed it meanwhile")
    return dict(run_next(service).summary)


@task(**IO)
def find_late_data(profile: str) -> datetime | None:
    """End of the first past window for which there is a new or better granule now."""
    return late_since(service_of(profile))


@task(task_run_name="replay from {since:%Y-%m-%d}", **COMPUTE)
def replay_cycles(profile: str, since: datetime) -> int:
    """Make the windows since `since` anew and switch to them; returns how many."""
    return len(replay(service_of(profile), since).committed)


@task(**IO)
def publish_record(profile: str, rebuild: bool = False) -> str:
    """Bring the publication up to the record; returns its address."""
    settings = profile_of(profile)
    return publish(record_source(settings), settings.publication, datetime.now(UTC), rebuild=rebuild).address


@task(**IO)
def report_cycles(profile: str, count: int) -> None:
    """Leave the newest cycle's page, map and links and a table of the last `count` cycles in the UI."""
    service = service_of(profile)
    settings = service.profile
    cycles = service.record.cycles()[-max(count, 1) :]
    if not cycles:
        return
    domain, newest = settings.domain.name, cycles[-1]
    target = Target(settings.publication)
    address = settings.publication.public_url or target.address
    links = {"publication": address, "catalogue": f"{address}/catalog.yaml", "status": f"{address}/status.json"}
    create_markdown_artifact(
        cycle_markdown(domain, newest, links), key=f"{domain}-cycle", description="The newest cycle"
    )
    create_table_artifact(cycle_rows(cycles), key=f"{domain}-cycles", description="The cycles of this run")
    create_link_artifact(address, link_text=f"Publication of {domain}", key=f"{domain}-publication")
    content = target.read(f"quicklook/rzsm_{newest.time:%Y%m%d}.png")
    if content is not None:
        image = "data:image/png;base64," + b64encode(content).decode()
        create_image_artifact(image, key=f"{domain}-root-zone", description="Root-zone soil moisture")
