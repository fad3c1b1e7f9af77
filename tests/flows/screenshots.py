"""Pictures of what the operator sees in the Prefect UI, `docs/images/ui-*.png`: `python -m tests.flows.screenshots`.

A real server and worker run backfill (asked for with the form of the UI), daily and validate on a small domain of the
demo world; a headless Chromium looks at them.
"""

import argparse
import os
import shutil
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from ldas.config import load_profile
from ldas.cycle import open_service, run_until
from ldas.demo.servers import ObjectStore, StacApi
from ldas.demo.service import BUCKET, demo_profile, serve_until, upload, write_granules
from ldas.demo.world import World, run_truth, write_maps, write_weather
from ldas.grid import Grid
from ldas.initial import initialise
from ldas.model.options import ModelOptions
from tests.flows.operating import Operator, operating
from tests.flows.prefect_server import ROOT

GRID = Grid(4.00, 43.95, 4.15, 44.10)
START = datetime(2026, 4, 16, 18, tzinfo=UTC)
SPINUP_DAYS = 18
"""Windows before the pictured run: soil moisture is assimilated once there are pairs to rescale it with."""
DAYS = SPINUP_DAYS + 6
"""So that the last window, to 10 May, has soil moisture everywhere and leaf area."""
LATEST = 30
"""Days after which every granule has arrived."""
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
        profile = make_domain(folder, stack)
        operator = stack.enter_context(operating(folder / "prefect", "", "--all"))
        options.into.mkdir(parents=True, exist_ok=True)
        browser = stack.enter_context(sync_playwright()).chromium.launch(
            executable_path=options.chromium, args=["--no-sandbox"]
        )
        stack.callback(browser.close)
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light", timezone_id="UTC")
        ended(
            operator,
            submit_backfill(page, operator, profile, (day(0), day(SPINUP_DAYS + 1)), options.into / "ui-form.png"),
        )
        run = operator.trigger("daily/ales", profile=str(profile), until=day(DAYS))
        ended(operator, run)
        for at in (day(DAYS), day(DAYS + 3)):
            operator.wait(operator.trigger("validate/ales", profile=str(profile), at=at))
        take(page, operator, run, options.into)


def make_domain(folder: Path, stack: ExitStack) -> Path:
    """The demo world in servers of its own, and a record of its first weeks; returns the profile's file."""
    world = World(GRID, START, DAYS)
    objects, stac = ObjectStore(), StacApi()
    stack.callback(objects.close)
    stack.callback(stac.close)
    os.environ.update(objects.environ)
    inputs = folder / "world"
    write_maps(world, inputs)
    write_weather(world, inputs, lambda stage, share: None)
    truth = run_truth(world, inputs, ModelOptions(), lambda stage, share: None)
    arrivals = write_granules(world, truth, inputs, f"s3://{BUCKET}")
    upload(inputs, objects.url)
    serve_until(stac, arrivals, day(DAYS + LATEST))
    path = folder / "ales.yaml"
    store = f"file://{folder}/store"
    path.write_text(
        demo_profile(world, f"s3://{BUCKET}", objects.url, stac.url, store, "SSM_LAI", "ales"), encoding="utf-8"
    )
    settings = load_profile(path)
    initialise(settings)
    run_until(open_service(settings), day(SPINUP_DAYS))
    return path


def day(number: int) -> datetime:
    """End of window `number` (1 is the first)."""
    return START + timedelta(days=number)


def ended(operator: Operator, run: str) -> None:
    if (state := operator.wait(run)) != "COMPLETED":
        raise SystemExit(f"run {operator.run(run)['name']} ended {state}: {operator.run(run)['state']['message']}")


def submit_backfill(
    page: Page, operator: Operator, profile: Path, period: tuple[datetime, datetime], path: Path
) -> str:
    """Fill in the form of `backfill`, with its picture, and submit it for `profile`; returns the id of the run made."""
    deployment = operator.ask("deployments/name/backfill/ales")["id"]
    page.goto(f"{base(operator)}/deployments/deployment/{deployment}/run")
    for date in period:
        page.get_by_text("Select date and time").first.click(timeout=PATIENCE)
        page.locator("input[type=date]").fill(f"{date:%Y-%m-%d}")
        page.locator("input[type=time]").fill(f"{date:%H:%M}")
        page.get_by_role("button", name="Apply").click()
        page.get_by_text(f"{date:%Y-%m-%dT%H:%M:%SZ}").wait_for(timeout=PATIENCE)
    keep(page, path)
    page.locator("textarea").first.fill(str(profile))
    page.get_by_role("button", name="Submit").click()
    page.get_by_text("scheduled to start").first.wait_for(timeout=PATIENCE)
    (run,) = operator.ask("flow_runs/filter", {"deployments": {"id": {"any_": [deployment]}}})
    start, end = (f"{date:%Y-%m-%dT%H:%M:%SZ}" for date in period)
    wanted = {"profile": str(profile), "start": start, "end": end}
    if run["parameters"] != wanted:
        raise SystemExit(f"the form was filled in with {wanted} and made a run with {run['parameters']}")
    print(f"the form made a run from {start} to {end}")
    return run["id"]


def base(operator: Operator) -> str:
    return operator.environ["PREFECT_API_URL"].removesuffix("/api")


def take(page: Page, operator: Operator, run: str, into: Path) -> None:
    """Write the pictures of runs, deployments and artifacts into the folder `into`."""
    address = base(operator)
    artifacts = {str(found["key"]): str(found["id"]) for found in operator.artifacts() if found["flow_run_id"] == run}
    pages = {
        "ui-runs": (f"{address}/runs", "ales daily"),
        "ui-run": (f"{address}/runs/flow-run/{run}", "Completed"),
        "ui-deployments": (f"{address}/deployments", "daily"),
        "ui-report": (f"{address}/artifacts/artifact/{artifacts['ales-cycle']}", "Window ending"),
        "ui-table": (f"{address}/artifacts/artifact/{artifacts['ales-cycles']}", "SSM used"),
        "ui-map": (f"{address}/artifacts/artifact/{artifacts['ales-root-zone']}", "Root-zone"),
    }
    for name, (where, text) in pages.items():
        page.goto(where)
        page.get_by_text(text).first.wait_for(timeout=PATIENCE)
        keep(page, into / f"{name}.png")


def keep(page: Page, path: Path) -> None:
    """Write what is seen with few colours."""
    page.wait_for_timeout(2_000)
    page.screenshot(path=path)
    with Image.open(path) as taken:
        taken.convert("RGB").quantize(COLOURS).save(path, optimize=True)
    print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
