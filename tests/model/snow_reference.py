"""The snow scheme alone, driven with the soil temperature and conductivity of the reference run of a column."""

import importlib.util
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from ldas.model import snow
from ldas.model.constants import C_PD, GRAVITY, P_00, R_D, R_V
from ldas.model.exchange import Exchange, prepare_exchange
from ldas.model.snow_cover import SnowCover, cover_with_snow

STEP = 300.0
PER_HOUR = 12


def weather_module(folder: Path):
    """The generator of the reference weather."""
    spec = importlib.util.spec_from_file_location("make_weather", folder / "make_weather.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def stepped(records: np.ndarray, first_hour: int, steps: int) -> np.ndarray:
    """Values at the start of each step, linear between hourly records."""
    m = np.arange(steps)
    i = first_hour + m // PER_HOUR
    x = (m % PER_HOUR) / PER_HOUR
    return records[i] + x * (records[i + 1] - records[i])


@dataclass
class Driven:
    """Weather and soil as the reference column saw them, (step,)."""

    weather: dict[str, np.ndarray]
    soil_temperature: np.ndarray
    soil_conductivity: np.ndarray
    albedo_free: np.ndarray
    veg: np.ndarray
    z0: np.ndarray


def drive(folder: Path, stored: xr.Dataset, internals: xr.Dataset, first_hour: int, first_tg1: float) -> Driven:
    """Collect what drives the snow of the mountain column; states of `stored` and `internals` are end-of-step."""
    records = weather_module(folder).make(dtemp=-8.0, fprecip=1.4, zs=1400.0)
    steps = internals.sizes["step"]
    direction = np.deg2rad(records["Wind_DIR"])
    east, north = (stepped(records["Wind"] * part(direction), first_hour, steps) for part in (np.sin, np.cos))
    tair, qair, psurf = (stepped(records[name], first_hour, steps) for name in ("Tair", "Qair", "PSurf"))
    density = psurf / (R_D * tair * (1.0 + (R_V / R_D - 1.0) * qair) + GRAVITY * 2.0)
    later = first_hour + np.arange(steps) // PER_HOUR + 1
    wind = np.hypot(east, north)
    weather = {
        "sw": stepped(records["DIR_SWdown"] + records["SCA_SWdown"], first_hour, steps),
        "lw": stepped(records["LWdown"], first_hour, steps),
        "tair": tair,
        "qair": qair,
        "psurf": psurf,
        "air_density": density,
        "exner_surface": (psurf / P_00) ** (R_D / C_PD),
        "exner_air": ((psurf - density * GRAVITY * 2.0) / P_00) ** (R_D / C_PD),
        "wind": wind,
        "wind_exchange": np.maximum(wind, 1.0),
        "rain": records["Rainf"][later],
        "snow": records["Snowf"][later],
        "cos_zenith": np.cos(internals["zenith"].values.ravel()),
    }
    lai = internals["LAI"].values.ravel()
    return Driven(
        weather,
        np.concatenate([[first_tg1], stored["TG1"].values.ravel()[:-1]]),
        internals["ZSOILCONDZ_1"].values.ravel(),
        internals["SNOWFREE_ALB"].values.ravel(),
        internals["VEG"].values.ravel(),
        np.maximum(0.001, 0.13 * np.maximum(0.001, lai / 6.0)),
    )


def run(driven: Driven, pack: snow.SnowPack) -> dict[str, np.ndarray]:
    """Advance one column of snow over all steps: total SWE, depth, snow fraction used and p_sn LE, (step,)."""
    steps = driven.soil_temperature.size
    weather, surface, fluxes = snow.snow_weather(1), snow.snow_surface(1), snow.snow_fluxes(1)
    work = snow.snow_work(pack.swe.shape[0], 1)
    exchange = Exchange(surface.z0_effective, surface.z0h_effective, surface.neutral, surface.unstable)
    cover = SnowCover(*(np.zeros(1) for _ in SnowCover._fields))
    surface.soil_thickness[0] = 0.01
    found = {name: np.empty(steps) for name in ("swe", "depth", "p_sn", "les")}
    for step in range(steps):
        for name, values in driven.weather.items():
            getattr(weather, name)[0] = values[step]
        z0, veg = driven.z0[step : step + 1], driven.veg[step : step + 1]
        cover_with_snow(pack.swe, pack.density, veg, z0, cover)
        prepare_exchange(z0, cover.p_sn, 2.0, 10.0, exchange)
        surface.soil_temperature[0] = driven.soil_temperature[step]
        surface.soil_conductivity[0] = driven.soil_conductivity[step]
        surface.albedo_free[0] = driven.albedo_free[step]
        surface.p_sn[0] = cover.p_sn[0]
        snow.advance_snow(weather, surface, pack, work, fluxes, 1, STEP, 2.0, 10.0)
        found["swe"][step] = pack.swe.sum()
        found["depth"][step] = (pack.swe / pack.density).sum()
        found["p_sn"][step] = cover.p_sn[0]
        found["les"][step] = cover.p_sn[0] * fluxes.latent[0]
    return found
