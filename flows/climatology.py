"""The monthly look at the statistics: rescaling of SSM checked for drift, drought layers brought up to the record.

Both kinds of parameters are versioned where they are made. The cycle refits the rescaling on its due dates, from
moments the record carries, under the date of the fit; the drought layers carry the identity of the record and the
reference years they were made from.
"""

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_table_artifact

from flows.common import ProfilePath, run_name, service_of
from flows.tasks import IO, publish_record
from ldas.rescaling_check import RescalingCheck, check_rescaling


@task(**IO)
def look_at_rescaling(profile: str) -> RescalingCheck:
    """Compare the rescaling in force with a fit from all pairs so far and leave the table in the UI."""
    service = service_of(profile)
    found = check_rescaling(service)
    create_table_artifact(
        found.rows(), key=f"{service.profile.domain.name}-rescaling", description="Rescaling of surface soil moisture"
    )
    return found


@flow(flow_run_name=run_name, retries=0)
def climatology(profile: ProfilePath, rebuild: bool = False) -> str:
    """Look at the rescaling and bring the drought statistics up to the record; fails when the rescaling has drifted.

    Returns the publication's address. The publication comes first, so a drift alarm holds nothing back.

    Args:
        profile: Profile of the domain (YAML file).
        rebuild: Delete the publication first and write it anew.
    """
    found = look_at_rescaling(profile)
    get_run_logger().info("rescaling %s: drift %+.4f m3 m-3", found.version, found.drift)
    address = publish_record(profile, rebuild=rebuild)
    found.require()
    return address
