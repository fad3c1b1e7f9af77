"""Elevation correction through a whole window, with the terrain in the source, in a file beside it, or in GRIB."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from ldas.errors import ConfigurationError, InputError
from ldas.forcing import window_forcing
from ldas.forcing.axes import around
from ldas.forcing.settings import ElevationCorrection, ForcingSettings
from ldas.forcing.terrain import add_terrain
from ldas.grid import Grid
from tests.forcing.conftest import T0, T1


def model_terrain(grid: Grid) -> xr.DataArray:
    """The source's plane of the fixtures raised by 300 m."""
    plane = (grid.lat - 43.5)[:, None] + 2.0 * grid.lon[None]
    return xr.DataArray(500.0 + 100.0 * plane, dims=("lat", "lon"), coords={"lat": grid.lat, "lon": grid.lon})


@pytest.mark.parametrize("beside", [False, True])
def test_a_window_is_lifted_by_three_hundred_metres(
    weather: xr.Dataset, grid: Grid, tmp_path: Path, beside: bool
) -> None:
    terrain_uri = ""
    if beside:
        terrain_uri = str(tmp_path / "terrain.nc")
        weather[["elevation"]].to_netcdf(terrain_uri)
        weather = weather.drop_vars("elevation")
    weather.to_netcdf(tmp_path / "weather.nc")
    flat = ForcingSettings(uri=str(tmp_path / "weather.nc"))
    lifted = flat.model_copy(
        update={"source_elevation_uri": terrain_uri, "elevation_correction": ElevationCorrection()}
    )
    low = window_forcing(flat, grid, T0, T1)
    high = window_forcing(lifted, grid, T0, T1, elevation=model_terrain(grid))
    np.testing.assert_allclose(high["Tair"] - low["Tair"], -1.95, atol=1e-9)
    assert (high["PSurf"] < low["PSurf"]).all() and (high["Qair"] < low["Qair"]).all()
    assert "0.0065" in high.attrs["elevation_correction"]
    with pytest.raises(ConfigurationError, match="elevation"):
        window_forcing(lifted, grid, T0, T1)


def test_a_terrain_that_is_written_again_is_read_again(weather: xr.Dataset, grid: Grid, tmp_path: Path) -> None:
    uri = tmp_path / "terrain.nc"
    weather.drop_vars("elevation").to_netcdf(tmp_path / "weather.nc")
    weather[["elevation"]].to_netcdf(uri)
    settings = ForcingSettings(
        uri=str(tmp_path / "weather.nc"), source_elevation_uri=str(uri), elevation_correction=ElevationCorrection()
    )
    first, kept = (window_forcing(settings, grid, T0, T1, tmp_path, model_terrain(grid)) for _ in range(2))
    assert (first["Tair"] == kept["Tair"]).all()
    weather["elevation"] += 100.0
    weather[["elevation"]].to_netcdf(uri)
    again = window_forcing(settings, grid, T0, T1, tmp_path, model_terrain(grid))
    np.testing.assert_allclose(again["Tair"] - first["Tair"], 0.65, atol=1e-9)


def test_terrain_on_other_nodes_or_in_odd_units_is_refused(weather: xr.Dataset, grid: Grid, tmp_path: Path) -> None:
    uri = str(tmp_path / "terrain.nc")
    settings = ForcingSettings(source_elevation_uri=uri)
    near = around(weather, grid)
    weather[["elevation"]].assign_coords(lat=weather["lat"] + 0.01).to_netcdf(uri)
    with pytest.raises(InputError, match="own nodes"):
        add_terrain(near, settings, grid)
    weather["elevation"].attrs["units"] = "feet"
    weather[["elevation"]].to_netcdf(tmp_path / "feet.nc")
    with pytest.raises(InputError, match="unknown units 'feet'"):
        add_terrain(near, ForcingSettings(source_elevation_uri=str(tmp_path / "feet.nc")), grid)


def test_a_grib_terrain_is_read(shared_data: Path) -> None:
    path = shared_data / "grib" / "regLL_small.grb2"
    grid = Grid(1.35, 43.55, 1.45, 43.65)
    lat, lon = np.arange(43.65, 43.54, -0.025), np.arange(1.35, 1.46, 0.025)
    weather = xr.Dataset(
        {"Tair": (("time", "lat", "lon"), np.zeros((2, len(lat), len(lon))))}, coords={"lat": lat, "lon": lon}
    )
    found = add_terrain(weather, ForcingSettings(source_elevation_uri=str(path)), grid)
    assert found["elevation"].shape == weather["Tair"].shape[1:] and np.isfinite(found["elevation"]).all()
