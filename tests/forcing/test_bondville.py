"""The plain-text files of the Bondville site: units, time stamps, missing values; then a window of real weather."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from ldas.errors import InputError
from ldas.forcing import interpolation_options, window_forcing
from ldas.forcing.bondville import read_forcing, read_observations
from ldas.forcing.settings import ForcingSettings
from ldas.grid import Grid

SITE = Grid(-88.38, 40.0, -88.37, 40.01)

HEAD = """&location
 latitude  =  40.01   ! latitude
 longitude = -88.37   ! longitude
 elevation =  218.0   ! elevation
/
   date/time     | windspeed  | temperature | humidity | pressure | shortwave | longwave | precipitation
yyyy mm dd hh mi |  m s{-1}   |     {t}     |  {q}     |    mb    |  W m{-2}  |  W m{-2} | {p}
-----------------
"""


def small_file(folder: Path, rows: list[str], t: str = "K", q: str = "kg/kg", p: str = "mm/timestep") -> Path:
    path = folder / "site.dat"
    head = HEAD.replace("{t}", t).replace("{q}", q).replace("{p}", p)
    path.write_text(head + "\n".join(rows) + "\n")
    return path


ROWS = [
    "2001 06 01 12 00  2.0  293.15 0.0100 990.0  500.0 350.0 1.8",
    "2001 06 01 12 30  2.5  294.15 0.0101 991.0  600.0 351.0 0.0",
    "2001 06 01 13 00  3.0  295.15 0.0102 992.0  700.0 352.0 0.9",
]


def test_means_stand_at_the_end_of_their_half_hour(tmp_path: Path) -> None:
    site = read_forcing(small_file(tmp_path, ROWS)).squeeze()
    assert site["time"].values[0] == np.datetime64("2001-06-01T12:30")
    np.testing.assert_allclose(site["Tair"], [294.15, 295.15])
    np.testing.assert_allclose(site["PSurf"], [99_100.0, 99_200.0])
    np.testing.assert_allclose(site["SWdown"], [500.0, 600.0])
    np.testing.assert_allclose(site["Rainf"], [1.8 / 1800.0, 0.0])
    assert site["SWdown"].attrs["cell_methods"] == "time: mean"
    assert (float(site["lat"]), float(site["lon"]), float(site["elevation"])) == (40.01, -88.37, 218.0)


def test_units_of_the_1998_file(tmp_path: Path) -> None:
    rows = [row.replace("293.15 0.0100", "20.0 50.0").replace("294.15 0.0101", "21.0 50.0") for row in ROWS[:2]]
    site = read_forcing(small_file(tmp_path, rows, "C", "%", "Inches/timestep")).squeeze()
    np.testing.assert_allclose(site["Tair"], 294.15)
    # 50 % of e_s(21 C) = 2487 Pa at 991 hPa
    assert float(site["Qair"]) == pytest.approx(0.622 * 1243.5 / (99_100.0 - 0.378 * 1243.5), rel=5e-3)
    np.testing.assert_allclose(site["Rainf"], 1.8 * 25.4 / 1800.0)


@pytest.mark.parametrize(
    ("rows", "units", "message"),
    [
        (ROWS, "mm/day", "unknown units 'mm/day'"),
        ([*ROWS, "2001 06 01 13 30 3.0"], "mm/timestep", "row 4 of the table: expected 12 numbers"),
        ([*ROWS, ROWS[0]], "mm/timestep", "one regular step"),
        ([ROWS[0], ROWS[1].replace("600.0", "n/a")], "mm/timestep", "expected numbers"),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_refused(
    tmp_path: Path, rows: list[str], units: str, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        read_forcing(small_file(tmp_path, rows, p=units))


def test_the_real_year_2001_has_its_sums(shared_data: Path) -> None:
    site = read_forcing(shared_data / "bondville" / "bondville_2001.dat").squeeze()
    assert site.sizes["time"] == 365 * 48 - 1
    total = float((site["Rainf"] + site["Snowf"]).sum()) * 1800.0
    column = np.loadtxt(shared_data / "bondville" / "bondville_2001.dat", skiprows=54, usecols=11)
    assert len(column) == 365 * 48 and total == pytest.approx(column[:-1].sum())
    assert float(site["Tair"].min()) > 220.0 and float(site["SWdown"].max()) < 1400.0


def test_the_shortwave_stamp_is_the_start_of_the_half_hour(shared_data: Path) -> None:
    """Light without sun is rarest when the sun is taken in the middle of the half hour before the record."""
    site = read_forcing(shared_data / "bondville" / "bondville_2001.dat").squeeze()
    lit = {}
    for minutes in (-45, -30, -15, 0, 15):
        night = cos_zenith(site["time"].values + np.timedelta64(minutes, "m")) == 0.0
        lit[minutes] = float((site["SWdown"].values[night] > 5.0).mean())
    assert min(lit, key=lambda minutes: lit[minutes]) == -15 and lit[-15] < 0.02


def cos_zenith(time: np.ndarray) -> np.ndarray:
    day = (time - time.astype("datetime64[Y]")) / np.timedelta64(1, "D")
    declination = np.radians(-23.44 * np.cos(2 * np.pi * (day + 10) / 365.25))
    b = 2 * np.pi * (day - 81) / 364
    solar_hour = day % 1 * 24 - 88.37 / 15 + (9.87 * np.sin(2 * b) - 7.53 * np.cos(b) - 1.5 * np.sin(b)) / 60
    hour_angle, latitude = np.radians(15 * (solar_hour - 12)), np.radians(40.01)
    sun = np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(declination) * np.cos(hour_angle)
    return np.maximum(0.0, sun)


def test_a_window_of_real_weather(shared_data: Path, tmp_path: Path) -> None:
    read_forcing(shared_data / "bondville" / "bondville_2001.dat").to_netcdf(tmp_path / "site.nc")
    settings = ForcingSettings(uri=str(tmp_path / "site.nc"))
    t0, t1 = datetime(2001, 6, 1, 18, tzinfo=UTC), datetime(2001, 6, 2, 18, tzinfo=UTC)
    window = window_forcing(settings, SITE, t0, t1)
    assert window.sizes == {"time": 25, "lat": 1, "lon": 1} and bool(window["forcing_mask"].all())
    assert interpolation_options(window)["shortwave_interpolation"] == "zenith"
    whole = xr.open_dataset(tmp_path / "site.nc").sel(time=slice("2001-06-01T18:30", "2001-06-02T18:00"))
    for name in ("SWdown", "Rainf"):
        assert float(window[name][1:].sum()) == pytest.approx(0.5 * float(whole[name].sum()), abs=1e-12)


def test_the_real_observations(shared_data: Path) -> None:
    found = read_observations(shared_data / "bondville" / "Bondville_obs_2001.dat")
    assert found["time"].values[0] == np.datetime64("2001-05-01") and found.sizes["time"] == 154
    assert int(found["lai"].count()) == 154 and int(found["soil_moisture_1"].count()) == 142
    assert float(found["lai"][1]) == pytest.approx(0.0637300142645042)
    assert float(found["soil_moisture_1"].min()) > 0.0
