"""Is the publication fresh, whole and plausible? Judged against the date its last cycle should have had."""

from datetime import datetime

from prefect import flow
from prefect.artifacts import create_table_artifact

from flows.common import ProfilePath, profile_of, run_name, utc
from ldas.products.health import validate as check


@flow(flow_run_name=run_name, retries=0)
def validate(profile: ProfilePath, at: datetime | None = None) -> int:
    """Fails on stale data, all-NaN or missing layers, values out of range, and when nothing was measured.

    Args:
        profile: Profile of the domain (YAML file).
        at: Date and time (UTC) the publication should be fresh at; now when left empty.
    """
    settings = profile_of(profile)
    report = check(settings.publication, utc(at), settings.window.hour)
    rows = [
        {"check": finding.check, "measured": str(finding.measured), "failure": finding.failure}
        for finding in report.findings
    ]
    create_table_artifact(rows, key=f"{settings.domain.name}-health", description="Health of the publication")
    return len(report.require().findings)
