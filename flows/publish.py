"""Write or rebuild the publication from the record."""

from prefect import flow

from flows.common import ProfilePath, run_name
from flows.tasks import publish_record, report_cycles


@flow(flow_run_name=run_name, retries=0)
def publish(profile: ProfilePath, rebuild: bool = False) -> str:
    """Bring the publication up to the record.

    Args:
        profile: Profile of the domain (YAML file).
        rebuild: Delete the publication first and write it anew.
    """
    address = publish_record(profile, rebuild)
    report_cycles(profile, 10)
    return address
