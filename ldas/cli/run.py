"""Commands that move a record: `init`, `spinup`, `run`, `replay`, `expire`, and `status`."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ldas.config import load_profile
from ldas.errors import ConfigurationError

if TYPE_CHECKING:
    from ldas.record import Provenance

TIME_FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]


def register(app: typer.Typer) -> None:
    for name, command in (
        ("init", init_command),
        ("spinup", spinup_command),
        ("run", run_command),
        ("replay", replay_command),
        ("expire", expire_command),
        ("status", status_command),
    ):
        app.command(name)(command)


def init_command(profile: Path) -> None:
    """Make the record of a profile: static maps, columns, parameters and a cold start."""
    from ldas.initial import initialise

    record = initialise(load_profile(profile))
    domain = record.domain
    active = len(set(domain.columns.cell.tolist()))
    typer.echo(
        f"{record.settings.uri}: new record of {active} of {domain.grid.size} cells with {len(domain.columns)} "
        f"columns, starting {record.start:%Y-%m-%d %H} UTC"
    )


def spinup_command(
    profile: Path,
    year: Annotated[int, typer.Option(help="Year whose weather is repeated.")],
    passes: Annotated[int, typer.Option(min=1)] = 20,
    stop_below: Annotated[
        float | None, typer.Option(help="Stop when no cell's soil water changes by more than this, kg m-2.")
    ] = None,
) -> None:
    """Repeat a year before the first cycle; goes on where it was interrupted."""
    from ldas.cycle import open_service
    from ldas.spinup import Change, spin_up

    def report(change: Change) -> None:
        typer.echo(
            f"pass {change.passed}: soil water {change.water_mean:+.3f} kg m-2 (largest {change.water_largest:.3f}), "
            f"LAI {change.lai_mean:+.4f} (largest {change.lai_largest:.4f})"
        )

    spin_up(open_service(load_profile(profile)), year, passes, stop_below=stop_below, report=report)


def run_command(
    profile: Path,
    until: Annotated[
        datetime | None,
        typer.Option(formats=TIME_FORMATS, help="Run the windows that end by this UTC time or day; default now."),
    ] = None,
) -> None:
    """Run every due window in order and commit each; stops at the first one without weather."""
    from ldas.cycle import open_service, run_until

    settings = load_profile(profile)
    done = run_until(open_service(settings), _end_of(until, settings.window.hour), _report)
    if done.waiting_for is not None:
        raise done.waiting_for
    if not done.committed:
        typer.echo("nothing is due")


def replay_command(
    profile: Path,
    from_: Annotated[
        datetime | None,
        typer.Option("--from", formats=TIME_FORMATS, help="Day of the first window to redo; default: late data."),
    ] = None,
) -> None:
    """Make past windows anew on a branch, then switch to them in one step."""
    from ldas.cycle import open_service
    from ldas.replay import late_since, replay

    settings = load_profile(profile)
    service = open_service(settings)
    first = late_since(service) if from_ is None else _end_of(from_, settings.window.hour)
    if first is None:
        typer.echo("no late data")
        return
    if not service.record.start < first <= service.record.time:
        raise ConfigurationError(
            f"--from: expected a day after {service.record.start:%Y-%m-%d} and up to {service.record.time:%Y-%m-%d}, "
            f"got {first:%Y-%m-%d}"
        )
    done = replay(service, first, _report)
    typer.echo(f"{len(done.committed)} cycles replayed since {first:%Y-%m-%d %H} UTC")


def expire_command(profile: Path) -> None:
    """Delete states and replaced histories beyond the retention."""
    from ldas.record import Record, expire

    removed = expire(Record.open(load_profile(profile).record))
    typer.echo(f"{removed.commits} commits expired, {removed.bytes / 1e6:.1f} MB deleted")


def status_command(profile: Path) -> None:
    """What is done, due and late, and how the last cycle went."""
    from ldas.cycle import due_cycles, open_service
    from ldas.replay import late_since

    service = open_service(load_profile(profile))
    record, now = service.record, datetime.now(UTC)
    cycles = record.cycles()
    due = due_cycles(record, now)
    typer.echo(f"record      {record.settings.uri}")
    typer.echo(f"last cycle  {record.time:%Y-%m-%d %H} UTC ({len(cycles)} cycles since {record.start:%Y-%m-%d %H} UTC)")
    typer.echo(f"due         {f'{len(due)}, first {due[0]:%Y-%m-%d %H} UTC' if due else 'none'}")
    if service.profile.observations.stac_url:
        late = late_since(service)
        typer.echo(f"late data   {f'since {late:%Y-%m-%d}' if late else 'none'}")
    degraded = [entry for entry in cycles[-30:] if entry.degraded]
    typer.echo(f"degraded    {len(degraded)} of the last {min(len(cycles), 30)} cycles")
    for entry in cycles[-1:]:
        _report(entry)


def _report(entry: "Provenance") -> None:
    used = {kind: entry.summary.get(f"{kind}_used") for kind in ("ssm", "lai")}
    seconds = sum(entry.seconds.values())
    typer.echo(f"{entry.time:%Y-%m-%d %H} UTC: {used['ssm']} SSM, {used['lai']} LAI cells, {seconds:.1f} s")
    for sentence in entry.degraded:
        typer.echo(f"  degraded: {sentence}")


def _end_of(time: datetime | None, hour: int) -> datetime:
    """A UTC time; a bare day means its window's end, nothing means now."""
    if time is None:
        return datetime.now(UTC)
    aware = time.replace(tzinfo=UTC)
    return aware + timedelta(hours=hour) if aware == aware.replace(hour=0, minute=0, second=0) else aware
