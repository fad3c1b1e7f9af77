"""A real Prefect server and worker for the tests, on SQLite or on a PostgreSQL cluster of their own."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ldas.demo.servers import free_port, wait_until_up

BIN = Path(sys.executable).parent
ROOT = Path(__file__).resolve().parents[2]


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(timeout=10)


@contextmanager
def prefect_server(home: Path, database_url: str = "") -> Iterator[dict[str, str]]:
    """Run `prefect server start` with its files under `home`; gives the environment of its clients."""
    home.mkdir(parents=True, exist_ok=True)
    port = free_port()
    environ = {
        **os.environ,
        "PREFECT_HOME": str(home),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_WORKER_QUERY_SECONDS": "1",
        "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    }
    if database_url:
        environ["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = database_url
    with (home / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [str(BIN / "prefect"), "server", "start", "--host", "127.0.0.1", "--port", str(port)],
            stdout=log,
            stderr=log,
            env=environ,
        )
        try:
            wait_until_up(f"http://127.0.0.1:{port}/api/health", server, seconds=120)
            yield environ
        finally:
            stop(server)


@contextmanager
def prefect_worker(environ: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process worker on the pool `ldas`, which it creates when missing."""
    prefect(environ, "work-pool", "create", "ldas", "--type", "process", "--overwrite")
    with log.open("wb") as out:
        worker = subprocess.Popen(
            [str(BIN / "prefect"), "worker", "start", "--pool", "ldas", "--type", "process"],
            cwd=ROOT,
            stdout=out,
            stderr=out,
            env=environ,
        )
        try:
            time.sleep(1.0)
            yield worker
        finally:
            stop(worker)


def prefect(environ: dict[str, str], *arguments: str) -> str:
    """Run the `prefect` command against the server and return what it printed."""
    done = subprocess.run(
        [str(BIN / "prefect"), "--no-prompt", *arguments],
        cwd=ROOT / "deploy",
        env=environ,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, f"prefect {' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@contextmanager
def postgresql() -> Iterator[str]:
    """A PostgreSQL cluster in a temporary folder, on a free port; gives Prefect's connection URL."""
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not binaries:
        pytest.skip("PostgreSQL is not installed here (Debian package postgresql)")
    port = free_port()
    as_postgres = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    folder = Path(tempfile.mkdtemp(prefix="ldas-postgresql-"))
    if as_postgres:
        shutil.chown(folder, "postgres")
    data = folder / "data"
    run = {"check": True, "capture_output": True, "timeout": 120, "cwd": "/"}
    subprocess.run([*as_postgres, str(binaries[-1] / "initdb"), "-D", str(data), "-A", "trust", "-U", "prefect"], **run)
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    control = [*as_postgres, str(binaries[-1] / "pg_ctl"), "-D", str(data), "-w"]
    subprocess.run([*control, "-o", options, "-l", str(folder / "log"), "start"], **run)
    try:
        subprocess.run(
            [str(binaries[-1] / "createdb"), "-h", "127.0.0.1", "-p", str(port), "-U", "prefect", "prefect"], **run
        )
        yield f"postgresql+asyncpg://prefect@127.0.0.1:{port}/prefect"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], **run)
        shutil.rmtree(folder)
