"""The service on a real Prefect server and worker: it commits, publishes, heals, catches up and never runs twice.

The server is on PostgreSQL; `LDAS_PREFECT_DATABASES="sqlite postgresql" pytest tests/flows/test_service.py` sees all of
it on both databases. The automations are applied to it, with a message box where they tell their alarms.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
import xarray as xr
import yaml

from flows.automations import build_automations
from ldas.config import Profile
from ldas.initial import initialise
from ldas.record import Record
from tests.cycle.world import day, make_profile, write_world
from tests.flows.operating import (
    NOTIFICATION_BLOCK,
    Inbox,
    Operator,
    apply_automations,
    operating,
    save_notification_block,
    shorten_lateness,
)
from tests.flows.prefect_server import postgresql

pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.xdist_group("prefect")]
WORLD_DAYS = 14
ALARMS = [automation.name for automation in build_automations([])]
MOST_OVERHEAD = 10.0
"""Seconds of a run beside the steps of its cycle: the start of its process, the tasks' and the flow's own work."""

LATE = 45.0
"""Seconds without a completed daily run, where operators are told after 26 h."""


@dataclass(frozen=True)
class Site:
    """An operator's server, with the messages its alarms have sent and what applying them has printed."""

    operator: Operator
    inbox: Inbox
    environ: dict[str, str]
    applied: list[str]


@pytest.fixture(scope="module", params=os.environ.get("LDAS_PREFECT_DATABASES", "postgresql").split())
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home = tmp_path_factory.mktemp(request.param)
    with ExitStack() as stack:
        inbox = Inbox()
        stack.callback(inbox.close)
        url = stack.enter_context(postgresql()) if request.param == "postgresql" else ""
        yield with_alarms(stack.enter_context(operating(home, url, "--all")), inbox)


def with_alarms(operator: Operator, inbox: Inbox) -> Site:
    save_notification_block(operator.environ, inbox.url)
    environ = {**operator.environ, "LDAS_NOTIFICATION_BLOCK": NOTIFICATION_BLOCK}
    return Site(operator, inbox, environ, [apply_automations(environ), apply_automations(environ)])


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Profile:
    folder = tmp_path_factory.mktemp("world")
    return make_profile(folder, write_world(folder, WORLD_DAYS))


@pytest.fixture
def profile(base: Profile, tmp_path: Path) -> tuple[Path, Profile]:
    return make_record(base, tmp_path)


def make_record(base: Profile, folder: Path) -> tuple[Path, Profile]:
    """A fresh record of four cells, and its profile's file."""
    settings = base.model_copy(
        update={
            "record": base.record.model_copy(update={"uri": f"file://{folder}/record"}),
            "publication": base.publication.model_copy(update={"uri": f"file://{folder}/public"}),
        }
    )
    path = folder / f"{settings.domain.name}.yaml"
    path.write_text(yaml.safe_dump(settings.model_dump(mode="json")), encoding="utf-8")
    initialise(settings)
    return path, settings


def times(settings: Profile) -> list[datetime]:
    return [cycle.time for cycle in Record.open(settings.record).cycles()]


def wait_for_a_cycle(settings: Profile) -> None:
    deadline = monotonic() + 200.0
    while not times(settings):
        assert monotonic() < deadline, "no cycle was committed"
        sleep(0.3)


def heartbeats(operator: Operator) -> list[dict[str, Any]]:
    """Signs of life of the runs, which the zombie alarm listens to; the server has them a few seconds later."""
    wanted = {"filter": {"event": {"name": ["prefect.flow-run.heartbeat"]}}}
    deadline = monotonic() + 30.0
    while not (found := operator.ask("events/filter", wanted)["events"]) and monotonic() < deadline:
        sleep(0.5)
    return found


def test_the_automations_are_there_once_however_often_they_are_applied(site: Site) -> None:
    first, second = site.applied
    assert first.count("created") == second.count("updated") == len(ALARMS)
    found = site.operator.ask("automations/filter", {})
    assert sorted(automation["name"] for automation in found) == sorted(ALARMS)
    assert all(automation["enabled"] and automation["actions"] for automation in found)


def test_the_daily_deployment_commits_publishes_and_reports(site: Site, profile: tuple[Path, Profile]) -> None:
    (path, settings), operator = profile, site.operator
    run = operator.trigger("daily/ales", profile=str(path), until=day(2))
    assert operator.wait(run) == "COMPLETED"
    assert times(settings) == [day(1), day(2)]
    assert operator.run(run)["name"] == f"{settings.domain.name} daily {day(2):%Y-%m-%dT%H}"
    published = xr.open_zarr(settings.publication.uri + "/analysis.zarr")
    assert published.sizes["time"] == 2
    assert run in {event["resource"]["prefect.resource.id"].rpartition(".")[2] for event in heartbeats(operator)}
    kinds = {artifact["type"] for artifact in operator.artifacts() if artifact["flow_run_id"] == run}
    assert kinds == {"markdown", "table", "image"}
    assert operator.wait(operator.trigger("climatology/ales", profile=str(path))) == "COMPLETED"
    assert f"{settings.domain.name}-rescaling" in {artifact["key"] for artifact in operator.artifacts()}


def test_one_run_catches_up_in_order_after_five_days(site: Site, profile: tuple[Path, Profile]) -> None:
    (path, settings), operator = profile, site.operator
    assert operator.wait(operator.trigger("daily/ales", profile=str(path), until=day(1))) == "COMPLETED"
    assert operator.wait(operator.trigger("daily/ales", profile=str(path), until=day(6))) == "COMPLETED"
    assert times(settings) == [day(k) for k in range(1, 7)]


def test_of_two_schedules_at_once_one_runs(site: Site, profile: tuple[Path, Profile]) -> None:
    (path, settings), operator = profile, site.operator
    runs = [operator.trigger("daily/ales", profile=str(path), until=day(3)) for _ in range(2)]
    assert sorted(operator.wait(run) for run in runs) == ["CANCELLED", "COMPLETED"]
    assert times(settings) == [day(k) for k in range(1, 4)]


def test_backfill_and_daily_together_keep_the_order(site: Site, profile: tuple[Path, Profile]) -> None:
    (path, settings), operator = profile, site.operator
    runs = [
        operator.trigger("backfill/ales", profile=str(path), start=day(0), end=day(4)),
        operator.trigger("daily/ales", profile=str(path), until=day(4)),
    ]
    states = [operator.wait(run) for run in runs]
    assert "COMPLETED" in states
    found = times(settings)
    assert found == [day(k) for k in range(1, len(found) + 1)]
    if len(found) < 4:
        assert operator.wait(operator.trigger("daily/ales", profile=str(path), until=day(4))) == "COMPLETED"
    assert times(settings) == [day(k) for k in range(1, 5)]
    gap = operator.trigger("backfill/ales", profile=str(path), start=day(5), end=day(6))
    assert operator.wait(gap) == "FAILED"
    assert "without gap" in operator.run(gap)["state"]["message"]


def test_a_run_killed_in_the_middle_is_told_and_healed_by_the_next(site: Site, profile: tuple[Path, Profile]) -> None:
    (path, settings), operator = profile, site.operator
    run = operator.trigger("daily/ales", profile=str(path), until=day(10))
    wait_for_a_cycle(settings)
    running = operator.worker.children(recursive=True)
    assert running, "the worker has no run to kill"
    for process in running:
        process.kill()
    assert operator.wait(run) in {"CRASHED", "FAILED"}
    found = times(settings)
    assert found == [day(k) for k in range(1, len(found) + 1)]
    assert operator.wait(operator.trigger("daily/ales", profile=str(path), until=day(10))) == "COMPLETED"
    assert times(settings) == [day(k) for k in range(1, 11)]
    site.inbox.wait_for("ldas: failed or crashed run", run)


def test_validate_passes_on_fresh_data_and_its_failure_is_told(site: Site, profile: tuple[Path, Profile]) -> None:
    (path, _settings), operator = profile, site.operator
    unmeasured = operator.trigger("validate/ales", profile=str(path), at=day(1))
    assert operator.wait(unmeasured) == "FAILED"
    assert operator.wait(operator.trigger("daily/ales", profile=str(path), until=day(2))) == "COMPLETED"
    assert operator.wait(operator.trigger("validate/ales", profile=str(path), at=day(2))) == "COMPLETED"
    stale = operator.trigger("validate/ales", profile=str(path), at=day(9))
    assert operator.wait(stale) == "FAILED"
    for run in (unmeasured, stale):
        site.inbox.wait_for("ldas: stale data", run)


def test_flow_and_tasks_of_a_cycle_take_less_than_ten_seconds(site: Site, profile: tuple[Path, Profile]) -> None:
    (path, settings), operator = profile, site.operator
    identity = operator.trigger("daily/ales", profile=str(path), until=day(1), publish=False)
    assert operator.wait(identity) == "COMPLETED"
    (cycle,) = Record.open(settings.record).cycles()
    wall, run = operator.wall_time(identity), operator.run(identity)["total_run_time"]
    overhead = wall - sum(cycle.seconds.values())
    print(f"{wall:.1f} s with the process's start, {run:.1f} s in the flow, {overhead:.1f} s beside the cycle's steps")
    assert overhead < MOST_OVERHEAD


def test_a_lost_host_and_a_late_domain_are_told(
    site: Site, base: Profile, profile: tuple[Path, Profile], tmp_path_factory: pytest.TempPathFactory
) -> None:
    (path, settings), operator, inbox = profile, site.operator, site.inbox
    timely, _settings = make_record(base, tmp_path_factory.mktemp("timely"))
    shorten_lateness(site.environ, LATE)
    lost = operator.trigger("daily/ales", profile=str(path), until=day(WORLD_DAYS))
    wait_for_a_cycle(settings)
    operator.lose_host()
    began = monotonic()
    operator.start_worker()
    while operator.run(lost)["state_type"] == "RUNNING" and monotonic() - began < 200.0:
        run = operator.trigger("daily/montpellier", profile=str(timely), until=day(1))
        assert operator.wait(run) == "COMPLETED"
    told, state = monotonic() - began, operator.run(lost)["state"]
    assert (state["type"], state["message"]) == ("CRASHED", "no heartbeat: the worker or its process is gone")
    inbox.wait_for("ldas: failed or crashed run", lost)
    inbox.wait_for("ldas: late cycle", "daily/ales")
    assert not inbox.find("ldas: late cycle", "daily/montpellier")
    apply_automations(site.environ)
    assert operator.wait(operator.trigger("daily/ales", profile=str(path), until=day(WORLD_DAYS))) == "COMPLETED"
    assert times(settings) == [day(k) for k in range(1, WORLD_DAYS + 1)]
    print(f"the lost run was marked crashed {told:.0f} s after the kill")
