"""`ldas publish` and `ldas validate`: from the record to the public bucket, and whether what is there is healthy."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ldas.config import load_profile


def register(app: typer.Typer) -> None:
    app.command("publish")(publish_command)
    app.command("validate")(validate_command)


def publish_command(
    profile: Path,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Delete the publication first and make it anew.")] = False,
) -> None:
    """Bring the published stores, images and catalogues up to the record."""
    from ldas.products.publication import publish
    from ldas.products.source import record_source

    settings = load_profile(profile)
    report = publish(record_source(settings), settings.publication, datetime.now(UTC), rebuild=rebuild)
    typer.echo(
        f"{report.address}: {report.days_written} of {report.days_published} days and {report.dekads_written} of "
        f"{report.dekads_published} dekads written"
    )


def validate_command(
    profile: Path,
    at: Annotated[datetime | None, typer.Option(help="Judge as of this UTC time instead of now.")] = None,
) -> None:
    """Check that the publication is fresh, whole and plausible; exits with an error when it is not."""
    from ldas.products.health import validate

    settings = load_profile(profile)
    now = datetime.now(UTC) if at is None else at.replace(tzinfo=UTC)
    report = validate(settings.publication, now, settings.window.hour).require()
    typer.echo(f"{settings.publication.uri}: healthy, {len(report.findings)} checks")
