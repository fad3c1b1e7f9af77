"""Pictures of what the operator sees in the Prefect UI, `docs/images/ui-*.png`: `python -m tests.flows.screenshots`.

A real server and worker run the daily deployment on a small synthetic domain; a headless Chromium looks at it.
"""

import argparse
import json
import os
import shutil
import tempfile
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import yaml
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from ldas.grid import Grid
from ldas.initial import initialise
from tests.cycle.world import day, make_profile, write_world
from tests.flows.operating import Operator, operating
from tests.flows.prefect_server import ROOT

GRID = Grid(4.00, 43.95, 4.15, 44.10)
DAYS = 3
WIDTH, HEIGHT = 1280, 900
PATIENCE = 150_000
"""Milliseconds for a page to show what it should; a busy machine is slow."""
COLOURS = 128
"""The pictures are of few colours; a palette makes them a third of the size."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Take the pictures of the Prefect UI for the documents.")
    parser.add_argument("--into", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--chromium", default=shutil.which("chromium"), help="the browser's program")
    options = parser.parse_args()
    if not options.chromium:
        raise SystemExit("chromium was not found: install it, or name it with --chromium")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ldas-screenshots-")))
        os.environ["LDAS_CACHE"] = str(folder / "cache")
        profile = make_domain(folder)
        operator = stack.enter_context(operating(folder / "prefect", "", "--all"))
        run = operator.trigger("daily/ales", profile=str(profile), until=day(DAYS))
        if (state := operator.wait(run)) != "COMPLETED":
            raise SystemExit(f"the daily run ended {state}; see {folder}")
        for at in (day(DAYS), day(DAYS + 3)):
            operator.wait(operator.trigger("validate/ales", profile=str(profile), at=at))
        take(operator, run, options.chromium, options.into)


def make_domain(folder: Path) -> Path:
    """A domain of the demo world with its record made; returns the profile's file."""
    settings = make_profile(folder, write_world(folder, DAYS, GRID))
    domain = settings.domain.model_copy(update={"name": "ales", "title": "Synthetic domain"})
    settings = settings.model_copy(update={"domain": domain})
    path = folder / "ales.yaml"
    path.write_text(yaml.safe_dump(settings.model_dump(mode="json")), encoding="utf-8")
    initialise(settings)
    return path


def take(operator: Operator, run: str, chromium: str, into: Path) -> None:
    """Write every picture into the folder `into`."""
    base = operator.environ["PREFECT_API_URL"].removesuffix("/api")
    artifacts = {str(found["key"]): str(found["id"]) for found in read(operator, "artifacts/filter")}
    pages = {
        "ui-runs": (f"{base}/runs", "ales daily"),
        "ui-run": (f"{base}/runs/flow-run/{run}", "Completed"),
        "ui-deployments": (f"{base}/deployments", "daily"),
        "ui-report": (f"{base}/artifacts/artifact/{artifacts['ales-cycle']}", "Window ending"),
        "ui-table": (f"{base}/artifacts/artifact/{artifacts['ales-cycles']}", "SSM used"),
        "ui-map": (f"{base}/artifacts/artifact/{artifacts['ales-root-zone']}", "Root-zone"),
    }
    into.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        for name, (address, text) in pages.items():
            picture(page, address, text, into / f"{name}.png")
        browser.close()


def picture(page: Page, address: str, text: str, path: Path) -> None:
    """Open an address, wait until `text` shows, and write what is seen with few colours."""
    page.goto(address)
    page.get_by_text(text).first.wait_for(timeout=PATIENCE)
    page.wait_for_timeout(2_000)
    page.screenshot(path=path)
    with Image.open(path) as taken:
        taken.convert("RGB").quantize(COLOURS).save(path, optimize=True)
    print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


def read(operator: Operator, what: str) -> list[dict[str, Any]]:
    """What the API lists under `what`."""
    request = urllib.request.Request(
        f"{operator.environ['PREFECT_API_URL']}/{what}", b"{}", {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


if __name__ == "__main__":
    main()
