"""`ldas demo`: hands over to the demo flow, which this package does not import."""

import subprocess
import sys

import typer


def register(app: typer.Typer) -> None:
    app.command(
        "demo",
        context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
        help="The whole system on a synthetic world: servers, daily flow, publication, scores.",
    )(demo_command)


def demo_command(context: typer.Context) -> None:
    raise typer.Exit(subprocess.call([sys.executable, "-m", "flows.demo", *context.args]))
