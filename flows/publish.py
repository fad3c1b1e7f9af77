"""Write or rebuild the publication from the record."""

from prefect import flow

from flows.common import ProfilePath, run_name
from flows.tasks import publish_record, report_cycles


@flow(flow_run_name=run_name, retries=0)
def publish(profile: ProfilePath, rebuild: bool = False) -> str:
    """Bring the publication up to the record; `rebuild` deletes it first."""
    address = publish_record(profile, rebuild)
    report_cycles(profile, 10)
    return address
