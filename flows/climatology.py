"""Make the climatology of the drought layers anew from the whole record, as a new version of the publication.

The rescaling of soil moisture is refitted by the cycle itself on its due dates, from moments the record carries.
"""

from prefect import flow

from flows.common import ProfilePath, run_name
from flows.tasks import publish_record


@flow(flow_run_name=run_name, retries=0)
def climatology(profile: ProfilePath) -> str:
    """Rebuild the publication with statistics of all complete years; returns its address."""
    return publish_record(profile, rebuild=True)
