"""The fields of a CF or ALMA dataset in our names, units and hours."""

from collections.abc import Callable
from functools import cache, cached_property
from importlib import resources
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr
import yaml

from ldas.errors import ForcingUnavailable
from ldas.forcing.correction import split_precipitation
from ldas.forcing.derived import co2_concentration
from ldas.forcing.humidity import air_density, saturation_vapour_pressure, specific_humidity
from ldas.forcing.settings import ForcingSettings
from ldas.forcing.timeline import (
    clip_small_negatives,
    hourly_instants,
    hourly_means,
    increments,
    undo_running_mean,
)
from ldas.forcing.units import CO2_DENSITY_UNITS, canonical, conversion
from ldas.variables import variables

Method = Literal["time: mean", "time: point"]


@cache
def name_table() -> dict:
    """`data/names.yaml`: under which names and with which quantity a field is looked for."""
    text = resources.files("ldas.forcing").joinpath("data", "names.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)


def source_names(dataset: xr.Dataset, settings: ForcingSettings) -> dict[str, str]:
    """Our name → the source's, from the settings, the known names, then the CF standard names.

    Only fields on (time, lat, lon) count, beside axes of length one: a store may hold profiles under such names too.
    """
    flat = {
        str(name): field
        for name, field in dataset.data_vars.items()
        if all(size == 1 for dim, size in field.sizes.items() if dim not in ("time", "lat", "lon"))
    }
    by_standard_name = {
        str(field.attrs["standard_name"]): name for name, field in flat.items() if "standard_name" in field.attrs
    }
    found = {}
    for ours, row in name_table().items():
        known = [settings.names[ours]] if ours in settings.names else row["names"]
        present = [name for name in known if name in flat]
        present += [by_standard_name[name] for name in row["standard_names"] if name in by_standard_name]
        if present:
            found[ours] = present[0]
    return found


class FieldReader:
    """Fields of `raw` (canonical axes, loaded) at the hours of a window; `item` names the source in messages."""

    def __init__(self, raw: xr.Dataset, hours: pd.DatetimeIndex, settings: ForcingSettings, item: str) -> None:
        self._raw = raw
        self._settings = settings
        self._item = item
        self._hours = hours.values.astype("datetime64[ns]").astype(np.int64) / 1e9
        self._times = raw["time"].values.astype("datetime64[ns]").astype(np.int64) / 1e9
        ends = raw["interval_end"] if "interval_end" in raw.coords else raw["time"]
        self._ends = ends.values.astype("datetime64[ns]").astype(np.int64) / 1e9
        self._gap = 3600.0 * settings.largest_gap_hours + 0.5

    def alma(self) -> xr.Dataset:
        """The window on the source's grid, without `LWdown` and `CO2air` where the source has none."""
        tair, psurf = self._need("Tair"), self._need("PSurf")
        wind_e, wind_n = self._wind()
        qair = self._humidity(tair, psurf)
        rain, snow, split = self._precipitation(tair)
        shortwave, shortwave_method = self._shortwave()
        fields: dict[str, tuple[np.ndarray, Method]] = {
            "Tair": (tair, "time: point"),
            "Qair": (qair, "time: point"),
            "Wind_E": (wind_e, "time: point"),
            "Wind_N": (wind_n, "time: point"),
            "PSurf": (psurf, "time: point"),
            "Rainf": (rain, "time: mean"),
            "Snowf": (snow, "time: mean"),
            "SWdown": (shortwave, shortwave_method),
        }
        if self._find("LWdown"):
            fields["LWdown"] = self._flux("LWdown")
        if self._find("CO2air"):
            fields["CO2air"] = (self._co2(tair, qair, psurf), "time: point")
        table = variables("forcing")
        dataset = xr.Dataset(coords={"lat": self._raw["lat"], "lon": self._raw["lon"]})
        for name, (values, method) in fields.items():
            dataset[name] = (("time", "lat", "lon"), values, {**table[name].attributes(), "cell_methods": method})
        if split:
            dataset.attrs["precipitation_split"] = self._settings.precipitation_split.model_dump_json()
        if self._find("elevation"):
            height = self._raw_values("elevation")
            dataset["elevation"] = (("lat", "lon"), height[0] if height.ndim == 3 else height, {"units": "m"})
        return dataset

    @cached_property
    def _names(self) -> dict[str, str]:
        return source_names(self._raw, self._settings)

    def _find(self, name: str) -> str | None:
        return self._names.get(name)

    def _quantity(self, name: str) -> str:
        return name_table()[name]["quantity"]

    def _raw_values(self, name: str) -> np.ndarray:
        """The source's values in our units, still on its own records; an amount stays an amount."""
        theirs = self._names[name]
        field = self._raw[theirs]
        field = field.squeeze([dim for dim in field.dims if dim not in ("time", "lat", "lon")], drop=True)
        if name != "elevation":
            field = field.broadcast_like(self._raw[self._names["Tair"]]).transpose("time", "lat", "lon")
        rule = conversion(field.attrs.get("units"), self._quantity(name), f"{self._item}: {theirs}")
        return field.values.astype(np.float64) * rule.factor + rule.offset

    def _need(self, name: str) -> np.ndarray:
        """An instantaneous field at the hours; raises ForcingUnavailable when the source has none."""
        if not self._find(name):
            raise ForcingUnavailable(f"forcing: {self._item} has no {name}, missing at every hour of the window")
        return self._instants(self._raw_values(name))

    def _instants(self, values: np.ndarray) -> np.ndarray:
        return hourly_instants(self._times, self._hours, self._gap)(values)

    def _flux(self, name: str) -> tuple[np.ndarray, Method]:
        """A radiation or precipitation field at the hours, W m-2 or kg m-2 s-1, and whether it is a mean."""
        theirs = self._names[name]
        item = f"{self._item}: {theirs}"
        attributes = self._raw[theirs].attrs
        quantity = self._quantity(name)
        values = self._raw_values(name)
        smallest = self._settings.smallest_rain_rate if quantity == "water" else self._settings.smallest_radiation
        to_hours: Callable[[np.ndarray], np.ndarray] = hourly_means(self._ends, self._hours, self._gap)
        if conversion(attributes["units"], quantity, item).amount:
            if self._settings.accumulation != "interval":
                values = increments(self._ends, values, self._settings.accumulation)
            steps = np.diff(self._ends, prepend=2 * self._ends[0] - self._ends[min(1, len(self._ends) - 1)])
            values = values / np.where(steps > 0.0, steps, 3600.0)[:, None, None]
            return clip_small_negatives(to_hours(values), smallest, item)[0], "time: mean"
        if quantity == "radiation" and self._is_instant(attributes):
            return self._instants(values), "time: point"
        if self._settings.running_mean_hours:
            values = undo_running_mean(self._ends, values, 3600.0 * self._settings.running_mean_hours)
        return clip_small_negatives(to_hours(values), smallest, item)[0], "time: mean"

    def _is_instant(self, attributes: dict) -> bool:
        method = str(attributes.get("cell_methods", ""))
        return "time: point" in method or ("time: mean" not in method and self._settings.unstated_radiation == "point")

    def _wind(self) -> tuple[np.ndarray, np.ndarray]:
        """Components; a speed alone goes eastward, as the model uses the speed only."""
        if self._find("Wind_E") and self._find("Wind_N"):
            return self._need("Wind_E"), self._need("Wind_N")
        speed = self._need("Wind")
        return speed, np.zeros_like(speed)

    def _humidity(self, tair: np.ndarray, psurf: np.ndarray) -> np.ndarray:
        """Specific humidity as given, or from the dew point or the relative humidity over water."""
        if self._find("Qair"):
            return self._need("Qair")
        if self._find("dew_point"):
            return specific_humidity(saturation_vapour_pressure(self._need("dew_point")), psurf)
        if self._find("relative_humidity"):
            return specific_humidity(self._need("relative_humidity") * saturation_vapour_pressure(tair), psurf)
        return self._need("Qair")

    def _precipitation(self, tair: np.ndarray) -> tuple[np.ndarray, np.ndarray, bool]:
        """(rain, snow, whether our own split by temperature made them), kg m-2 s-1."""
        if self._find("Rainf") and self._find("Snowf"):
            return self._flux("Rainf")[0], self._flux("Snowf")[0], False
        if not self._find("precipitation"):
            missing = "Rainf" if not self._find("Rainf") else "Snowf"
            raise ForcingUnavailable(f"forcing: {self._item} has no {missing} and no total precipitation")
        total = self._flux("precipitation")[0]
        if self._find("Snowf"):
            snow = np.minimum(self._flux("Snowf")[0], total)
            return total - snow, snow, False
        if self._find("frozen_share"):
            snow = total * np.clip(self._instants(self._raw_values("frozen_share")), 0.0, 1.0)
            return total - snow, snow, False
        rain, snow = split_precipitation(total, tair, self._settings.precipitation_split)
        return rain, snow, True

    def _shortwave(self) -> tuple[np.ndarray, Method]:
        """Global shortwave; the sum of direct and diffuse where a source gives those only."""
        if self._find("SWdown"):
            return self._flux("SWdown")
        if self._find("DIR_SWdown") and self._find("SCA_SWdown"):
            direct, method = self._flux("DIR_SWdown")
            return direct + self._flux("SCA_SWdown")[0], method
        raise ForcingUnavailable(f"forcing: {self._item} has no SWdown, missing at every hour of the window")

    def _co2(self, tair: np.ndarray, qair: np.ndarray, psurf: np.ndarray) -> np.ndarray:
        """kg m-3 as given, or from a mole fraction and the air density."""
        values = self._instants(self._raw_values("CO2air"))
        if canonical(str(self._raw[self._names["CO2air"]].attrs["units"])) == CO2_DENSITY_UNITS:
            return values
        return co2_concentration(values, air_density(tair, qair, psurf, self._settings.z_t))
