"""The whole system on a synthetic world: servers, spin-up, the daily flow day by day, publication, scores."""

import argparse
import os
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import xarray as xr
from rich.console import Console
from rich.table import Table

from flows.local import Bars, grid_of, make_anew, run_as_command, start_prefect
from ldas.config import load_profile
from ldas.demo.report import report_page
from ldas.demo.scores import Score, score
from ldas.demo.servers import ObjectStore, StacApi, wait_until_up
from ldas.demo.service import BUCKET, Arrival, demo_profile, serve_until, upload, write_granules
from ldas.demo.world import World, run_truth, write_maps, write_weather
from ldas.model.options import ModelOptions
from ldas.record import Provenance

FIRST_DAY = datetime(2026, 5, 15, 18, tzinfo=UTC)
SPINUP_DAYS = 20
CATALOGUE_DELAY = timedelta(hours=8)


def main(arguments: list[str] | None = None) -> None:
    """Parse the options of `ldas demo` and run it."""
    options = _parser().parse_args(arguments)
    begin = time.perf_counter()
    console = Console()
    folder = Path(options.output).resolve()
    make_anew(folder)
    store = options.store or (folder / "store").as_uri()
    world = World(grid_of(options.domain), FIRST_DAY - timedelta(days=SPINUP_DAYS), SPINUP_DAYS + options.days)
    show = Bars(console)
    with ExitStack() as stack, show.progress:
        objects, stac = ObjectStore(), StacApi()
        stack.callback(objects.close)
        stack.callback(stac.close)
        os.environ.update({**objects.environ, "LDAS_CACHE": str(folder / "cache")})
        api = start_prefect(folder, stack)
        truth, arrivals = _make_world(world, folder, objects.url, show)
        profile = folder / f"{options.domain}.yaml"
        text = demo_profile(world, f"s3://{BUCKET}", objects.url, stac.url, store, options.experiment, options.domain)
        profile.write_text(text, encoding="utf-8")
        _operate(world, profile, stac, arrivals, show)
        record = _scored(profile)
        scores = score(record, truth)
        published = _serve(folder / "store" / "public", stack) if not options.store else f"{store}/public"
        cycles = [cycle for cycle in _cycles(profile) if cycle.time > FIRST_DAY]
        facts = {
            "domain": f"{options.domain}, {world.grid.size} cells, {options.days} days from {FIRST_DAY:%Y-%m-%d}",
            "experiment": options.experiment,
            "observations assimilated": ", ".join(
                f"{sum(int(cycle.summary[f'{kind}_used'] or 0) for cycle in cycles)} {kind.upper()}"
                for kind in ("ssm", "lai")
            ),
            "degraded cycles": str(sum(bool(cycle.degraded) for cycle in cycles)),
            "time taken": f"{time.perf_counter() - begin:.0f} s",
        }
        report = folder / "report.html"
        report.write_text(report_page("Demo of the land data assimilation service", facts, scores, record, truth))
        show.progress.stop()
        _print_summary(console, scores, facts, report, api, published, store, options.serve)
        if options.serve:
            _wait(console)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ldas demo", description="The whole system on a synthetic world.")
    parser.add_argument("--days", type=int, default=30, help="days under the daily flow (default 30)")
    parser.add_argument("--experiment", choices=["OL", "SSM", "LAI", "SSM_LAI"], default="SSM_LAI")
    parser.add_argument("--domain", default="ales", help="box of deploy/profiles/DOMAIN.yaml (default ales)")
    parser.add_argument("--store", default="", help="fsspec URL of record and publication (default: the output folder)")
    parser.add_argument("--output", default="demo-output", help="folder of everything the demo writes")
    parser.add_argument("--serve", action="store_true", help="keep the Prefect UI and the publication up")
    return parser


def _make_world(world: World, folder: Path, endpoint: str, show: Bars) -> tuple[xr.Dataset, list[Arrival]]:
    """Write maps, weather, truth and granules, and put all but the truth into the object store."""
    inputs = folder / "world"
    write_maps(world, inputs)
    write_weather(world, inputs, show)
    truth = run_truth(world, inputs, ModelOptions(), show)
    (inputs / "truth.nc").rename(folder / "truth.nc")
    show("granules and upload", 0.1)
    arrivals = write_granules(world, truth, inputs, f"s3://{BUCKET}")
    upload(inputs, endpoint)
    show("granules and upload", 1.0)
    return truth, arrivals


def _operate(world: World, profile: Path, stac: StacApi, arrivals: list[Arrival], show: Bars) -> None:
    """Initial state, spin-up without Prefect, then the daily flow once a simulated day."""
    from flows.common import service_of
    from flows.daily import daily
    from ldas.cycle import run_until
    from ldas.initial import initialise

    serve_until(stac, arrivals, FIRST_DAY)
    initialise(load_profile(profile))
    service = service_of(str(profile))
    done = 0

    def count(_cycle: object) -> None:
        nonlocal done
        done += 1
        show("spin-up", done / SPINUP_DAYS)

    run_until(service, FIRST_DAY, count)
    wait_until_up(os.environ["PREFECT_API_URL"] + "/health", seconds=120)
    days = world.days - SPINUP_DAYS
    for index in range(days):
        now = FIRST_DAY + timedelta(days=index + 1) + CATALOGUE_DELAY
        serve_until(stac, arrivals, now)
        last = index == days - 1
        daily(str(profile), until=now, publish=last or (index + 1) % 10 == 0)
        show("daily flow", (index + 1) / days)


def _scored(profile: Path) -> xr.Dataset:
    """The record's daily maps of the days under the daily flow."""
    from flows.common import service_of

    analysis = service_of(str(profile)).record.open_analysis()
    return analysis[["wg", "wg_ol", "lai", "lai_ol"]].sel(time=slice(FIRST_DAY.replace(tzinfo=None), None)).load()


def _cycles(profile: Path) -> list[Provenance]:
    """The record's cycles."""
    from flows.common import service_of

    return service_of(str(profile)).record.cycles()


def _serve(folder: Path, stack: ExitStack) -> str:
    """Serve the publication over HTTP from this process."""
    handler = partial(_QuietHandler, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    stack.callback(server.shutdown)
    return f"http://127.0.0.1:{server.server_port}"


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the demo's own output is what people read."""


def _print_summary(
    console: Console,
    scores: list[Score],
    facts: dict[str, str],
    report: Path,
    api: str,
    published: str,
    store: str,
    serving: bool,
) -> None:
    table = Table(title="RMSE against the truth (synthetic world)")
    for heading in ("variable", "where", "open loop", "analysis", "reduction"):
        table.add_column(heading, justify="left" if heading in ("variable", "where") else "right")
    for one in scores:
        table.add_row(one.variable, one.where, f"{one.open_loop:.4f}", f"{one.analysis:.4f}", f"{one.reduction:+.1%}")
    console.print(table)
    for label, text in facts.items():
        console.print(f"{label}: {text}", highlight=False)
    console.print(f"report:      {report}", highlight=False)
    console.print(f"catalogue:   {store}/public/catalog.yaml", highlight=False)
    if serving:
        console.print(f"publication: {published}", highlight=False)
        console.print(f"Prefect UI:  {api}", highlight=False)
    else:
        console.print("Prefect UI:  run again with --serve to look at it", highlight=False)


def _wait(console: Console) -> None:
    console.print("serving; Ctrl-C ends")
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        console.print("ended")


if __name__ == "__main__":
    run_as_command(main)
