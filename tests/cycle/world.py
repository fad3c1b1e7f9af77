"""A world of four cells: real maps, weather files and model; observations drawn from a seed instead of a catalogue."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import xarray as xr

from ldas.config import DomainSettings, Profile, RecordSettings, WindowSettings
from ldas.cycle import Service, open_service
from ldas.demo.world import World, forcing_settings, physiography_settings, write_maps, write_weather
from ldas.grid import Grid
from ldas.initial import initialise
from ldas.observations import GranuleRef, Observations
from ldas.observations.settings import ObservationSettings
from ldas.products.settings import PublicationSettings

START = datetime(2026, 5, 1, 18, tzinfo=UTC)
GRID = Grid(4.10, 44.00, 4.12, 44.02)


def write_world(folder: Path, days: int, grid: Grid = GRID) -> World:
    """Maps and weather files of `days` windows."""
    world = World(grid, START, days)
    write_maps(world, folder)
    write_weather(world, folder, lambda stage, share: None)
    return world


def make_profile(folder: Path, world: World, record: RecordSettings | None = None, **changes: object) -> Profile:
    grid = world.grid
    profile = Profile(
        domain=DomainSettings(name="small", west=grid.west, south=grid.south, east=grid.east, north=grid.north),
        window=WindowSettings(start=world.start),
        observations=ObservationSettings(),
        forcing=forcing_settings(str(folder)),
        physiography=physiography_settings(str(folder)),
        record=record or RecordSettings(uri=f"file://{folder}/record"),
        publication=PublicationSettings(uri=f"file://{folder}/public"),
    )
    return profile.model_copy(update=changes)


def start_service(profile: Profile, seed: int | None = 1) -> Service:
    """Make the record and open its service; with a `seed` every window has observations."""
    initialise(profile)
    return reopen(profile, seed)


def reopen(profile: Profile, seed: int | None = 1) -> Service:
    service = open_service(profile)
    if seed is None:
        return service
    grid = service.record.domain.grid
    return replace(service, observe=lambda t0, t1: draw_observations(grid, t1, seed))


def granule(product: str, t1: datetime, revision: int = 0) -> GranuleRef:
    return GranuleRef(f"{product}-{t1:%Y%m%d}", product, t1.date(), (1, 2), revision, {})


def draw_observations(grid: Grid, t1: datetime, seed: int) -> Observations:
    """LAI in three cells of four, SSM in all, with noise from the seed and the day."""
    random = np.random.default_rng([seed, t1.toordinal()])
    lai = 1.5 + 0.3 * random.standard_normal(grid.shape)
    lai[0, 0] = np.nan
    ssm = 0.22 + 0.04 * random.standard_normal(grid.shape)
    used = [granule("ssm", t1), granule("lai", t1)]
    return Observations(ssm=on_grid(grid, ssm, "m3 m-3"), lai=on_grid(grid, lai, "m2 m-2"), used=used, seen=used)


def on_grid(grid: Grid, value: np.ndarray, units: str) -> xr.Dataset:
    fields = {
        "value": value,
        "uncertainty": np.full(grid.shape, np.nan),
        "flags": np.zeros(grid.shape, np.int16),
        "count": np.full(grid.shape, 100.0),
    }
    return xr.Dataset(
        {name: (("lat", "lon"), field) for name, field in fields.items()},
        coords={"lat": grid.lat, "lon": grid.lon},
        attrs={"units": units},
    )


def day(number: int) -> datetime:
    """End of window `number` (1 is the first)."""
    return START + timedelta(days=number)
