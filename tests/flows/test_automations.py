"""The automations are applied to a real server, once each however often the command runs."""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.flows.prefect_server import postgresql, prefect_server

NAMES = {"ldas: late cycle", "ldas: failed or crashed run", "ldas: zombie run", "ldas: stale data"}


def apply(environ: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "flows.automations"],
        env=environ,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def listed(environ: dict[str, str]) -> list[dict]:
    request = urllib.request.Request(
        environ["PREFECT_API_URL"] + "/automations/filter", b"{}", {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


@pytest.mark.server
@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_automations_are_applied_idempotently(tmp_path: Path, database: str):
    def check(url: str) -> None:
        with prefect_server(tmp_path / "prefect", url) as environ:
            assert apply(environ).count("created") == len(NAMES)
            assert apply(environ).count("updated") == len(NAMES)
            found = listed(environ)
            assert sorted(automation["name"] for automation in found) == sorted(NAMES)
            assert all(automation["enabled"] and automation["actions"] for automation in found)

    if database == "sqlite":
        check("")
    else:
        with postgresql() as url:
            check(url)
