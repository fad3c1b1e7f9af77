"""A small source like the record's: every value is a known function of the day and the cell."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import xarray as xr

from ldas.grid import Grid
from ldas.products.settings import PublicationSettings
from ldas.products.source import Source
from ldas.record import Provenance
from ldas.variables import Variable, variables

BOTTOMS = np.array([0.01, 0.04, 0.10, 0.20, 0.40, 0.60, 0.80, 1.00, 1.50, 2.00, 3.00, 5.00, 8.00, 12.00])
BOUNDS = np.stack([np.r_[0.0, BOTTOMS[:-1]], BOTTOMS], axis=1)
GRID = Grid(4.0, 43.95, 4.06, 44.0)
START = datetime(2026, 1, 1, 18, tzinfo=UTC)
SEA = (0, 0)
"""The cell without land."""


def build_source(days: int, grid: Grid = GRID, start: datetime = START, seed: int = 0) -> Source:
    """A source of `days` cycles that end on the days after `start`."""
    times = [start + timedelta(days=1 + day) for day in range(days)]
    table = variables("analysis")
    arrays = {name: np.stack([day_values(row, time, grid, seed) for time in times]) for name, row in table.items()}
    analysis = xr.Dataset(
        {name: (table[name].dims, values) for name, values in arrays.items()},
        coords={"depth_bnds": (("depth", "bnds"), BOUNDS)},
    )
    static = xr.Dataset(
        {
            name: (("lat", "lon"), np.full(grid.shape, value))
            for name, value in {"w_wilt": 0.15, "w_fc": 0.3, "urban_fraction": 0.0, "water_fraction": 0.0}.items()
        }
    )
    static["w_fc"][SEA] = np.nan
    cycles = tuple(Provenance(time, "0.1.0", "c0ffee", summary={"ssm_used": 1.0}) for time in times)
    return Source("test", grid, analysis, static, cycles, "feedbeef")


def day_values(row: Variable, time: datetime, grid: Grid, seed: int = 0) -> np.ndarray:
    """Values of one layer on one day, the same whenever they are asked for."""
    shape = (len(BOTTOMS), *grid.shape) if "depth" in row.dims else grid.shape
    day = int(time.timestamp() // 86400)
    noise = np.random.default_rng([seed, day, len(row.name), ord(row.name[0]), ord(row.name[-1])]).random(shape)
    if row.dtype != "float32":
        values: np.ndarray = np.floor(3 * noise)
    elif row.name == "snow_water_equivalent":
        values = np.zeros(shape)
    elif row.name.startswith("lai") and "increment" not in row.name:
        values = 2.0 + noise
    elif row.name in ("wg", "wg_ol"):
        values = 0.2 + 0.1 * noise
    elif row.name == "wgi":
        values = np.zeros(shape)
    else:
        values = 0.01 * (noise - 0.5)
    values[(..., *SEA)] = np.nan if row.fill is None else row.fill
    return values.astype(row.dtype)


def revise(source: Source, step: int) -> Source:
    """The source after a replay from `step` on: other values, other provenance of that cycle."""
    analysis = source.analysis.copy(deep=True)
    analysis["wg"][step:] += np.float32(0.05)
    cycles = list(source.cycles)
    cycles[step] = replace(cycles[step], observations=[{"id": "late", "version": "2"}])
    return replace(source, analysis=analysis, cycles=tuple(cycles))


def first_days(source: Source, days: int) -> Source:
    """The source as it was after its first `days` cycles."""
    return replace(source, analysis=source.analysis.isel(time=slice(0, days)), cycles=source.cycles[:days])


def settings_for(folder: object, **changes: object) -> PublicationSettings:
    return PublicationSettings(
        **{"uri": f"file://{folder}", "days_per_shard": 8, "tile": 8, "image_days": 0, **changes}
    )
