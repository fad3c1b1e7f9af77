"""A small domain and made-up cycles for the record's tests: no model runs here."""

import atexit
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import xarray as xr

from ldas.assimilation.diagnostics import SUMS
from ldas.config import RecordSettings
from ldas.grid import PATCHES, Columns, Grid
from ldas.model.derive import derive_parameters
from ldas.model.options import ModelOptions
from ldas.model.state import State
from ldas.record import CycleResult, Domain, Provenance, Record, Snapshot
from ldas.record.storage import local_path
from ldas.variables import variables

START = datetime(2026, 1, 1, 18, tzinfo=UTC)
CONFIGURATION = {"experiment": "SSM_LAI", "model.time_step": 300.0}
GRID = Grid(4.0, 44.0, 4.03, 44.02)
SIZES = {"depth": 14, "control": 8, "lat": GRID.shape[0], "lon": GRID.shape[1]}


def make_domain(grid: Grid = GRID, patches: tuple[int, ...] = (4, 7, 10)) -> Domain:
    """Equal fractions of `patches` in every cell but the first, which is sea."""
    fraction = np.zeros((PATCHES, *grid.shape))
    fraction[[patch - 1 for patch in patches]] = 1.0 / len(patches)
    fraction[:, 0, 0] = 0.0
    columns = Columns.from_fractions(fraction)
    clay = np.full(grid.shape, 0.2)
    maps = xr.Dataset(
        {
            "patch_fraction": (("patch", "lat", "lon"), fraction),
            **dict.fromkeys(("clay", "sand", "slope", "urban_fraction", "water_fraction"), (("lat", "lon"), clay)),
        },
        coords={"lat": grid.lat, "lon": grid.lon, "patch": np.arange(1, PATCHES + 1)},
    )
    parameters = derive_parameters(
        columns.patch,
        np.full(len(columns), 44.0),
        np.full(len(columns), 4.0),
        columns.gather(clay),
        columns.gather(clay),
        ModelOptions(),
    )
    return Domain(grid, maps, columns, parameters)


def make_state(domain: Domain, seed: int) -> State:
    """Random bits in every field."""
    generator = np.random.default_rng(seed)
    state = State.empty(len(domain.columns), 12)
    for values in state.as_dict().values():
        values[...] = generator.random(values.shape)
    return state


def make_maps(seed: int, sizes: dict[str, int] = SIZES) -> dict[str, np.ndarray]:
    """Every stored row with random values in its type."""
    generator = np.random.default_rng(seed)
    rows = variables("analysis") | variables("diagnostic")
    return {
        name: (100.0 * generator.random(tuple(sizes[dim] for dim in row.dims[1:]))).astype(row.dtype)
        for name, row in rows.items()
    }


def make_result(record: Record, parent: Snapshot, seed: int | None = None) -> CycleResult:
    """The cycle after `parent`; the same parent time and seed give the same bits."""
    time = parent.time + timedelta(days=1)
    seed = parent.cycles if seed is None else seed
    sizes = SIZES | dict(zip(("lat", "lon"), record.domain.grid.shape, strict=True))
    observed = np.full(record.domain.grid.size, 0.1 + 0.01 * seed)
    return CycleResult(
        parent=parent.id,
        time=time,
        analysis=make_state(record.domain, 2 * seed),
        open_loop=make_state(record.domain, 2 * seed + 1),
        maps=make_maps(seed, sizes),
        consistency=np.full((2, len(SUMS)), float(seed)),
        provenance=Provenance(time, "0", "0", degraded=["no SSM"] if seed % 2 else [], summary={"ssm_used": seed}),
        dekad=0,
        moments=parent.moments.add(0, time.year, observed, observed + 0.1),
    )


def local_settings(folder: Path, **changes: object) -> RecordSettings:
    return RecordSettings(uri=f"file://{folder}/record", **changes)


def create_record(settings: RecordSettings) -> Record:
    domain = make_domain()
    return Record.create(settings, domain, START, make_state(domain, 1000), CONFIGURATION)


def new_record(settings: RecordSettings) -> Record:
    """A record without cycles; on disk a copy of one that was made once."""
    path = local_path(settings)
    if path is None or path.exists():
        return create_record(settings)
    shutil.copytree(_template(), path)
    return Record.open(settings, CONFIGURATION)


@cache
def _template() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="ldas-record-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    create_record(RecordSettings(uri=f"file://{folder}/record"))
    return folder / "record"


def advance(record: Record, cycles: int, seed: int | None = None) -> None:
    """Commit the next cycles."""
    for _ in range(cycles):
        record.commit(make_result(record, record.load(), seed))
