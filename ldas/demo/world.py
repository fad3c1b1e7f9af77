"""The demo world on disk: static maps, daily weather files, the truth and the granules drawn from it.

Layout under the world's folder: `maps/land_cover.tif`, `maps/terrain.nc`, `weather/weather_YYYYMMDD.nc`, `truth.nc`
(never read by the service), and the granules of `ldas.demo.observing`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import rasterio
import xarray as xr
from rasterio.transform import from_origin

from ldas.demo.maps import land_cover, terrain
from ldas.demo.truth import (
    hidden_parameters,
    hidden_physiography,
    hidden_start,
    hidden_weather,
    irrigate,
    irrigated_cells,
    truth_layers,
)
from ldas.demo.weather import make_weather
from ldas.forcing import to_model_forcing, window_forcing
from ldas.forcing.settings import ForcingSettings
from ldas.grid import Columns, Grid
from ldas.model.cold_start import cold_start
from ldas.model.integrate import integrate
from ldas.model.options import ModelOptions
from ldas.physiography import build, to_parameters
from ldas.physiography.settings import MapLayer, PhysiographySettings

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class World:
    """A seeded world: the same seed, box and dates give the same files to the last bit."""

    grid: Grid
    start: datetime  # t0 of the first window, aware UTC
    days: int
    seed: int = 2026

    @property
    def end(self) -> datetime:
        return self.start + timedelta(days=self.days)


def physiography_settings(folder: str) -> PhysiographySettings:
    """Where a service finds the world's static maps."""

    def layer(name: str) -> MapLayer:
        return MapLayer(uri=(f"{folder}/maps/terrain.nc",), variable=name)

    return PhysiographySettings(
        land_cover=MapLayer(uri=(f"{folder}/maps/land_cover.tif",)),
        sand=layer("sand"),
        clay=layer("clay"),
        elevation=layer("elevation"),
        slope=layer("slope"),
    )


def forcing_settings(folder: str) -> ForcingSettings:
    """Where a service finds the world's weather."""
    return ForcingSettings(adapter="alma", uri=folder + "/weather/weather_{date:%Y%m%d}.nc")


def write_maps(world: World, folder: Path) -> None:
    """Land cover as a cloud-optimised GeoTIFF, texture and terrain as NetCDF."""
    maps = folder / "maps"
    maps.mkdir(parents=True, exist_ok=True)
    cover = land_cover(world.grid, world.seed)
    step = float(cover.lon[1] - cover.lon[0])
    corner = from_origin(float(cover.lon[0]) - step / 2, float(cover.lat[0]) + step / 2, step, step)
    with rasterio.open(
        maps / "land_cover.tif",
        "w",
        driver="COG",
        height=cover.shape[0],
        width=cover.shape[1],
        count=1,
        dtype="uint8",
        crs="EPSG:4326",
        transform=corner,
        nodata=255,
    ) as target:
        target.write(cover.values, 1)
    terrain(world.grid, world.seed).to_netcdf(maps / "terrain.nc")


def write_weather(world: World, folder: Path, progress: Progress) -> None:
    """One ALMA NetCDF a UTC day, 24 records each, for all days the windows touch."""
    target = folder / "weather"
    target.mkdir(parents=True, exist_ok=True)
    first = np.datetime64(world.start.date())
    days = world.days + 1
    whole = make_weather(world.grid, world.seed, first, first + np.timedelta64(days, "D"))
    for index in range(days):
        day = first + np.timedelta64(index, "D")
        part = whole.sel(time=slice(day, day + np.timedelta64(23, "h")))
        part.to_netcdf(target / f"weather_{day.item():%Y%m%d}.nc")
        progress("weather", (index + 1) / days)


def run_truth(
    world: World, folder: Path, options: ModelOptions, progress: Progress, identical: bool = False
) -> xr.Dataset:
    """Integrate the nature run window by window and keep the truth at each window's end; writes `truth.nc`.

    The truth of an `identical` twin differs from what the service knows by its initial state only.
    """
    maps = build(physiography_settings(str(folder)), world.grid)
    if not identical:
        maps = hidden_physiography(maps, world.grid, world.seed)
    columns = Columns.from_fractions(maps["patch_fraction"].values)
    parameters = to_parameters(maps, columns, options)
    if not identical:
        parameters = hidden_parameters(parameters, columns, world.grid, world.seed)
    state = cold_start(parameters, options, **hidden_start(columns, world.seed))
    thickness = np.diff(parameters.layer_bottom[:, 0], prepend=0.0)
    settings = forcing_settings(str(folder))
    watered = irrigated_cells(world.grid, maps["patch_fraction"].values) & (not identical)
    found = []
    for index in range(world.days):
        t0 = world.start + timedelta(days=index)
        weather = window_forcing(settings, world.grid, t0, t0 + timedelta(days=1))
        if not identical:
            weather = hidden_weather(weather, world.grid, world.seed)
        forcing = irrigate(to_model_forcing(weather, columns), columns, watered)
        (state,), _ = integrate(parameters, [state], forcing, options)
        found.append(truth_layers(columns, state.wg, state.lai, thickness))
        progress("truth", (index + 1) / world.days)
    times = [
        np.datetime64((world.start + timedelta(days=i + 1)).astimezone(UTC).replace(tzinfo=None))
        for i in range(world.days)
    ]
    truth = xr.Dataset(
        {
            "wg": (("time", "soil_layer", "lat", "lon"), np.stack([layers["wg"] for layers in found])),
            **{
                name: (("time", "lat", "lon"), np.stack([layers[name] for layers in found]))
                for name in ("lai", "rzsm", "ssm_observed_patches")
            },
            "irrigated": (("lat", "lon"), watered),
            "patch_fraction": maps["patch_fraction"],
        },
        coords={"time": np.array(times, dtype="datetime64[ns]"), "lat": world.grid.lat, "lon": world.grid.lon},
        attrs={"source": f"nature run of the demo world, seed {world.seed}: never read by the service"},
    )
    truth.to_netcdf(folder / "truth.nc")
    return truth
