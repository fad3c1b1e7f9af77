"""Elevation correction and derived fields: closed forms and limits."""

import numpy as np
import pytest
import xarray as xr

from ldas.errors import ConfigurationError
from ldas.forcing.correction import correct_elevation, split_precipitation
from ldas.forcing.derived import (
    clear_sky_emissivity_brutsaert,
    clear_sky_emissivity_prata,
    co2_concentration,
)
from ldas.forcing.humidity import (
    air_density,
    saturation_vapour_pressure,
    specific_humidity,
    vapour_pressure,
)
from ldas.forcing.settings import ElevationCorrection, PrecipitationSplit


def one_cell(rise: float, tair: float = 288.15) -> tuple[xr.Dataset, xr.DataArray]:
    values = {"Tair": tair, "Qair": 0.006, "PSurf": 95_000.0, "Rainf": 3e-4, "Snowf": 0.0, "LWdown": 300.0}
    dataset = xr.Dataset({name: (("time", "lat", "lon"), np.full((2, 1, 1), value)) for name, value in values.items()})
    dataset["elevation"] = (("lat", "lon"), np.full((1, 1), 500.0))
    return dataset, xr.DataArray(np.full((1, 1), 500.0 + rise), dims=("lat", "lon"))


def relative_humidity(dataset: xr.Dataset) -> float:
    pressure = vapour_pressure(dataset["Qair"].values, dataset["PSurf"].values)
    return float((pressure / saturation_vapour_pressure(dataset["Tair"].values))[0, 0, 0])


def test_no_rise_changes_nothing() -> None:
    dataset, elevation = one_cell(0.0)
    corrected = correct_elevation(dataset, elevation, ElevationCorrection(), PrecipitationSplit())
    for name in ("Tair", "Qair", "PSurf", "Rainf", "Snowf", "LWdown"):
        np.testing.assert_allclose(corrected[name], dataset[name], rtol=1e-12)


def test_a_rise_cools_thins_and_keeps_relative_humidity() -> None:
    dataset, elevation = one_cell(400.0)
    corrected = correct_elevation(dataset, elevation, ElevationCorrection(), PrecipitationSplit())
    assert float(corrected["Tair"][0, 0, 0]) == pytest.approx(288.15 - 2.6)
    # polytropic layer of dry air, p (1 - Γ dz / T)^(g / (R Γ)), moist by 0.4 %
    expected = 95_000.0 * (1.0 - 0.0065 * 400.0 / (288.15 * 1.00365)) ** (9.80665 / (287.06 * 0.0065))
    assert float(corrected["PSurf"][0, 0, 0]) == pytest.approx(expected, rel=1e-5)
    assert relative_humidity(corrected) == pytest.approx(relative_humidity(dataset), rel=1e-10)


def test_precipitation_turns_to_snow_and_keeps_its_total() -> None:
    dataset, elevation = one_cell(400.0, tair=276.0)
    corrected = correct_elevation(dataset, elevation, ElevationCorrection(), PrecipitationSplit())
    np.testing.assert_allclose(corrected["Rainf"] + corrected["Snowf"], 3e-4)
    share = (276.0 - 2.6 - 273.16) / 2.0
    np.testing.assert_allclose(corrected["Rainf"], 3e-4 * share)


def test_there_and_back_is_the_identity() -> None:
    dataset, elevation = one_cell(350.0)
    there = correct_elevation(dataset, elevation, ElevationCorrection(), PrecipitationSplit())
    there["elevation"] = elevation
    back = correct_elevation(there, dataset["elevation"], ElevationCorrection(), PrecipitationSplit())
    np.testing.assert_allclose(back["Tair"], dataset["Tair"], rtol=1e-12)
    np.testing.assert_allclose(back["PSurf"], dataset["PSurf"], rtol=2e-5)
    np.testing.assert_allclose(back["Qair"], dataset["Qair"], rtol=1e-4)


def test_a_source_without_terrain_is_refused() -> None:
    dataset, elevation = one_cell(10.0)
    with pytest.raises(ConfigurationError, match="source_elevation_uri"):
        correct_elevation(dataset.drop_vars("elevation"), elevation, ElevationCorrection(), PrecipitationSplit())


def test_the_split_is_bounded() -> None:
    rain, snow = split_precipitation(np.full(3, 2.0), np.array([260.0, 274.16, 290.0]), PrecipitationSplit())
    np.testing.assert_allclose(rain, [0.0, 1.0, 2.0])
    np.testing.assert_allclose(rain + snow, 2.0)


def test_humidity_functions_are_inverse_and_match_known_values() -> None:
    tair, psurf = np.array([273.16, 293.15, 303.15]), np.array([1.0e5, 9.5e4, 9.0e4])
    pressure = saturation_vapour_pressure(tair)
    np.testing.assert_allclose(pressure, [611.14, 2338.0, 4243.0], rtol=3e-3)
    np.testing.assert_allclose(vapour_pressure(specific_humidity(pressure, psurf), psurf), pressure, rtol=1e-12)


def test_emissivities_of_a_mid_latitude_air() -> None:
    # 15 C and 10 hPa by hand: w = 1.61374, 1 - 2.61374 exp(-2.45789); 1.24 * 0.61870
    tair, pressure = np.array([288.15]), np.array([1000.0])
    assert clear_sky_emissivity_prata(tair, pressure)[0] == pytest.approx(0.77622, abs=2e-5)
    assert clear_sky_emissivity_brutsaert(tair, pressure)[0] == pytest.approx(0.76719, abs=2e-5)


def test_co2_of_the_reference_value() -> None:
    # 410 ppm at 1.2 kg m-3: 410e-6 * 44 / 28.9644 * 1.2
    assert co2_concentration(410.0, np.array([1.2]))[0] == pytest.approx(7.474e-4, rel=1e-3)
    assert air_density(np.array([288.15]), np.array([0.0]), np.array([101_325.0]), 0.0)[0] == pytest.approx(
        1.2250, 1e-3
    )
