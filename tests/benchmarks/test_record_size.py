"""Bytes a cycle and seconds a commit on a grid of the Montpellier domain's size (139 x 101 cells), local disk.

Run with `make bench`. Nothing passes or fails on wall time; the bar of 10 s for commit and publication together is for
the reader.
"""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from ldas.config import RecordSettings
from ldas.grid import PATCHES, Columns, Grid
from ldas.model.cold_start import cold_start
from ldas.model.derive import derive_parameters
from ldas.model.options import ModelOptions
from ldas.model.state import State
from ldas.record import Domain, Record
from tests.record.small import CONFIGURATION, make_result

MONTPELLIER = Grid(2.987, 43.254, 4.379, 44.263)
CYCLES = 4


def mixed_fractions(grid: Grid, random: np.random.Generator) -> np.ndarray:
    """Three to eight patches in every cell, six on average, as CGLS-LC100 gives on a mixed landscape."""
    fraction = np.zeros((PATCHES, grid.size))
    wanted = np.array([1, 4, 5, 7, 8, 9, 10, 12])
    for cell, number in enumerate(random.integers(4, 9, grid.size)):
        fraction[random.choice(wanted, number, replace=False) - 1, cell] = random.dirichlet(np.ones(number))
    return fraction.reshape(PATCHES, *grid.shape)


def montpellier(rows: int = 101) -> Domain:
    """The northern `rows` rows of the Montpellier grid with mixed patches, random texture and relief."""
    random = np.random.default_rng(1)
    south = round(MONTPELLIER.north - rows * MONTPELLIER.resolution, 6)
    grid = Grid(MONTPELLIER.west, south, MONTPELLIER.east, MONTPELLIER.north)
    fraction = mixed_fractions(grid, random)
    columns = Columns.from_fractions(fraction)
    clay, sand = random.uniform(0.1, 0.4, grid.shape), random.uniform(0.1, 0.5, grid.shape)
    names = ("slope", "urban_fraction", "water_fraction", "elevation")
    maps = xr.Dataset(
        {
            "patch_fraction": (("patch", "lat", "lon"), fraction),
            "clay": (("lat", "lon"), clay),
            "sand": (("lat", "lon"), sand),
            **{name: (("lat", "lon"), random.random(grid.shape)) for name in names},
        },
        coords={"lat": grid.lat, "lon": grid.lon, "patch": np.arange(1, PATCHES + 1)},
    )
    lat, lon = np.meshgrid(grid.lat, grid.lon, indexing="ij")
    parameters = derive_parameters(
        columns.patch,
        columns.gather(lat),
        columns.gather(lon),
        columns.gather(sand),
        columns.gather(clay),
        ModelOptions(),
    )
    return Domain(grid, maps, columns, parameters)


def lively_state(domain: Domain, seed: int, snow: bool) -> State:
    """A cold start with every value moved by some per cent, so that all mantissa bits are in use."""
    random = np.random.default_rng(seed)
    state = cold_start(domain.parameters, ModelOptions(), snow_swe=20.0 if snow else 0.0)
    for name, values in state.as_dict().items():
        values *= 1.0 + 0.02 * random.standard_normal(values.shape)
        if name in ("wr", "assimilation_day", "le", "respiration_structural", "respiration_deep"):
            values += random.random(values.shape)
    return state


@pytest.mark.benchmark
@pytest.mark.parametrize("season", ["summer", "winter"])
def test_bytes_and_seconds_a_cycle(season: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    domain = montpellier()
    settings = RecordSettings(uri=f"file://{tmp_path}/record")
    begin = time.perf_counter()
    state = lively_state(domain, 0, season == "winter")
    record = Record.create(settings, domain, datetime(2026, 1, 1, 18, tzinfo=UTC), state, CONFIGURATION)
    lines = [f"create {time.perf_counter() - begin:.1f} s, {megabytes(tmp_path):.1f} MB"]
    raw = 2 * sum(values.nbytes for values in state.as_dict().values())
    lines.append(f"{domain.grid.size} cells, {len(domain.columns)} columns, two states raw {raw / 1e6:.1f} MB")
    for number in range(CYCLES):
        begin = time.perf_counter()
        snapshot = record.load()
        loaded = time.perf_counter() - begin
        result = make_result(record, snapshot)
        states = [lively_state(domain, 2 * number + k, season == "winter") for k in (1, 2)]
        result = type(result)(**{**vars(result), "analysis": states[0], "open_loop": states[1]})
        before, begin = megabytes(tmp_path), time.perf_counter()
        record.commit(result)
        seconds, size = time.perf_counter() - begin, megabytes(tmp_path) - before
        lines.append(
            f"cycle {number}: load {loaded:.2f} s, commit {seconds:.2f} s, {size:.2f} MB, "
            f"{1e6 * size / domain.grid.size:.0f} bytes a cell"
        )
    lines.append(f"by group, last cycle: {sizes_by_group(record)}")
    with capsys.disabled():
        print(f"\n{season}: " + "\n        ".join(lines))
    assert record.time == datetime(2026, 1, 1, 18, tzinfo=UTC) + timedelta(days=CYCLES)


def megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def sizes_by_group(record: Record) -> str:
    """Stored bytes of each group for all cycles, states once."""
    root = record.root()
    found = {
        group: sum(array.nbytes_stored() for _, array in root[group].arrays()) / 1e6  # type: ignore[union-attr]
        for group in ("state/analysis", "analysis", "diagnostics", "moments/pairs", "moments/rescaling")
    }
    return ", ".join(f"{group} {size:.1f} MB" for group, size in found.items())
