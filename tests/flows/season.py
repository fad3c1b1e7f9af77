"""A simulated season: a daily trigger for 90 days in a world where something is broken on most of them.

`python -m tests.flows.season --days 90` runs the daily flow on a real Prefect server, with the inputs and the record
in an S3 server and the catalogue in a STAC server, both behind gateways that spoil answers; runs are killed, fired
twice and left out. The record must then equal, to the last bit, that of a plain run over the final inputs.
"""

import argparse
import os
import re
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from multiprocessing.context import ForkServerContext
from pathlib import Path

import boto3
import numpy as np
import xarray as xr
import yaml

from ldas.config import load_profile
from ldas.cycle import open_service, run_until
from ldas.demo.servers import ObjectStore, StacApi
from ldas.demo.service import BUCKET, Arrival, demo_profile, serve_until, upload, write_granules
from ldas.demo.world import World, run_truth, write_maps, write_weather
from ldas.grid import Grid
from ldas.initial import initialise
from ldas.model.options import ModelOptions
from ldas.record import Record
from tests.cycle.test_cycle import assert_same_record
from tests.flows.gateway import Gateway, Spoiler
from tests.flows.prefect_server import prefect_server
from tests.flows.season_faults import FAULTS, WEATHER, Fault, delay_some, draw_faults, draw_outage
from tests.flows.season_run import fork_server, start_daily

START = datetime(2026, 5, 6, 18, tzinfo=UTC)
"""So that the first week has a LAI granule: it comes late, and is revised after the week."""
GRID = Grid(4.10, 44.00, 4.13, 44.03)
RECORD_BUCKET = "ldas-season"
TRIGGER = timedelta(hours=8)
"""A trigger comes this long after the end of its window."""
DAYS_BETWEEN_PUBLICATIONS = 5
PATIENCE = {
    "LDAS_RETRY_PAUSES": "0.2 0.4",
    "AWS_MAX_ATTEMPTS": "2",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
}
"""Retries as in service, but with pauses of a simulated day."""


def day(number: int) -> datetime:
    """End of window `number` (1 is the first)."""
    return START + timedelta(days=number)


@dataclass
class Season:
    """What happened: triggers by fault and end, and what was counted."""

    ends: dict[str, Counter[str]] = field(default_factory=dict)
    without_effect: Counter[str] = field(default_factory=Counter)
    late_granules: int = 0
    triggers: int = 0
    replayed: int = 0
    degraded: int = 0
    overheads: list[float] = field(default_factory=list)
    """Seconds of runs without fault and publication beyond the recorded steps of their one cycle: flow and tasks."""

    @property
    def effective(self) -> int:
        """Faults that touched something."""
        return sum(sum(ends.values()) for ends in self.ends.values()) - sum(self.without_effect.values())


class Service:
    """The service under test: its profile, its servers and the gateways in front of them."""

    def __init__(self, folder: Path, world: World, stac: StacApi, arrivals: Sequence[Arrival], profile: Path) -> None:
        self.folder, self.world, self.stac, self.arrivals, self.profile = folder, world, stac, arrivals, profile
        self.settings = load_profile(profile)
        self.context: ForkServerContext = fork_server()
        self.log = folder / "runs.log"

    @property
    def record(self) -> Record:
        return Record.open(self.settings.record)

    def trigger(self, number: int, copies: int = 1, kill_after: float | None = None) -> list[str]:
        """Run the daily flow after window `number`, and say how each copy ended."""
        now = day(number) + TRIGGER
        serve_until(self.stac, self.arrivals, now)
        publish = number % DAYS_BETWEEN_PUBLICATIONS == 0
        processes = [start_daily(self.context, self.profile, now, publish, self.log) for _ in range(copies)]
        for process in processes:
            process.join(kill_after)
            if process.is_alive():
                process.kill()
                process.join()
        return [{0: "completed", -9: "killed"}.get(process.exitcode or 0, "failed") for process in processes]


def run_season(folder: Path, days: int, seed: int, share: float, on_s3: bool) -> Season:
    """Run both services over `days` windows and compare their records; raises AssertionError where they differ.

    The disturbed record is on S3 behind the gateway, or on this disk; a fault is drawn for `share` of the days.
    """
    with ExitStack() as stack:
        environ = stack.enter_context(prefect_server(folder / "prefect"))
        objects, stac = ObjectStore(), StacApi()
        stack.callback(objects.close)
        stack.callback(stac.close)
        scratch = folder / "scratch"
        scratch.mkdir()
        stack.enter_context(environment({**environ, **objects.environ, **PATIENCE, "TMPDIR": str(scratch)}))
        world = World(GRID, START, days)
        arrivals = make_world(world, folder / "world", objects.url)
        expected = undisturbed(folder, world, objects.url, stac, arrivals)
        catalogue, store = Gateway(stac.url), Gateway(objects.url)
        stack.callback(catalogue.close)
        stack.callback(store.close)
        boto3.client("s3", endpoint_url=objects.url).create_bucket(Bucket=RECORD_BUCKET)
        address = f"s3://{RECORD_BUCKET}/record" if on_s3 else f"file://{folder}/season/record"
        profile = write_profile(folder / "season.yaml", world, catalogue.url, store.url, address)
        delayed, late = delay_some(arrivals, seed)
        service = Service(folder, world, stac, delayed, profile)
        initialise(service.settings)
        season = Season(late_granules=late)
        with environment({"LDAS_CACHE": str(folder / "cache-disturbed")}):
            operate(service, {"catalogue": catalogue, "store": store}, draw_faults(days, seed, share, on_s3), season)
        assert_same_record(service.record, expected)
        assert_same_inputs(service.record, expected)
        season.replayed = sum(map(int, re.findall(r"(\d+) cycles replayed", service.log.read_text())))
        return season


def operate(service: Service, gateways: dict[str, Gateway], faults: dict[int, Fault], season: Season) -> None:
    """A trigger a day with the faults drawn for it, and one without fault after the last day."""
    random, last_day = np.random.default_rng(3), service.world.days
    asleep_until, seconds = 0, 5.0
    for number in range(1, last_day + 1):
        if number <= asleep_until:
            continue
        fault = faults.get(number)
        season.triggers += 1
        if fault is None:
            before = service.record.time
            begin = time.monotonic()
            assert service.trigger(number) == ["completed"], f"day {number}: a run without fault did not complete"
            seconds = time.monotonic() - begin
            if number % DAYS_BETWEEN_PUBLICATIONS:
                note_overhead(service, before, season)
        elif fault.name == "nothing runs for days":
            asleep_until = number + draw_outage(random) - 1
            note(season, fault, ["left out"])
        elif fault.name == "process killed":
            ends = service.trigger(number, kill_after=random.uniform(0.2, 1.2) * seconds)
            note(season, fault, ends, effect="killed" in ends)
        elif fault.name == "schedule fires twice":
            note(season, fault, service.trigger(number, copies=2))
        else:
            assert fault.server and fault.spoiler
            gateway = gateways[fault.server]
            gateway.spoil(of_day(fault.spoiler, service, number))
            ends = service.trigger(number)
            hits = sum(gateway.hits.values())
            gateway.spoil()
            note(season, fault, ends, effect=hits > 0)
        check_order(service.record)
        newest = service.record.cycles()[-1:]
        season.degraded += any(cycle.degraded for cycle in newest)
        reached = f"record up to {newest[-1].time:%Y-%m-%d}" if newest else "record empty"
        print(f"day {number} of {last_day}: {fault.name if fault else 'no fault'}; {reached}", flush=True)
    serve_until(service.stac, service.arrivals, day(last_day) + timedelta(days=60))
    last = start_daily(service.context, service.profile, day(last_day), True, service.log)
    last.join()
    assert last.exitcode == 0
    check_order(service.record)


def note(season: Season, fault: Fault, ends: list[str], effect: bool = True) -> None:
    season.ends.setdefault(fault.name, Counter())[" + ".join(sorted(ends))] += 1
    season.without_effect[fault.name] += not effect


def note_overhead(service: Service, before: datetime, season: Season) -> None:
    """Keep what a run of one cycle took beyond the steps that its cycle recorded; runs with replays do not count."""
    tail = service.log.read_text().rpartition("the run of")
    newest = service.record.cycles()[-1]
    if service.record.time - before == timedelta(days=1) and "replayed" not in tail[0].rpartition("the run of")[2]:
        wall = float(tail[2].rpartition(" in ")[2].split()[0])
        season.overheads.append(wall - sum(newest.seconds.values()))


def of_day(spoiler: Spoiler, service: Service, number: int) -> Spoiler:
    """The spoiler for this day: missing and incomplete weather is that of the newest file."""
    if spoiler.path != WEATHER or spoiler.kind == "unavailable":
        return spoiler
    name = f"weather_{day(number):%Y%m%d}.nc"
    if spoiler.kind != "replaced":
        return replace(spoiler, path=name)
    part = service.folder / "part.nc"
    with xr.open_dataset(service.folder / "world" / "weather" / name) as whole:
        whole.isel(time=slice(0, 12)).to_netcdf(part)
    return replace(spoiler, path=name, body=part.read_bytes())


def check_order(record: Record) -> None:
    """Every cycle is there once, in order."""
    found = [cycle.time for cycle in record.cycles()]
    assert found == [day(k) for k in range(1, len(found) + 1)], found


def assert_same_inputs(ours: Record, theirs: Record) -> None:
    """Each cycle was made from the same granules and weather, and none is left degraded."""
    for first, second in zip(ours.cycles(), theirs.cycles(), strict=True):
        assert not first.degraded and not second.degraded, (first.time, first.degraded, second.degraded)
        for name in ("observations", "forcing", "rescaling_version", "summary"):
            assert getattr(first, name) == getattr(second, name), f"{first.time:%Y-%m-%d}: {name} differs"


def make_world(world: World, folder: Path, endpoint: str) -> list[Arrival]:
    """Maps, weather and granules in the object store; the granules as they arrive."""
    write_maps(world, folder)
    write_weather(world, folder, lambda stage, share: None)
    truth = run_truth(world, folder, ModelOptions(), lambda stage, share: None)
    arrivals = write_granules(world, truth, folder, f"s3://{BUCKET}")
    upload(folder, endpoint)
    return arrivals


def undisturbed(folder: Path, world: World, endpoint: str, stac: StacApi, arrivals: Sequence[Arrival]) -> Record:
    """The record of a plain run on a quiet day long after the season, when everything has arrived."""
    path = write_profile(folder / "undisturbed.yaml", world, stac.url, endpoint, f"file://{folder}/undisturbed/record")
    settings = load_profile(path)
    serve_until(stac, arrivals, world.end + timedelta(days=60))
    with environment({"LDAS_CACHE": str(folder / "cache-undisturbed")}):
        initialise(settings)
        done = run_until(open_service(settings), world.end)
    assert done.waiting_for is None
    used = Counter(granule["product"] for cycle in done.committed for granule in cycle.observations)
    assert used["ssm"] and used["lai"], "the undisturbed run had no observations: nothing would be tested"
    return Record.open(settings.record)


def write_profile(path: Path, world: World, stac_url: str, endpoint: str, record: str) -> Path:
    text = demo_profile(
        world, f"s3://{BUCKET}", endpoint, stac_url, f"file://{path.with_suffix('')}", "SSM_LAI", "ales"
    )
    content = yaml.safe_load(text)
    content["domain"] |= {"name": "season", "title": "Simulated season"}
    content["observations"] |= {"retries": 1}
    content["window"] |= {"ssm_look_back_days": 20}
    content["record"] = {"uri": record, "endpoint_url": endpoint, "tries": 3}
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


@contextmanager
def environment(values: dict[str, str]) -> Iterator[None]:
    """Environment variables set for a while."""
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def print_season(season: Season, days: int, seconds: float) -> None:
    width = max(len(fault.name) for fault in FAULTS)
    for name, ends in sorted(season.ends.items()):
        told = ", ".join(f"{count} {end}" for end, count in sorted(ends.items()))
        idle = f" ({season.without_effect[name]} without effect)" if season.without_effect[name] else ""
        print(f"{name:<{width}}  {sum(ends.values()):>2} injected: {told}{idle}")
    print(f"{days} days, {season.triggers} triggers, {season.effective} faults with effect, all survived")
    print(f"{season.late_granules} granules made later still, {season.replayed} cycles replayed")
    if season.overheads:
        print(
            f"flow and tasks beside the cycle's own steps: mean {np.mean(season.overheads):.1f} s, "
            f"greatest {max(season.overheads):.1f} s of {len(season.overheads)} runs"
        )
    print(f"{season.degraded} triggers ended on a degraded cycle, none is left degraded")
    print(f"the record equals the undisturbed one to the last bit; {seconds:.0f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description="A season of daily triggers with injected faults.")
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--share", type=float, default=0.6, help="share of the days with a fault (default 0.6)")
    parser.add_argument("--record", choices=("s3", "disk"), default="s3", help="where the record is (default s3)")
    parser.add_argument("--folder", type=Path, help="kept afterwards; default: a temporary one, removed")
    options = parser.parse_args()
    begin = time.monotonic()
    with ExitStack() as stack:
        folder = options.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ldas-season-")))
        folder.mkdir(parents=True, exist_ok=True)
        season = run_season(folder, options.days, options.seed, options.share, options.record == "s3")
        print_season(season, options.days, time.monotonic() - begin)


if __name__ == "__main__":
    main()
