"""What the examples and the demo need of a machine: a Prefect server of their own and progress bars."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from ldas.config import load_profile
from ldas.demo.servers import free_port
from ldas.errors import ConfigurationError, LdasError
from ldas.grid import Grid

PROFILES = Path(__file__).resolve().parents[1] / "deploy" / "profiles"


def grid_of(domain: str) -> Grid:
    """The grid of `deploy/profiles/DOMAIN.yaml`; raises ConfigurationError naming the known ones."""
    path = PROFILES / f"{domain}.yaml"
    if not path.exists():
        known = ", ".join(sorted(p.stem for p in PROFILES.glob("*.yaml")))
        raise ConfigurationError(f"--domain {domain}: expected one of {known}")
    return load_profile(path).domain.grid()


SERVER_LOG = "prefect-server.log"


def make_anew(folder: Path) -> None:
    """An empty folder in place of an earlier output; raises ConfigurationError where something else stands."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / SERVER_LOG).exists():
            raise ConfigurationError(f"--output {folder}: expected a new or empty folder or an earlier output")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SERVER_LOG).touch()  # tells the next call that the folder is an output


def start_prefect(folder: Path, stack: ExitStack) -> str:
    """Start a Prefect server on SQLite under the folder, make this process its client, and return its address.

    It is still coming up then; its health page answers when it is.
    """
    port = free_port()
    os.environ.update(
        {
            "PREFECT_HOME": str(folder / "prefect"),
            "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_LOGGING_LEVEL": "WARNING",
            "PREFECT_SERVER_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{folder / 'prefect' / 'prefect.db'}",
        }
    )
    (folder / "prefect").mkdir()
    with (folder / SERVER_LOG).open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)],
            stdout=log,
            stderr=log,
        )
    stack.callback(server.wait, timeout=30)
    stack.callback(server.terminate)
    return f"http://127.0.0.1:{port}"


def run_as_command(main: Callable[[], None]) -> None:
    """Run the main function of a module; an expected failure becomes one sentence on stderr and its exit code."""
    try:
        main()
    except LdasError as error:
        Console(stderr=True, highlight=False, soft_wrap=True).print(f"[red]error:[/red] {error}")
        sys.exit(error.exit_code)


class Bars:
    """One progress bar a part of the work: call it with a part's name and the share of it done."""

    def __init__(self, console: Console) -> None:
        columns = (TextColumn("{task.description:<32}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"))
        self.progress = Progress(*columns, TimeElapsedColumn(), console=console)
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, name: str, share: float) -> None:
        if name not in self._tasks:
            self._tasks[name] = self.progress.add_task(name, total=1.0)
        self.progress.update(self._tasks[name], completed=share)
