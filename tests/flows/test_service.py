"""The service on a real Prefect server and worker: it commits, publishes, heals, catches up and never runs twice."""

import json
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

import psutil
import pytest
import xarray as xr
import yaml

from ldas.config import Profile
from ldas.initial import initialise
from ldas.record import Record
from tests.cycle.world import day, make_profile, write_world
from tests.flows.prefect_server import BIN, postgresql, prefect, prefect_server, prefect_worker

pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.xdist_group("prefect")]
WORLD_DAYS = 14
END_STATES = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


class Operator:
    """What an operator does: trigger deployments and look at their runs."""

    def __init__(self, environ: dict[str, str], worker: int) -> None:
        self.environ = environ
        self.worker = worker
        """Process id of the worker; the runs are its children."""

    def trigger(self, deployment: str, **parameters: object) -> str:
        """Ask for a run; returns its id."""
        command = ["deployment", "run", deployment, "--params", json.dumps(parameters, default=str)]
        output = prefect(self.environ, *command)
        return next(line.split()[-1] for line in output.splitlines() if "UUID:" in line)

    def state(self, run: str) -> str:
        with urllib.request.urlopen(f"{self.environ['PREFECT_API_URL']}/flow_runs/{run}", timeout=30) as answer:
            return json.load(answer)["state_type"]

    def wait(self, run: str, seconds: float = 240.0) -> str:
        """The state in which a run ended."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if (state := self.state(run)) in END_STATES:
                return state
            time.sleep(0.5)
        raise AssertionError(f"run {run} is {self.state(run)} after {seconds:.0f} s")

    def artifacts(self) -> list[dict]:
        request = urllib.request.Request(
            self.environ["PREFECT_API_URL"] + "/artifacts/filter", b"{}", {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


@contextmanager
def operating(home: Path, database_url: str, *what: str) -> Iterator[Operator]:
    """A server, a worker and the deployments `what` of deploy/prefect.yaml."""
    subprocess.run([str(BIN / "ldas"), "compile"], check=True, timeout=600)  # runs are then as quick as an operator's
    with ExitStack() as stack:
        environ = stack.enter_context(prefect_server(home, database_url))
        environ["LDAS_CACHE"] = str(home / "cache")
        worker = stack.enter_context(prefect_worker(environ, home / "worker.log"))
        prefect(environ, "deploy", *what)
        yield Operator(environ, worker.pid)


@pytest.fixture(scope="module")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    """On SQLite, with every deployment."""
    with operating(tmp_path_factory.mktemp("prefect"), "", "--all") as running:
        yield running


@pytest.fixture(scope="module")
def world_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("world")


@pytest.fixture(scope="module")
def base(world_folder: Path) -> Profile:
    return make_profile(world_folder, write_world(world_folder, WORLD_DAYS))


@pytest.fixture
def profile(base: Profile, tmp_path: Path) -> tuple[Path, Profile]:
    """A fresh record of four cells, and its profile's file."""
    settings = base.model_copy(
        update={
            "record": base.record.model_copy(update={"uri": f"file://{tmp_path}/record"}),
            "publication": base.publication.model_copy(update={"uri": f"file://{tmp_path}/public"}),
        }
    )
    path = tmp_path / f"{settings.domain.name}.yaml"
    path.write_text(yaml.safe_dump(settings.model_dump(mode="json")), encoding="utf-8")
    initialise(settings)
    return path, settings


def times(settings: Profile) -> list[datetime]:
    return [cycle.time for cycle in Record.open(settings.record).cycles()]


def test_the_daily_deployment_commits_publishes_and_reports(operator: Operator, profile) -> None:
    path, settings = profile
    assert operator.wait(operator.trigger("daily/ales", profile=str(path), until=day(2))) == "COMPLETED"
    assert times(settings) == [day(1), day(2)]
    published = xr.open_zarr(settings.publication.uri + "/analysis.zarr")
    assert published.sizes["time"] == 2
    kinds = {artifact["type"] for artifact in operator.artifacts()}
    assert {"markdown", "table", "image"} <= kinds
    assert operator.wait(operator.trigger("climatology/ales", profile=str(path))) == "COMPLETED"
    assert f"{settings.domain.name}-rescaling" in {artifact["key"] for artifact in operator.artifacts()}


def test_one_run_catches_up_in_order_after_five_days(operator: Operator, profile) -> None:
    path, settings = profile
    assert operator.wait(operator.trigger("daily/ales", profile=str(path), until=day(1))) == "COMPLETED"
    assert operator.wait(operator.trigger("daily/ales", profile=str(path), until=day(6))) == "COMPLETED"
    assert times(settings) == [day(k) for k in range(1, 7)]


def test_of_two_schedules_at_once_one_runs(operator: Operator, profile) -> None:
    path, settings = profile
    runs = [operator.trigger("daily/ales", profile=str(path), until=day(3)) for _ in range(2)]
    assert sorted(operator.wait(run) for run in runs) == ["CANCELLED", "COMPLETED"]
    assert times(settings) == [day(k) for k in range(1, 4)]


def test_backfill_and_daily_together_keep_the_order(operator: Operator, profile) -> None:
    path, settings = profile
    runs = [operator.trigger(f"{flow}/ales", profile=str(path), until=day(4)) for flow in ("backfill", "daily")]
    states = [operator.wait(run) for run in runs]
    assert "COMPLETED" in states
    found = times(settings)
    assert found == [day(k) for k in range(1, len(found) + 1)]
    if len(found) < 4:
        assert operator.wait(operator.trigger("daily/ales", profile=str(path), until=day(4))) == "COMPLETED"
    assert times(settings) == [day(k) for k in range(1, 5)]


def test_a_run_killed_in_the_middle_is_healed_by_the_next(operator: Operator, profile) -> None:
    path, settings = profile
    run = operator.trigger("daily/ales", profile=str(path), until=day(8))
    deadline = time.monotonic() + 200.0
    while not times(settings):
        assert time.monotonic() < deadline, "no cycle was committed"
        time.sleep(0.3)
    running = psutil.Process(operator.worker).children(recursive=True)
    assert running, "the worker has no run to kill"
    for process in running:
        process.kill()
    assert operator.wait(run) in {"CRASHED", "FAILED", "COMPLETED"}
    found = times(settings)
    assert found == [day(k) for k in range(1, len(found) + 1)]
    assert operator.wait(operator.trigger("daily/ales", profile=str(path), until=day(8))) == "COMPLETED"
    assert times(settings) == [day(k) for k in range(1, 9)]


def test_validate_passes_on_fresh_data_and_fails_on_stale(operator: Operator, profile) -> None:
    path, _settings = profile
    assert operator.wait(operator.trigger("validate/ales", profile=str(path), at=day(1))) == "FAILED"
    assert operator.wait(operator.trigger("daily/ales", profile=str(path), until=day(2))) == "COMPLETED"
    assert operator.wait(operator.trigger("validate/ales", profile=str(path), at=day(2))) == "COMPLETED"
    assert operator.wait(operator.trigger("validate/ales", profile=str(path), at=day(9))) == "FAILED"


def test_daily_and_catch_up_on_postgresql(profile, tmp_path: Path) -> None:
    path, settings = profile
    with postgresql() as url, operating(tmp_path / "prefect", url, "-n", "daily/ales") as operator:
        assert operator.wait(operator.trigger("daily/ales", profile=str(path), until=day(1))) == "COMPLETED"
        runs = [operator.trigger("daily/ales", profile=str(path), until=day(4)) for _ in range(2)]
        assert sorted(operator.wait(run) for run in runs) == ["CANCELLED", "COMPLETED"]
    assert times(settings) == [day(k) for k in range(1, 5)]
