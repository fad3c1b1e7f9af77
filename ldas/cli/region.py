"""`ldas region`: hands over to the region example's flow, which this package does not import."""

import subprocess
import sys

import typer


def register(app: typer.Typer) -> None:
    app.command(
        "region",
        context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
        help="Real Sentinel-1 soil moisture through a STAC API and the daily flow; weather and maps are synthetic.",
    )(region_command)


def region_command(context: typer.Context) -> None:
    raise typer.Exit(subprocess.call([sys.executable, "-m", "flows.region", *context.args]))
