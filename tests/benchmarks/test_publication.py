"""Bytes and seconds of the publication for the Montpellier grid (139 x 101 cells), and what a reader transfers."""

import time
from datetime import timedelta
from pathlib import Path

import pytest
import zarr
from zarr.abc.store import Store
from zarr.storage import LocalStore, WrapperStore

from ldas.grid import Grid
from ldas.products.publication import publish
from ldas.products.target import Target
from tests.products.builders import build_source, first_days, settings_for

MONTPELLIER = Grid(2.987, 43.254, 4.379, 44.263)
DAYS = 33


class CountingStore(WrapperStore):
    """Counts requests and bytes of a reader."""

    requests = 0
    transferred = 0

    get_ranges = Store.get_ranges  # through `get`, not past it

    async def get(self, key, prototype, byte_range=None):  # type: ignore[no-untyped-def]
        return self._counted(await super().get(key, prototype, byte_range))

    def get_sync(self, key, *, prototype=None, byte_range=None):  # type: ignore[no-untyped-def]
        return self._counted(super().get_sync(key, prototype=prototype, byte_range=byte_range))

    def _counted(self, found):  # type: ignore[no-untyped-def]
        self.requests += 1
        self.transferred += len(found) if found is not None else 0
        return found


@pytest.mark.benchmark
def test_publication_of_the_montpellier_domain(tmp_path: Path) -> None:
    source = build_source(DAYS, MONTPELLIER)
    settings = settings_for(tmp_path, tile=64, days_per_shard=32, image_days=10)
    target = Target(settings)
    cells = MONTPELLIER.size
    publish(first_days(source, DAYS - 2), settings, source.times[DAYS - 3])
    sizes = {name: target.size(name) for name in ("analysis.zarr", "drought.zarr", "cog", "quicklook", "stac")}
    for days in (DAYS - 1, DAYS):
        started, used = time.perf_counter(), time.process_time()
        publish(first_days(source, days), settings, source.times[days - 1] + timedelta(hours=1))
        elapsed, used = time.perf_counter() - started, time.process_time() - used
        print(f"\npublication of one day on disk: {elapsed:.2f} s, {used:.2f} s of CPU", end="")
    daily = (target.size("analysis.zarr") - sizes["analysis.zarr"]) / 2
    print(f"\nanalysis.zarr: {daily / 1e6:.2f} MB a day, {daily / cells:.0f} bytes a cell (random values)")
    for name in ("drought.zarr", "cog", "quicklook", "stac"):
        print(f"{name}: {target.size(name) / 1e6:.2f} MB")
    for label, selection in (("map of a day", (-1,)), ("series of a pixel", (slice(0, 32), 50, 70))):
        store = CountingStore(LocalStore(tmp_path / "analysis.zarr", read_only=True))
        array = zarr.open_group(store, mode="r")["ssm"]
        before, started = (store.requests, store.transferred), time.perf_counter()
        assert isinstance(array, zarr.Array) and array[selection].size
        seconds = time.perf_counter() - started
        transferred = (store.transferred - before[1]) / 1e3
        print(f"{label}: {store.requests - before[0]} requests, {transferred:.0f} kB, {1e3 * seconds:.0f} ms")
