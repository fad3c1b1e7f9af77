"""Fields that a source may lack: longwave by a named parameterisation, and CO2 from a mole fraction."""

import numpy as np
import xarray as xr

from ldas.errors import ForcingUnavailable
from ldas.forcing.humidity import air_density, vapour_pressure
from ldas.forcing.settings import ForcingSettings
from ldas.model.constants import M_AIR, M_CO2, STEFAN
from ldas.variables import variables


def add_longwave(dataset: xr.Dataset, settings: ForcingSettings) -> xr.Dataset:
    """The dataset with `LWdown`; a parameterised one is instantaneous and says so in its attributes.

    Raises ForcingUnavailable when the source has none and the settings name no parameterisation.
    """
    if settings.longwave == "source":
        if "LWdown" not in dataset:
            raise ForcingUnavailable(
                "forcing: the source has no LWdown; expected it, or `longwave: prata1996` or `brutsaert1975`"
            )
        return dataset
    tair = dataset["Tair"].values
    pressure = vapour_pressure(dataset["Qair"].values, dataset["PSurf"].values)
    emissivity = {"prata1996": clear_sky_emissivity_prata, "brutsaert1975": clear_sky_emissivity_brutsaert}[
        settings.longwave
    ](tair, pressure)
    cloud = settings.longwave_cloud_fraction
    longwave = (emissivity * (1.0 - cloud) + cloud) * STEFAN * tair**4
    attributes = {
        **variables("forcing")["LWdown"].attributes(),
        "cell_methods": "time: point",
        "parameterisation": f"{settings.longwave}, cloud fraction {cloud:g}",
    }
    return dataset.assign(LWdown=(dataset["Tair"].dims, longwave, attributes))


def clear_sky_emissivity_prata(tair: np.ndarray, pressure: np.ndarray) -> np.ndarray:
    """Prata (1996): 1 - (1 + w) exp(-sqrt(1.2 + 3 w)), w = 46.5 e/T with e in hPa."""
    water = 46.5 * (pressure / 100.0) / tair
    return 1.0 - (1.0 + water) * np.exp(-np.sqrt(1.2 + 3.0 * water))


def clear_sky_emissivity_brutsaert(tair: np.ndarray, pressure: np.ndarray) -> np.ndarray:
    """Brutsaert (1975): 1.24 (e/T)^(1/7) with e in hPa."""
    return 1.24 * (pressure / 100.0 / tair) ** (1.0 / 7.0)


def add_co2(dataset: xr.Dataset, settings: ForcingSettings) -> xr.Dataset:
    """The dataset with `CO2air`, kg m-3, from `co2_ppm` and the air density when the source has none; heights too."""
    if "CO2air" not in dataset:
        density = air_density(dataset["Tair"].values, dataset["Qair"].values, dataset["PSurf"].values, settings.z_t)
        attributes = {
            **variables("forcing")["CO2air"].attributes(),
            "cell_methods": "time: point",
            "comment": f"constant mole fraction of {settings.co2_ppm:g} ppm",
        }
        co2 = co2_concentration(settings.co2_ppm, density)
        dataset = dataset.assign(CO2air=(dataset["Tair"].dims, co2, attributes))
    return dataset.assign(
        z_t=((), settings.z_t, {"units": "m", "long_name": "height of temperature and humidity"}),
        z_u=((), settings.z_u, {"units": "m", "long_name": "height of wind"}),
    )


def co2_concentration(ppm: float | np.ndarray, density: np.ndarray) -> np.ndarray:
    """kg CO2 m-3 of a mole fraction in ppm and an air density in kg m-3."""
    return ppm * 1e-6 * (M_CO2 / M_AIR) * density
