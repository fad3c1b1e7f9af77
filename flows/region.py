"""The region example: real soil moisture granules found through a STAC API and assimilated by the daily flow."""

import argparse
import os
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pandas as pd
from rich.console import Console

from flows.local import Bars, grid_of, make_anew, run_as_command, start_prefect
from ldas.config import load_profile
from ldas.cycle import DAY
from ldas.demo.servers import StacApi, wait_until_up
from ldas.demo.world import World, write_maps, write_weather
from ldas.errors import InputError
from ldas.examples.region import LABEL, calibrate, first_window, region_profile, region_world, start_record
from ldas.examples.region_report import day_table, plot
from ldas.examples.scenes import find_scenes, make_collection, make_item
from ldas.grid import Grid
from ldas.observations import collect
from ldas.record import Record

CATALOGUE_DELAY = timedelta(hours=8)


def main(arguments: list[str] | None = None) -> None:
    """Parse the options of `ldas region` and run it."""
    options = _parser().parse_args(arguments)
    console = Console(soft_wrap=True, highlight=False)
    folder = Path(options.output).resolve()
    grid = grid_of(options.domain) if options.box is None else Grid(*options.box)
    table = run_region(Path(options.folder), grid, folder, options.spinup_days, Bars(console))
    console.print(f"{LABEL}, {grid.size} cells")
    console.print(table.to_string(index=False, float_format=lambda value: f"{value:.3f}"))
    console.print(f"{folder}: days.csv, maps.png, profile.yaml, store/public/catalog.yaml")


def run_region(granules: Path, grid: Grid, folder: Path, spinup_days: int, show: Bars) -> pd.DataFrame:
    """Run the example into `folder`, which is made anew, and return a row a window.

    Raises InputError when there is no granule, or none that touches the grid, ConfigurationError where `folder` holds
    something else.
    """
    scenes = find_scenes(granules)
    world = region_world(grid, scenes, spinup_days)
    make_anew(folder)
    with ExitStack() as stack, show.progress:
        os.environ["LDAS_CACHE"] = str(folder / "cache")
        stac = StacApi()
        stack.callback(stac.close)
        stac.serve([make_collection(scenes)], [make_item(scene) for scene in scenes])
        start_prefect(folder, stack)
        inputs = folder / "world"
        write_maps(world, inputs)
        write_weather(world, inputs, show)
        path = folder / "profile.yaml"
        start, store = first_window(scenes), (folder / "store").as_uri()
        path.write_text(region_profile(grid, start, str(inputs), stac.url, store), encoding="utf-8")
        profile = load_profile(path)
        calibration = calibrate(
            profile, world.start, world.end, folder / "cache" / "calibration", lambda share: show("open loop", share)
        )
        record = start_record(profile, calibration)
        _operate(world, path, record, show)
        return _report(record, folder, path)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ldas region", description=f"The daily flow on a folder of granules: {LABEL}."
    )
    parser.add_argument("folder", help="folder of c_gls_SSM1km_*_S1CSAR_V1.x.y.nc files (Copernicus Land Service)")
    parser.add_argument("--domain", default="toulouse", help="box of deploy/profiles/DOMAIN.yaml (default toulouse)")
    parser.add_argument(
        "--box", type=float, nargs=4, metavar=("WEST", "SOUTH", "EAST", "NORTH"), help="another box, in degrees"
    )
    parser.add_argument("--spinup-days", type=int, default=10, help="days of open loop before the first granule")
    parser.add_argument("--output", default="region-output", help="folder of everything the example writes")
    return parser


def _operate(world: World, profile: Path, record: Record, show: Bars) -> None:
    """The daily flow once a day, as its schedule would start it."""
    from flows.daily import daily

    wait_until_up(os.environ["PREFECT_API_URL"] + "/health", seconds=120)
    days = (world.end - record.start) // DAY
    for index in range(days):
        end = record.start + (index + 1) * DAY
        daily(str(profile), until=end + CATALOGUE_DELAY, publish=index == days - 1)
        show("daily flow", (index + 1) / days)


def _report(record: Record, folder: Path, profile: Path) -> pd.DataFrame:
    """Write the table and, for the day with most observations, the maps."""
    cycles = record.cycles()
    analysis, diagnostics = record.open_analysis(), record.open_diagnostics()
    table = day_table(cycles, analysis, diagnostics)
    table.to_csv(folder / "days.csv", index=False)
    best = int(table["offered"].to_numpy().argmax())
    end = cycles[best].time
    settings = load_profile(profile)
    found = collect(settings.observations, record.domain.grid, end - DAY, end, folder / "cache" / "observations").ssm
    if found is None:
        raise InputError("no granule touches the box")
    plot(analysis.isel(time=best).load(), found["value"]).savefig(folder / "maps.png", dpi=100)
    return table


if __name__ == "__main__":
    run_as_command(main)
