"""The automations are applied to a real server, once each however often the command runs."""

import json
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from prefect.events.actions import DoNothing

from flows.automations import build_automations
from tests.flows.prefect_server import postgresql, prefect_server

RUNBOOK = Path(__file__).resolve().parents[2] / "docs" / "runbook.md"
NAMES = {
    "ldas: late cycle",
    "ldas: failed or crashed run",
    "ldas: zombie run",
    "ldas: stale data",
    "ldas: rescaling drift",
}


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


def test_every_alarm_has_its_page_in_the_runbook():
    pages = {match[1]: match[2] for match in re.finditer(r"^## (.+)\n((?:(?!^## ).*\n?)*)", RUNBOOK.read_text(), re.M)}
    anchors = {title.lower().replace(" ", "-"): text for title, text in pages.items()}
    automations = build_automations([DoNothing()])
    assert {automation.name for automation in automations} == NAMES
    for automation in automations:
        anchor = automation.description.rpartition("Runbook: ")[2].rstrip(".")
        assert f"`{automation.name}`" in RUNBOOK.read_text(), f"{automation.name} is not in the table of symptoms"
        for part in ("**Means**", "**Look at**", "**Do**"):
            assert part in anchors[anchor], f"the page {anchor} lacks {part}"


def test_every_link_of_the_runbook_and_the_operations_leads_somewhere():
    for document in (RUNBOOK, RUNBOOK.with_name("operations.md")):
        for target in re.findall(r"\]\(([^)]+)\)", document.read_text()):
            name, _, anchor = target.partition("#")
            file = document.parent / name if name else document
            assert file.exists(), f"{document.name}: {target} does not exist"
            if anchor:
                titles = re.findall(r"^#+ (.+)$", file.read_text(), re.M)
                assert anchor in [title.lower().replace(" ", "-") for title in titles], f"{target}: no such heading"


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
