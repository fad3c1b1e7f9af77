"""ALMA forcing: conversions, and the one sentence for each way of being wrong."""

import numpy as np
import pytest

from ldas.errors import InputError
from ldas.forcing.humidity import air_density
from ldas.offline.forcing import canonical_units, read_forcing
from ldas.offline.setup import site_columns
from ldas.offline.site import Heights, load_site
from tests.offline.conftest import SITE


@pytest.fixture
def columns(site_file):
    return site_columns(load_site(site_file))


def read(tmp_path, dataset, columns):
    path = tmp_path / "f.nc"
    dataset.to_netcdf(path)
    return read_forcing(path, columns, Heights())


def test_fields_arrive_unchanged(tmp_path, weather, columns):
    forcing = read(tmp_path, weather, columns)
    assert forcing.interval == 3600.0
    assert forcing.start == np.datetime64("2017-03-01T00:00")
    assert forcing.tair.shape == (49, 1)
    assert (forcing.tair[:, 0] == weather["Tair"].values).all()
    assert (forcing.wind_e[:, 0] == weather["Wind"].values).all() and not forcing.wind_n.any()
    assert (forcing.sw_direct[:, 0] == weather["SWdown"].values).all() and not forcing.sw_diffuse.any()
    assert forcing.cell.tolist() == [0, 0]


def test_zarr_reads_as_netcdf(tmp_path, weather, columns):
    weather.to_zarr(tmp_path / "f.zarr")
    assert (read_forcing(tmp_path / "f.zarr", columns, Heights()).qair == read(tmp_path, weather, columns).qair).all()


def test_co2_in_ppm(tmp_path, weather, columns):
    weather["CO2air"] = ("time", np.full(49, 400.0), {"units": "ppm"})
    forcing = read(tmp_path, weather, columns)
    density = air_density(forcing.tair, forcing.qair, forcing.psurf, 2.0)
    assert forcing.co2air / density == pytest.approx(400e-6 * 44.0 / 28.9644)


def test_wind_direction_and_shortwave_parts(tmp_path, weather, columns):
    weather["Wind_DIR"] = ("time", np.full(49, 270.0), {"units": "degree"})
    weather["DIR_SWdown"] = 0.75 * weather["SWdown"].assign_attrs(units="W/m2")
    weather["SCA_SWdown"] = 0.25 * weather["SWdown"].assign_attrs(units="W m-2")
    for name in ("DIR_SWdown", "SCA_SWdown"):
        weather[name].attrs["units"] = "W/m2"
    forcing = read(tmp_path, weather.drop_vars("SWdown"), columns)
    assert forcing.wind_e[:, 0] == pytest.approx(-weather["Wind"].values)
    assert forcing.sw_direct + forcing.sw_diffuse == pytest.approx(weather["SWdown"].values[:, None])


def test_points_have_their_own_weather(tmp_path, weather):
    text = SITE.replace("latitude: 43.6\n", "") + "points: [{name: a, latitude: 43}, {name: b, latitude: 44}]\n"
    path = tmp_path / "two.yaml"
    path.write_text(text)
    columns = site_columns(load_site(path))
    two = weather.copy()
    two["Tair"] = (
        ("time", "station"),
        np.stack([weather["Tair"].values, weather["Tair"].values + 1.0], axis=1),
        weather["Tair"].attrs,
    )
    forcing = read(tmp_path, two, columns)
    assert forcing.cell.tolist() == [0, 0, 1, 1]
    assert (forcing.tair[:, 1] - forcing.tair[:, 0]) == pytest.approx(1.0)
    assert (forcing.psurf[:, 0] == forcing.psurf[:, 1]).all()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("W/m2", "W m-2"),
        ("W m**-2", "W m-2"),
        ("kg/m^2/s", "kg m-2 s-1"),
        ("kg.m-2.s-1", "kg m-2 s-1"),
        ("kg/kg", "kg kg-1"),
        ("m/s", "m s-1"),
        ("kelvin", "K"),
    ],
)
def test_unit_spellings(text, expected):
    assert canonical_units(text) == expected


def spoil(dataset, fault):
    values = dataset.copy(deep=True)
    match fault:
        case "missing":
            return values.drop_vars("Qair")
        case "no wind":
            return values.drop_vars("Wind")
        case "unit":
            values["Tair"].attrs["units"] = "degC"
        case "no unit":
            del values["PSurf"].attrs["units"]
        case "nan":
            values["LWdown"][7] = np.nan
        case "negative radiation":
            values["SWdown"][3] = -2.0
        case "range":
            values["PSurf"][5] = 980.0
        case "negative rain":
            values["Rainf"][11] = -1e-5
        case "gap":
            return values.isel(time=[*range(20), *range(22, 49)])
        case "order":
            return values.isel(time=[*range(10), 11, 10, *range(12, 49)])
        case "twice":
            return values.isel(time=[*range(10), 9, *range(10, 49)])
        case "co2 ppm range":
            values["CO2air"] = ("time", np.full(49, 4.0), {"units": "ppm"})
        case "co2 unit":
            values["CO2air"].attrs["units"] = "percent"
        case "no time":
            return values.drop_vars("time")
        case "places":
            values["Tair"] = (("time", "x"), np.full((49, 3), 280.0), {"units": "K"})
    return values


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("missing", ("Qair", "missing")),
        ("no wind", ("Wind", "Wind_E", "missing")),
        ("unit", ("Tair", "expected units K", "degC")),
        ("no unit", ("PSurf", "expected units Pa", "None")),
        ("nan", ("LWdown", "2017-03-01T07:00:00", "meadow", "expected a number")),
        ("negative radiation", ("SWdown", "2017-03-01T03:00:00", "meadow", "-2")),
        ("range", ("PSurf", "2017-03-01T05:00:00", "meadow", "980", "Pa")),
        ("negative rain", ("Rainf", "2017-03-01T11:00:00", "-1e-05")),
        ("gap", ("time", "gap", "2017-03-01T19:00:00", "2017-03-01T22:00:00")),
        ("order", ("time", "increase", "2017-03-01T10:00:00")),
        ("twice", ("time", "increase", "2017-03-01T09:00:00")),
        ("co2 ppm range", ("CO2air", "100 to 2000 ppm", "4")),
        ("co2 unit", ("CO2air", "kg m-3 or ppm", "percent")),
        ("no time", ("time",)),
        ("places", ("Tair", "one place", "3")),
    ],
)
def test_what_forcing_may_not_be(tmp_path, weather, columns, fault, words):
    with pytest.raises(InputError) as caught:
        read(tmp_path, spoil(weather, fault), columns)
    for word in (str(tmp_path), *words):
        assert word in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_that_are_not_forcing(tmp_path, columns):
    with pytest.raises(InputError, match="no such forcing file"):
        read_forcing(tmp_path / "absent.nc", columns, Heights())
    broken = tmp_path / "broken.nc"
    broken.write_bytes(b"not a file of data")
    with pytest.raises(InputError, match="NetCDF or Zarr"):
        read_forcing(broken, columns, Heights())
