"""Commands that only look at a profile."""

from pathlib import Path

import typer

from ldas.config import load_profile


def register(app: typer.Typer) -> None:
    app.command("check")(check)


def check(profile: Path) -> None:
    """Validate a profile and print the size of its domain."""
    settings = load_profile(profile)
    grid = settings.domain.grid()
    typer.echo(f"{profile}: valid; {settings.domain.name}, {grid.shape[0]} x {grid.shape[1]} = {grid.size} cells")
