"""What README and docs name is there: commands, files, pictures, pages."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from ldas.cli import app

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TARGETS = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    found = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    missing = [link for link in found if "://" not in link and not (page.parent / link).exists()]
    assert missing == []


def test_commands_that_are_shown_exist() -> None:
    known = set(get_command(app).commands)  # type: ignore[attr-defined]
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        shown = re.findall(r"(?:^ *|`)ldas ([a-z]+)\b", text, re.MULTILINE)
        assert set(shown) <= known, page.name
        assert set(re.findall(r"(?:^ *|`)make ([a-z-]+)", text, re.MULTILINE)) <= set(TARGETS), page.name
