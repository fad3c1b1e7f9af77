"""`ldas demo` and `ldas region`: hand over to flows, which this package does not import."""

import subprocess
import sys

import typer


def register(app: typer.Typer) -> None:
    _hand_over(
        app, "demo", "flows.demo", "The whole system on a synthetic world: servers, daily flow, publication, scores."
    )
    _hand_over(
        app,
        "region",
        "flows.region",
        "Real Sentinel-1 soil moisture through a STAC API and the daily flow; weather and maps are synthetic.",
    )


def _hand_over(app: typer.Typer, name: str, module: str, help_text: str) -> None:
    """The command `name` that runs `module` with all its arguments, `--help` included."""

    def command(context: typer.Context) -> None:
        raise typer.Exit(subprocess.call([sys.executable, "-m", module, *context.args]))

    app.command(
        name,
        context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
        help=help_text,
    )(command)
