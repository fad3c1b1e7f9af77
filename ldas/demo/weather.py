"""Hourly weather of the demo world: seeded, stationary from year to year, smooth in space, with rain events."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from ldas.demo.fields import generator, smooth_field
from ldas.errors import ConfigurationError
from ldas.grid import Grid
from ldas.variables import variables

STEP = 0.025
LAPSE_RATE = -6.5e-3
EPOCH = np.datetime64("2014-01-01")


@dataclass(frozen=True)
class Climate:
    """The numbers that make the weather Mediterranean: means over the year and their swing."""

    temperature_mean: float = 287.0
    temperature_swing: float = 8.5
    wet_after_dry: float = 0.17
    wet_after_wet: float = 0.45
    rain_per_wet_day: float = 8.0
    summer_dryness: float = 0.45


def weather_axes(grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """(lat descending, lon ascending) of the 0.025-degree weather grid, one cell wider than the domain all around."""
    lat = np.arange(np.floor(grid.south / STEP) - 1, np.ceil(grid.north / STEP) + 2) * STEP
    lon = np.arange(np.floor(grid.west / STEP) - 1, np.ceil(grid.east / STEP) + 2) * STEP
    return np.round(lat[::-1], 6), np.round(lon, 6)


def elevation_of(lat: np.ndarray) -> np.ndarray:
    """Smooth elevation of the weather grid, m, (lat, 1): rises to the north as the terrain does."""
    return 180.0 + 160.0 * ((lat - lat.min()) / max(float(np.ptp(lat)), 1e-9))[:, None]


def make_weather(
    grid: Grid, seed: int, start: np.datetime64, end: np.datetime64, climate: Climate | None = None
) -> xr.Dataset:
    """ALMA forcing at the hours start…end on (time, lat, lon).

    All fields are instantaneous at the hour but `Rainf` and `Snowf`, the means over the hour that ends there. The
    value at a time does not depend on the period asked for.
    """
    climate = climate or Climate()
    lat, lon = weather_axes(grid)
    time = np.arange(start.astype("datetime64[h]"), end.astype("datetime64[h]") + np.timedelta64(1, "h"))
    one_day = np.timedelta64(1, "D")
    days = np.arange(time[0].astype("datetime64[D]") - one_day, time[-1].astype("datetime64[D]") + 2 * one_day)
    daily = _daily_weather(seed, days, climate)

    hour_of_day = (time - time.astype("datetime64[D]")).astype(float)
    position = (time - days[0].astype("datetime64[h]")).astype(float) / 24.0 - 0.5
    at = {name: np.interp(position, np.arange(len(days)), values) for name, values in daily.items()}
    cos_zenith = _cos_zenith(time, float(lat.mean()), float(lon.mean()))
    clear = 1.0 - 0.72 * at["cloud"]

    rain = _rain(seed, days, daily, time, (len(lat), len(lon)))
    shape = len(time), len(lat), len(lon)
    pattern = 0.6 * smooth_field((len(lat), len(lon)), 3.0, generator(seed, "temperature"))
    height = elevation_of(lat)
    diurnal = (2.0 + 4.5 * clear) * np.cos(2 * np.pi * (hour_of_day - 14.5) / 24.0)
    tair = (at["temperature"] + diurnal)[:, None, None] + (LAPSE_RATE * (height - 200.0) + pattern)[None]
    psurf = 101_325.0 * np.exp(-9.81 * height / (287.0 * 287.0))[None] + at["pressure"][:, None, None] + np.zeros(shape)
    dew_point = np.minimum(
        at["temperature"][:, None, None] - at["dew_depression"][:, None, None] + LAPSE_RATE * (height - 200.0)[None],
        tair - 0.5,
    )
    vapour = 611.2 * np.exp(17.62 * (dew_point - 273.15) / (dew_point - 30.03))
    qair = 0.622 * vapour / (psurf - 0.378 * vapour)
    swdown = np.maximum(0.0, 1367.0 * cos_zenith * 0.76 * clear)[:, None, None] + np.zeros(shape)
    cloud = at["cloud"][:, None, None]
    emissivity = np.minimum(1.0, 1.24 * (vapour / 100.0 / tair) ** (1.0 / 7.0) * (1.0 + 0.2 * cloud**2))
    wind = np.maximum(0.4, at["wind"] * (1.0 + 0.35 * np.cos(2 * np.pi * (hour_of_day - 14.0) / 24.0)))
    wind = wind[:, None, None] * (1.0 + 0.1 * smooth_field(shape[1:], 3.0, generator(seed, "wind")))[None]
    frozen = np.clip((274.65 - tair) / 2.0, 0.0, 1.0)
    fields = {
        "Tair": tair,
        "Qair": qair,
        "Wind": wind,
        "PSurf": psurf,
        "Rainf": rain * (1.0 - frozen),
        "Snowf": rain * frozen,
        "SWdown": swdown,
        "LWdown": emissivity * 5.67e-8 * tair**4,
    }
    table = variables("forcing")
    data = {}
    for name, values in fields.items():
        attributes = {**table[name].attributes(), "cell_methods": table[name].cell_methods or "time: point"}
        data[name] = (("time", "lat", "lon"), values.astype(np.float32), attributes)
    elevation = (("lat", "lon"), np.broadcast_to(height, shape[1:]).astype(np.float32), {"units": "m"})
    return xr.Dataset(
        {**data, "elevation": elevation},
        coords={"time": time.astype("datetime64[ns]"), "lat": lat, "lon": lon},
        attrs={
            "source": f"synthetic weather of the demo world, seed {seed}",
            "reference_height_t": 2.0,
            "reference_height_u": 10.0,
        },
    )


def _daily_weather(seed: int, days: np.ndarray, climate: Climate) -> dict[str, np.ndarray]:
    """Daily means of each variable: red noise and a two-state rain chain that always start at `EPOCH`."""
    if days[0] < EPOCH:
        raise ConfigurationError(f"demo weather: expected days since {EPOCH}, got {days[0]}")
    chain = np.arange(EPOCH, days[-1] + np.timedelta64(1, "D"))
    years = range(EPOCH.astype("datetime64[Y]").astype(int), chain[-1].astype("datetime64[Y]").astype(int) + 1)
    lengths = [int(np.sum(chain.astype("datetime64[Y]").astype(int) == year)) for year in years]
    generators = [generator(seed, "year", year) for year in years]
    tables = [(rng.standard_normal((366, 5)), rng.random((366, 2))) for rng in generators]
    draws = np.concatenate([table[0][:n] for table, n in zip(tables, lengths, strict=True)])
    chance = np.concatenate([table[1][:n] for table, n in zip(tables, lengths, strict=True)])
    season = 2 * np.pi * ((chain - chain.astype("datetime64[Y]").astype("datetime64[D]")).astype(float) - 15.0) / 365.25
    warmth = -np.cos(season)

    red = np.zeros_like(draws)
    for i in range(1, len(chain)):
        red[i] = 0.72 * red[i - 1] + np.sqrt(1 - 0.72**2) * draws[i]
    wet = np.zeros(len(chain), dtype=bool)
    for i in range(1, len(chain)):
        probability = climate.wet_after_wet if wet[i - 1] else climate.wet_after_dry
        wet[i] = chance[i, 0] < probability * (1.0 - climate.summer_dryness * max(0.0, float(warmth[i])))
    amount = np.where(wet, -climate.rain_per_wet_day * np.log(np.maximum(chance[:, 1], 1e-6)), 0.0)
    cloud = np.clip(0.32 - 0.12 * warmth + 0.16 * red[:, 1] + 0.35 * wet, 0.0, 1.0)
    values = {
        "temperature": climate.temperature_mean + climate.temperature_swing * warmth + 2.4 * red[:, 0] - 1.5 * wet,
        "cloud": cloud,
        "dew_depression": np.clip(6.5 + 3.0 * warmth + 1.5 * red[:, 2] - 4.0 * wet, 1.0, 18.0),
        "wind": np.clip(2.8 + 1.0 * red[:, 3], 0.6, 9.0),
        "pressure": 450.0 * red[:, 4] - 300.0 * wet,
        "amount": amount,
    }
    return {name: series[-len(days) :] for name, series in values.items()}


def _rain(
    seed: int, days: np.ndarray, daily: dict[str, np.ndarray], time: np.ndarray, shape: tuple[int, int]
) -> np.ndarray:
    """Precipitation rate, kg m-2 s-1, mean over the hour that ends at each time, (time, lat, lon)."""
    rate = np.zeros((len(time), *shape))
    hours = (time[:, None] - days[None].astype("datetime64[h]")).astype(float)
    for index in np.flatnonzero(daily["amount"] > 0.0):
        rng = generator(seed, "event", str(days[index]))
        start, length = rng.uniform(0.0, 16.0), rng.uniform(2.0, 8.0)
        overlap = np.clip(
            np.minimum(hours[:, index], start + length) - np.maximum(hours[:, index] - 1.0, start), 0.0, 1.0
        )
        pattern = np.exp(0.5 * smooth_field(shape, 3.0, rng) - 0.125)
        rate += (daily["amount"][index] * overlap / length / 3600.0)[:, None, None] * pattern
    return rate


def _cos_zenith(time: np.ndarray, latitude: float, longitude: float) -> np.ndarray:
    """Cosine of the solar zenith angle at each hour (0 at night), for placing the sun in the synthetic weather."""
    day = (time - time.astype("datetime64[Y]").astype("datetime64[h]")).astype(float) / 24.0
    declination = np.radians(-23.45 * np.cos(2 * np.pi * (day + 10.0) / 365.25))
    hour_angle = np.radians(15.0 * ((time - time.astype("datetime64[D]")).astype(float) - 12.0) + longitude)
    phi = np.radians(latitude)
    return np.maximum(0.0, np.sin(phi) * np.sin(declination) + np.cos(phi) * np.cos(declination) * np.cos(hour_angle))
