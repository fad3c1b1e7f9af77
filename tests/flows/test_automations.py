"""Every automation has its page in the runbook; test_service applies them to a real server and hears their alarms."""

import re
from pathlib import Path

from prefect.events.actions import DoNothing

from flows.automations import build_automations

RUNBOOK = Path(__file__).resolve().parents[2] / "docs" / "runbook.md"
NAMES = {
    "ldas: late cycle",
    "ldas: failed or crashed run",
    "ldas: zombie run",
    "ldas: stale data",
    "ldas: rescaling drift",
}


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
