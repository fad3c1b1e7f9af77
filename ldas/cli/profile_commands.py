"""Commands that only look at profiles and their settings."""

from pathlib import Path

import typer

from ldas.config import load_profile


def register(app: typer.Typer) -> None:
    app.command("check")(check)
    app.command("settings")(settings)


def check(profile: Path) -> None:
    """Validate a profile and print the size of its domain."""
    settings = load_profile(profile)
    grid = settings.domain.grid()
    typer.echo(f"{profile}: valid; {settings.domain.name}, {grid.shape[0]} x {grid.shape[1]} = {grid.size} cells")


def settings() -> None:
    """Print the reference of all settings as Markdown (docs/configuration.md)."""
    from ldas.settings_reference import settings_reference

    typer.echo(settings_reference(), nl=False)
