"""CF and ALMA datasets as they occur: units, axes, accumulations, running means, gaps."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from ldas.errors import ForcingUnavailable, InputError
from ldas.forcing import interpolation_options, to_model_forcing, window_forcing
from ldas.forcing.alma import AlmaSource
from ldas.forcing.settings import ForcingSettings
from ldas.grid import Columns, Grid
from tests.forcing.conftest import T0, T1, make_weather


def stored(dataset: xr.Dataset, folder: Path, name: str = "weather.nc", **settings) -> ForcingSettings:
    path = folder / name
    if name.endswith(".zarr"):
        dataset.to_zarr(path, zarr_format=2)
    else:
        dataset.to_netcdf(path, engine="netcdf4")
    return ForcingSettings.model_validate({"uri": str(path), **settings})


def expected_plane(grid: Grid) -> np.ndarray:
    return (grid.lat - 43.5)[:, None] + 2.0 * grid.lon[None]


@pytest.mark.parametrize("name", ["weather.nc", "weather.zarr"])
def test_a_window_is_bilinear_and_complete(weather: xr.Dataset, grid: Grid, tmp_path: Path, name: str) -> None:
    window = window_forcing(stored(weather, tmp_path, name), grid, T0, T1)
    assert window["time"].values[0] == np.datetime64("2017-06-01T18:00")
    assert window.sizes == {"time": 25, "lat": 10, "lon": 12}
    np.testing.assert_allclose(window["Tair"][0], 285.1 + expected_plane(grid), atol=1e-9)
    np.testing.assert_allclose(window["PSurf"][24], 98_025.0 + 10.0 * expected_plane(grid), atol=1e-6)
    assert bool(window["forcing_mask"].all())
    assert set(window["source"].values) == {"synthetic plane"} and not window["fallback"].any()


def test_one_file_a_day_equals_one_store(weather: xr.Dataset, grid: Grid, tmp_path: Path) -> None:
    usual = window_forcing(stored(weather, tmp_path), grid, T0, T1)
    for day in ("2017-06-01", "2017-06-02"):
        weather.sel(time=day).to_netcdf(tmp_path / f"day_{day.replace('-', '')}.nc")
    daily = ForcingSettings(uri=str(tmp_path) + "/day_{date:%Y%m%d}.nc")
    xr.testing.assert_equal(window_forcing(daily, grid, T0, T1), usual)
    (tmp_path / "day_20170602.nc").unlink()
    with pytest.raises(ForcingUnavailable, match="2017-06-02T00:00Z"):
        window_forcing(daily, grid, T0, T1)


def test_latitude_order_and_longitude_range_do_not_matter(weather: xr.Dataset, grid: Grid, tmp_path: Path) -> None:
    usual = window_forcing(stored(weather, tmp_path), grid, T0, T1)
    turned = weather.assign_coords(lon=weather["lon"] % 360.0).sortby("lon").sortby("lat")
    assert float(turned["lon"].max()) > 359.0
    xr.testing.assert_allclose(window_forcing(stored(turned, tmp_path, "turned.nc"), grid, T0, T1), usual, atol=1e-9)


def test_other_units_and_names_give_the_same_window(weather: xr.Dataset, grid: Grid, tmp_path: Path) -> None:
    usual = window_forcing(stored(weather, tmp_path), grid, T0, T1)
    theirs = xr.Dataset(coords=weather.coords, attrs=weather.attrs)
    for name, ours, factor, offset, units in (
        ("temperature_2m", "Tair", 1.0, -273.15, "degC"),
        ("huss", "Qair", 1000.0, 0.0, "g/kg"),
        ("u10", "Wind_E", 3.6, 0.0, "km h-1"),
        ("v10", "Wind_N", 1.0, 0.0, "m s**-1"),
        ("sp", "PSurf", 0.01, 0.0, "hPa"),
        ("Rainf", "Rainf", 3600.0, 0.0, "mm h-1"),
        ("prsn", "Snowf", 1e-3, 0.0, "m s-1"),
        ("ssrd", "SWdown", 3600.0, 0.0, "J m**-2"),
        ("strd", "LWdown", 3600.0, 0.0, "J m-2"),
    ):
        theirs[name] = weather[ours] * factor + offset
        theirs[name].attrs = {"units": units}
    window = window_forcing(stored(theirs.rename(lat="latitude", lon="longitude"), tmp_path, "cf.nc"), grid, T0, T1)
    for name in ("Tair", "Qair", "Wind_E", "Wind_N", "PSurf", "Rainf", "Snowf", "SWdown", "LWdown"):
        np.testing.assert_allclose(window[name], usual[name], rtol=1e-9, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("units", ["degF", "", None])
def test_an_unknown_unit_is_refused(weather: xr.Dataset, grid: Grid, tmp_path: Path, units: str | None) -> None:
    del weather["Tair"].attrs["units"]
    if units is not None:
        weather["Tair"].attrs["units"] = units
    with pytest.raises(InputError, match="Tair: unknown units"):
        window_forcing(stored(weather, tmp_path), grid, T0, T1)


@pytest.mark.parametrize(("accumulation", "since"), [("start", None), ("day", "D")])
def test_accumulations_are_differenced(
    weather: xr.Dataset, grid: Grid, tmp_path: Path, accumulation: str, since: str | None
) -> None:
    usual = window_forcing(stored(weather, tmp_path), grid, T0, T1)
    amount = 3600.0 * weather["Rainf"]
    if since is None:
        weather["Rainf"] = amount.cumsum("time")
    else:
        # ERA5-Land: a stamp of 00 UTC closes the day before
        day = (weather["time"] - np.timedelta64(1, "h")).dt.floor("D")
        weather["Rainf"] = amount.groupby(day.rename("day")).cumsum("time")
    weather["Rainf"] = weather["Rainf"].transpose("time", "lat", "lon").assign_attrs(units="kg m-2")
    window = window_forcing(stored(weather, tmp_path, "sums.nc", accumulation=accumulation), grid, T0, T1)
    np.testing.assert_allclose(window["Rainf"][1:], usual["Rainf"][1:], atol=1e-15)


def test_running_means_are_undone(grid: Grid, tmp_path: Path) -> None:
    weather = make_weather(33, "2017-06-01T13:00")
    usual = window_forcing(stored(weather, tmp_path), grid, T0, T1)
    elapsed = (weather["time"].dt.hour.values - 1) % 6 + 1
    for name in ("Rainf", "Snowf", "SWdown", "LWdown"):
        true = weather[name].values.copy()
        for i, n in enumerate(elapsed):
            weather[name][i] = true[i - n + 1 : i + 1].mean(axis=0)
    window = window_forcing(stored(weather, tmp_path, "gfs.nc", running_mean_hours=6.0), grid, T0, T1)
    for name in ("Rainf", "SWdown", "LWdown"):
        np.testing.assert_allclose(window[name], usual[name], atol=1e-9, err_msg=name)


def test_half_hourly_records_keep_the_hours_total(grid: Grid, tmp_path: Path) -> None:
    weather = make_weather(60, "2017-06-01T17:00")
    weather = weather.assign_coords(
        time=np.datetime64("2017-06-01T17:00", "ns") + np.arange(60) * np.timedelta64(30, "m")
    )
    window = window_forcing(stored(weather, tmp_path), grid, T0, T1)
    plane = 1.0 + expected_plane(grid)
    rate = 1e-4 * (np.arange(60) % 5 == 0)
    np.testing.assert_allclose(window["Rainf"][3], 0.5 * (rate[7] + rate[8]) * plane, atol=1e-15)
    np.testing.assert_allclose(window["Rainf"].sum("time"), 0.5 * rate[1:51].sum() * plane, atol=1e-15)


def test_a_label_at_the_start_moves_means_not_instants(weather: xr.Dataset, grid: Grid, tmp_path: Path) -> None:
    usual = window_forcing(stored(weather, tmp_path), grid, T0, T1)
    for name in ("Rainf", "Snowf", "SWdown", "LWdown"):
        weather[name] = weather[name].shift(time=-1)
    shifted = window_forcing(
        stored(weather.isel(time=slice(0, 26)), tmp_path, "start.nc", time_label="start"), grid, T0, T1
    )
    for name in ("Tair", "Rainf", "SWdown"):
        np.testing.assert_allclose(shifted[name], usual[name], atol=1e-9, err_msg=name)


def test_a_missing_hour_is_named(weather: xr.Dataset, grid: Grid, tmp_path: Path) -> None:
    cut = weather.isel(time=[i for i in range(27) if i != 8])
    with pytest.raises(ForcingUnavailable, match="Tair is missing at 2017-06-02T01:00Z"):
        window_forcing(stored(cut, tmp_path), grid, T0, T1)


def test_a_missing_field_at_one_hour_is_named(weather: xr.Dataset, grid: Grid, tmp_path: Path) -> None:
    weather["LWdown"][10] = np.nan
    with pytest.raises(ForcingUnavailable, match="LWdown is missing at 2017-06-02T03:00Z"):
        window_forcing(stored(weather, tmp_path), grid, T0, T1)


def test_a_series_that_ends_early_is_unavailable(weather: xr.Dataset, grid: Grid, tmp_path: Path) -> None:
    settings = stored(weather.isel(time=slice(0, 20)), tmp_path)
    with pytest.raises(ForcingUnavailable, match="2017-06-02T13:00Z"):
        window_forcing(settings, grid, T0, T1)
    with pytest.raises(ForcingUnavailable, match="no record"):
        window_forcing(settings, grid, T0 + timedelta(days=9), T1 + timedelta(days=9))
    with pytest.raises(ForcingUnavailable, match="does not exist"):
        window_forcing(ForcingSettings(uri=str(tmp_path / "none.nc")), grid, T0, T1)


def test_duplicate_times_are_refused(weather: xr.Dataset, grid: Grid, tmp_path: Path) -> None:
    doubled = xr.concat([weather, weather], dim="time", data_vars="minimal")
    with pytest.raises(InputError, match="without duplicates"):
        window_forcing(stored(doubled, tmp_path), grid, T0, T1)


def test_a_page_under_a_netcdf_name_is_refused(grid: Grid, tmp_path: Path) -> None:
    (tmp_path / "weather.nc").write_text("<html>Service unavailable</html>")
    with pytest.raises(InputError, match=r"weather\.nc"):
        window_forcing(ForcingSettings(uri=str(tmp_path / "weather.nc")), grid, T0, T1)


def test_a_truncated_file_is_refused(weather: xr.Dataset, grid: Grid, tmp_path: Path) -> None:
    settings = stored(weather, tmp_path)
    path = Path(settings.uri)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(InputError, match=r"weather\.nc"):
        window_forcing(settings, grid, T0, T1)


def test_nothing_leaks_across_the_mask(weather: xr.Dataset, grid: Grid, tmp_path: Path) -> None:
    weather["SWdown"][:, :, 6] = np.nan
    masked_lon = float(weather["lon"][6])
    window = window_forcing(stored(weather, tmp_path), grid, T0, T1)
    beside = np.abs(grid.lon - masked_lon) < 0.025 - 1e-9
    assert not window["forcing_mask"].values[:, beside].any()
    assert window["forcing_mask"].values[:, ~beside].all()
    assert np.isnan(window["Tair"].values[:, ~window["forcing_mask"].values]).all()


def test_values_out_of_range_are_refused(weather: xr.Dataset, grid: Grid, tmp_path: Path) -> None:
    weather["Tair"][5] = 400.0
    with pytest.raises(InputError, match=r"Tair is 400 at 2017-06-01T22:00Z, expected 220 to 330 K"):
        window_forcing(stored(weather, tmp_path), grid, T0, T1)


def test_longwave_is_parameterised_only_on_request(weather: xr.Dataset, grid: Grid, tmp_path: Path) -> None:
    dry = weather.drop_vars("LWdown")
    with pytest.raises(ForcingUnavailable, match="no LWdown"):
        window_forcing(stored(dry, tmp_path), grid, T0, T1)
    window = window_forcing(stored(dry, tmp_path, "dry.nc", longwave="prata1996"), grid, T0, T1)
    assert "prata1996" in window["LWdown"].attrs["parameterisation"]
    assert 250.0 < float(window["LWdown"].mean()) < 330.0


def test_a_total_precipitation_is_split_and_says_so(weather: xr.Dataset, grid: Grid, tmp_path: Path) -> None:
    total = weather["Rainf"] + weather["Snowf"]
    one = weather.drop_vars(["Rainf", "Snowf"]).assign(pr=total.assign_attrs(units="kg m-2 s-1"))
    one["Tair"] = one["Tair"] - 285.0 + 274.16
    one["Tair"].attrs["units"] = "K"
    window = window_forcing(stored(one, tmp_path), grid, T0, T1)
    usual = window_forcing(stored(weather, tmp_path, "usual.nc"), grid, T0, T1)
    np.testing.assert_allclose(window["Rainf"] + window["Snowf"], usual["Rainf"] + usual["Snowf"], atol=1e-15)
    assert float(window["Rainf"].sum()) > 0 and float(window["Snowf"].sum()) > 0
    assert "273.16" in window.attrs["precipitation_split"]


def test_the_cache_gives_the_same_window_and_is_bounded(
    weather: xr.Dataset, grid: Grid, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = stored(weather, tmp_path, cached_windows=1)
    first = window_forcing(settings, grid, T0, T1, tmp_path / "cache")
    with monkeypatch.context() as patch:
        patch.setattr(AlmaSource, "read", None)
        xr.testing.assert_identical(window_forcing(settings, grid, T0, T1, tmp_path / "cache"), first)
    other = stored(weather, tmp_path, cached_windows=1, co2_ppm=400.0)
    window_forcing(other, grid, T0, T1, tmp_path / "cache")
    assert len(list((tmp_path / "cache" / "forcing").iterdir())) == 1


@pytest.mark.parametrize("how", ["file", "store", "chunks", "chunks of version 2", "shards"])
def test_a_source_that_is_written_again_is_read_again(
    weather: xr.Dataset, grid: Grid, tmp_path: Path, how: str
) -> None:
    """Also when nothing but the chunks of one field changes, and no metadata with them."""
    path = tmp_path / ("weather.nc" if how == "file" else "weather.zarr")
    settings, cache = ForcingSettings(uri=str(path)), tmp_path / "cache"

    def write(warmer: float) -> None:
        content = weather.assign(Tair=weather["Tair"] + warmer)
        if how == "file":
            content.to_netcdf(path)
        elif how == "store" or not path.exists():
            chunks = {"chunks": (1, 4, 4)} | ({"shards": (6, 8, 8)} if how == "shards" else {})
            content.to_zarr(
                path, mode="w", zarr_format=2 if "2" in how else 3, encoding={"Tair": chunks}, consolidated=True
            )
        else:
            everywhere = {dim: slice(None) for dim in content["Tair"].dims}
            content[["Tair"]].drop_vars(["lat", "lon", "time"]).to_zarr(path, mode="r+", region=everywhere)

    def mean() -> float:
        return float(window_forcing(settings, grid, T0, T1, cache)["Tair"].mean())

    write(0.0)
    first = mean()
    write(1.0)
    assert mean() - first == pytest.approx(1.0)
    assert len(list((cache / "forcing").iterdir())) == 1, "the older window is replaced"


def test_only_the_weather_of_a_store_is_read(weather: xr.Dataset, grid: Grid, tmp_path: Path) -> None:
    """A store of hundreds of fields: chunks of others are not touched, profiles are no candidates for a name."""
    levels = weather["Tair"].expand_dims(level=[500, 850], axis=1)
    other = {"temperature": levels.assign_attrs(standard_name="air_temperature"), "z": levels, "cloud": weather["Tair"]}
    weather.assign(other).to_zarr(tmp_path / "weather.zarr")
    for name in other:
        for chunk in (tmp_path / "weather.zarr" / name / "c").rglob("*"):
            if chunk.is_file():
                chunk.write_bytes(b"broken")
    window = window_forcing(ForcingSettings(uri=str(tmp_path / "weather.zarr")), grid, T0, T1, tmp_path / "cache")
    expected = window_forcing(stored(weather, tmp_path), grid, T0, T1)
    np.testing.assert_array_equal(window["Tair"], expected["Tair"])


def test_an_hour_without_one_number_is_named(weather: xr.Dataset, grid: Grid, tmp_path: Path) -> None:
    for field in weather.drop_vars("elevation").data_vars.values():
        field[9] = np.nan
    with pytest.raises(ForcingUnavailable, match=r"Tair is missing at 2017-06-02T02:00Z \(1 hours in all\)"):
        window_forcing(stored(weather, tmp_path), grid, T0, T1, tmp_path / "cache")
    assert not (tmp_path / "cache").exists(), "nothing half-written is kept"


def test_conversion_to_the_models_arrays(weather: xr.Dataset, grid: Grid, tmp_path: Path) -> None:
    window = window_forcing(stored(weather, tmp_path), grid, T0, T1)
    fraction = np.zeros((12, *grid.shape))
    fraction[9, 2:, :] = 0.4
    fraction[6, 2:, :] = 0.6
    columns = Columns.from_fractions(fraction)
    forcing = to_model_forcing(window, columns)
    assert forcing.tair.shape == (25, 8 * 12) and forcing.cell.shape == (len(columns),)
    assert forcing.start == np.datetime64("2017-06-01T18:00") and forcing.interval == 3600.0
    tair = window["Tair"].values.reshape(25, -1)
    np.testing.assert_array_equal(forcing.tair[3][forcing.cell], tair[3][columns.cell])
    density = forcing.psurf / (287.06 * forcing.tair * (1.0 + 0.608 * forcing.qair) + 9.80665 * 2.0)
    np.testing.assert_allclose(forcing.co2air / density, 410e-6 * 44.0 / 28.9644, rtol=1e-4)
    assert interpolation_options(window) == {
        "shortwave_interpolation": "zenith",
        "constant_forcing": ("LWdown",),
    }


def test_land_without_weather_stops_the_cycle(weather: xr.Dataset, grid: Grid, tmp_path: Path) -> None:
    weather["Tair"][:, :, 6] = np.nan
    window = window_forcing(stored(weather, tmp_path), grid, T0, T1)
    fraction = np.zeros((12, *grid.shape))
    fraction[9] = 1.0
    with pytest.raises(ForcingUnavailable, match="have no weather"):
        to_model_forcing(window, Columns.from_fractions(fraction))
