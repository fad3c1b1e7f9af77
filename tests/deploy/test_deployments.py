"""`deploy/prefect.yaml` holds every flow for every domain, with the rules of operation and forms that check."""

import importlib
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect import Flow, __version__
from prefect.exceptions import ParameterTypeError
from prefect.utilities.callables import parameter_schema

from flows.automations import HEARTBEAT
from tests.deploy.test_files import DOMAINS, ROOT

FLOWS = {"daily", "backfill", "replay", "spinup", "climatology", "publish", "validate", "maintenance"}
READING_ONLY = {"validate"}
SCHEDULED = {"daily", "validate", "climatology", "maintenance"}
FILLED_IN: dict[str, dict[str, Any]] = {
    "daily": {"until": "2026-05-01T18:00:00Z", "publish": False},
    "backfill": {"start": "2026-04-01T18:00:00Z", "end": "2026-05-01T18:00:00Z"},
    "replay": {"since": "2026-05-01T18:00:00Z"},
    "spinup": {"year": 2025, "passes": 20, "stop_below": 0.1},
    "climatology": {"rebuild": True},
    "publish": {"rebuild": True},
    "validate": {"at": "2026-05-01T18:00:00Z"},
    "maintenance": {"keep_days": 30},
}
REFUSED: dict[str, dict[str, Any]] = {
    "daily": {"until": "soon"},
    "backfill": {"end": "2026-05-01T18:00:00Z"},
    "replay": {"since": None},
    "spinup": {"year": 2025, "passes": 0},
    "climatology": {"rebuild": "perhaps"},
    "publish": {"rebuilt": True},
    "validate": {"at": "never"},
    "maintenance": {"keep_days": 1},
}
CONTENT = yaml.safe_load((ROOT / "deploy/prefect.yaml").read_text())
DEPLOYMENTS: list[dict[str, Any]] = CONTENT["deployments"]


def flow_of(deployment: dict[str, Any]) -> Flow[..., Any]:
    module, _, name = deployment["entrypoint"].partition(":")
    return getattr(importlib.import_module(module), name)


def deployment_of(flow: str) -> dict[str, Any]:
    return next(one for one in DEPLOYMENTS if one["name"] == "ales" and flow_of(one).name == flow)


@pytest.fixture(autouse=True)
def in_the_deployments_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs start there, so that profiles are named relative to it."""
    monkeypatch.chdir(ROOT / "deploy")


def test_every_run_gives_the_signs_of_life_that_the_zombie_alarm_waits_for() -> None:
    for deployment in DEPLOYMENTS:
        given = deployment["work_pool"]["job_variables"]["env"]["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"]
        assert float(given) == HEARTBEAT.total_seconds()


def test_every_flow_is_deployed_once_for_every_domain() -> None:
    found = [(flow_of(one).name, one["name"]) for one in DEPLOYMENTS]
    assert len(found) == len(set(found))
    assert set(found) == {(flow, domain) for flow in FLOWS for domain in DOMAINS}
    for one in DEPLOYMENTS:
        assert one["parameters"] == {"profile": f"profiles/{one['name']}.yaml"}
        assert Path(one["parameters"]["profile"]).is_file()
        assert one["work_pool"]["name"] == "ldas"


def test_the_file_is_for_the_installed_prefect() -> None:
    assert CONTENT["prefect-version"] == __version__


def test_state_changing_deployments_run_one_at_a_time_and_cancel_the_second() -> None:
    for one in DEPLOYMENTS:
        expected = None if flow_of(one).name in READING_ONLY else {"limit": 1, "collision_strategy": "CANCEL_NEW"}
        assert one.get("concurrency_limit") == expected, one["entrypoint"]


def test_schedules_are_in_utc_and_domains_do_not_start_together() -> None:
    crons = []
    for one in DEPLOYMENTS:
        schedules = one.get("schedules", [])
        assert bool(schedules) == (flow_of(one).name in SCHEDULED), one["entrypoint"]
        assert all(schedule["timezone"] == "UTC" for schedule in schedules)
        crons += [schedule["cron"] for schedule in schedules]
    assert len(crons) == len(set(crons)) == len(SCHEDULED) * len(DOMAINS)


def test_no_flow_is_retried_and_the_integration_is_not() -> None:
    from flows import tasks

    assert all(flow_of(one).retries == 0 for one in DEPLOYMENTS)
    assert tasks.run_cycle.retries == tasks.replay_cycles.retries == 0
    for task in (tasks.fetch_weather, tasks.fetch_observations, tasks.find_late_data, tasks.publish_record):
        assert task.retries == len(task.retry_delay_seconds) > 0
        assert sorted(task.retry_delay_seconds) == task.retry_delay_seconds


@pytest.mark.parametrize("flow", sorted(FLOWS))
def test_the_form_has_a_typed_and_described_field_for_every_parameter(flow: str) -> None:
    schema = parameter_schema(flow_of(deployment_of(flow))).model_dump()
    assert {"profile", *FILLED_IN[flow]} == set(schema["properties"])
    for name, field in schema["properties"].items():
        assert "type" in field or all("type" in kind for kind in field["anyOf"]), f"{flow}: {name} has no type"
        assert field["description"], f"{flow}: {name} does not say what it is"
    required = set(schema.get("required", []))
    needed = {"backfill": {"start", "end"}, "replay": {"since"}, "spinup": {"year"}}
    assert required == {"profile"} | needed.get(flow, set())


@pytest.mark.parametrize("flow", sorted(FLOWS))
def test_what_is_filled_in_is_checked_by_the_models_of_the_package(flow: str) -> None:
    deployment = deployment_of(flow)
    run = flow_of(deployment)
    given = deployment["parameters"]
    assert run.validate_parameters({**given, **FILLED_IN[flow]})["profile"] == given["profile"]
    with pytest.raises((ParameterTypeError, TypeError)):
        run.validate_parameters({**given, **REFUSED[flow]})
    with pytest.raises(Exception, match="cannot read the profile"):
        run.validate_parameters({"profile": "profiles/nowhere.yaml", **FILLED_IN[flow]})
