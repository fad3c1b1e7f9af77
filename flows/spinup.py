"""Repeat a year of weather without observations until soil and vegetation are in balance."""

from typing import Annotated, cast
from uuid import UUID

from prefect import flow
from prefect.artifacts import create_progress_artifact, create_table_artifact, update_progress_artifact
from pydantic import Field

from flows.common import ProfilePath, run_name, service_of
from ldas.spinup import spin_up


@flow(flow_run_name=run_name, retries=0)
def spinup(
    profile: ProfilePath,
    year: Annotated[int, Field(ge=1950, le=2100)],
    passes: Annotated[int, Field(ge=1, le=100)] = 20,
    stop_below: Annotated[float | None, Field(gt=0)] = None,
) -> int:
    """Run some times over a year of weather; an interrupted run goes on where it stopped.

    Args:
        profile: Profile of the domain (YAML file).
        year: Year in which the year of weather begins.
        passes: Times it is run at most.
        stop_below: Largest change of a cell's soil water over a pass (kg m-2) that ends it sooner; empty makes all.
    """
    service = service_of(profile)
    artifact = cast(UUID, create_progress_artifact(0.0, description=f"spin-up over {year}, {passes} passes"))
    shown = -1

    def show(done: int, share: float) -> None:
        nonlocal shown
        percent = int(100.0 * (done + share) / passes)
        if percent > shown:
            update_progress_artifact(artifact, float(min(percent, 100)))
            shown = percent

    changes = spin_up(service, year, passes, stop_below=stop_below, progress=show)
    create_table_artifact(
        [{name: f"{value:.4g}" for name, value in vars(change).items()} for change in changes],
        key=f"{service.profile.domain.name}-spinup",
        description="Change between passes: soil water kg m-2, LAI m2 m-2",
    )
    return len(changes)
