"""`ldas offline`: the model alone on one or many columns."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import typer

TIME_FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%MZ", "%Y-%m-%dT%H:%M:%SZ"]


def register(app: typer.Typer) -> None:
    app.command("offline")(offline)


def offline(
    site: Annotated[Path, typer.Argument(help="Site file (YAML).")],
    forcing: Annotated[Path, typer.Option(help="ALMA forcing, NetCDF or Zarr.")],
    out: Annotated[Path, typer.Option(help="Output file (NetCDF).")],
    restart_in: Annotated[Path | None, typer.Option(help="Start from this state.")] = None,
    restart_out: Annotated[Path | None, typer.Option(help="Write the last state here.")] = None,
    interval: Annotated[Literal["step", "hourly", "3-hourly", "daily"], typer.Option(help="Of the output.")] = "step",
    statistic: Annotated[
        Literal["mean", "instant"], typer.Option(help="Mean over the interval or its last step.")
    ] = "mean",
    extra: Annotated[list[str] | None, typer.Option(help="One more model output, by name; repeatable.")] = None,
    start: Annotated[datetime | None, typer.Option("--from", formats=TIME_FORMATS, help="First instant, UTC.")] = None,
    until: Annotated[datetime | None, typer.Option(formats=TIME_FORMATS, help="Last instant, UTC.")] = None,
) -> None:
    """Run the model alone on the columns of a site."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    from ldas.offline.run import RunRequest, run_offline

    request = RunRequest(
        site, forcing, out, interval, statistic, tuple(extra or ()), restart_in, restart_out, _utc(start), _utc(until)
    )
    parts = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*parts, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(f"{site.stem}", total=1.0)
        summary = run_offline(request, lambda share: bar.update(task, completed=share))
    typer.echo(
        f"{out}: {summary.columns} columns, {summary.steps} steps from {summary.start.astype('datetime64[s]')} to "
        f"{summary.end.astype('datetime64[s]')}, {summary.times_written} {interval} {statistic} values"
    )
    if summary.steps_without_output:
        typer.echo(f"{summary.steps_without_output} steps after the last whole interval have no output", err=True)


def _utc(moment: datetime | None) -> np.datetime64 | None:
    if moment is None:
        return None
    naive = moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
    return np.datetime64(naive, "ns")
