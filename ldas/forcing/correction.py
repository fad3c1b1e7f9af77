"""Correction of weather for the height difference between the source's terrain and the model's."""

import numpy as np
import xarray as xr

from ldas.errors import ConfigurationError
from ldas.forcing.humidity import saturation_vapour_pressure, specific_humidity, vapour_pressure
from ldas.forcing.settings import ElevationCorrection, PrecipitationSplit
from ldas.model.constants import GRAVITY, R_D, R_V


def correct_elevation(
    dataset: xr.Dataset, elevation: xr.DataArray, settings: ElevationCorrection, split: PrecipitationSplit
) -> xr.Dataset:
    """The dataset at the heights `elevation` (lat, lon), m, instead of its own `elevation`.

    Temperature follows the lapse rate, pressure the hydrostatic equation with the mean virtual temperature of the
    layer between, humidity keeps its relative humidity over water, and the total precipitation is split again into
    rain and snow by the new temperature. Raises ConfigurationError when the source's terrain is unknown.
    """
    if "elevation" not in dataset:
        raise ConfigurationError(
            "forcing.source_elevation_uri: expected the source's terrain height for the elevation correction, and the "
            "source carries none"
        )
    rise = elevation.values - dataset["elevation"].values
    tair, qair, psurf = (dataset[name].values for name in ("Tair", "Qair", "PSurf"))
    relative = vapour_pressure(qair, psurf) / saturation_vapour_pressure(tair)

    new_tair = tair - settings.lapse_rate * rise
    virtual = 0.5 * (tair + new_tair) * (1.0 + (R_V / R_D - 1.0) * qair)
    new_psurf = psurf * np.exp(-GRAVITY * rise / (R_D * virtual))
    new_qair = specific_humidity(relative * saturation_vapour_pressure(new_tair), new_psurf)
    rain, snow = split_precipitation(dataset["Rainf"].values + dataset["Snowf"].values, new_tair, split)
    new_longwave = dataset["LWdown"].values - settings.longwave_lapse_rate * rise

    corrected = dataset.copy()
    for name, values in (
        ("Tair", new_tair),
        ("PSurf", new_psurf),
        ("Qair", new_qair),
        ("Rainf", rain),
        ("Snowf", snow),
        ("LWdown", new_longwave),
    ):
        corrected[name] = (dataset[name].dims, values, dataset[name].attrs)
    corrected.attrs["elevation_correction"] = settings.model_dump_json()
    return corrected


def split_precipitation(
    total: np.ndarray, tair: np.ndarray, split: PrecipitationSplit
) -> tuple[np.ndarray, np.ndarray]:
    """(rain, snow) of a precipitation rate: all snow at `all_snow_below` and colder, all rain from `all_rain_above`."""
    rain_share = np.clip((tair - split.all_snow_below) / (split.all_rain_above - split.all_snow_below), 0.0, 1.0)
    rain = total * rain_share
    return rain, total - rain
