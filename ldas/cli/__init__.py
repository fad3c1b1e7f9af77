"""The `ldas` command. Each command lives in its own module and imports its machinery when it runs."""

import sys

import typer
from rich.console import Console

from ldas.cli import compile as compile_module
from ldas.cli import evaluate, flow_commands, offline, profile_commands, publish, run, site
from ldas.errors import LdasError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
profile_commands.register(app)
run.register(app)
offline.register(app)
publish.register(app)
evaluate.register(app)
flow_commands.register(app)
site.register(app)
compile_module.register(app)


@app.callback()
def root() -> None:
    """Land data assimilation at one kilometre."""


def main() -> None:
    """Run the command; an expected failure becomes one sentence on stderr and its exit code."""
    try:
        app()
    except LdasError as error:
        Console(stderr=True, highlight=False, soft_wrap=True).print(f"[red]error:[/red] {error}")
        sys.exit(error.exit_code)
