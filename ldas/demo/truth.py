"""The nature run: the demo's truth, made by the same model with hidden parameters, weather errors and irrigation.

The hidden settings follow the twin-experiment design of the method document §7.1. Nothing of them reaches the service
but the observations drawn from this run.
"""

from dataclasses import replace

import numpy as np
import xarray as xr

from ldas.demo.fields import generator, smooth_field
from ldas.grid import Columns, Grid
from ldas.model.forcing import Forcing
from ldas.model.parameters import Parameters

CROPS = (7, 8, 9)
OBSERVED_PATCHES = (7, 8, 9, 10, 11, 12)
IRRIGATION_RATE = 3.0 / (4 * 3600.0)  # kg m-2 s-1: 3 mm a day in four hours, on dry days
IRRIGATION_HOURS = (3, 4, 5, 6)
IRRIGATION_MONTHS = (5, 6, 7, 8)


def hidden_physiography(known: xr.Dataset, seed: int) -> xr.Dataset:
    """The known maps with texture shifted by up to ten points and patch fractions moved in a tenth of the cells."""
    shape = known["lat"].size, known["lon"].size
    hidden = known.copy(deep=True)
    for name, low, high in (("sand", 0.05, 0.85), ("clay", 0.05, 0.50)):
        shift = np.clip(0.05 * smooth_field(shape, 4.0, generator(seed, "hidden", name)), -0.10, 0.10)
        hidden[name] = known[name].copy(data=np.clip(known[name].values + shift, low, high))
    fractions = known["patch_fraction"].values.copy()
    rng = generator(seed, "hidden", "fractions")
    moved = (rng.random(shape) < 0.1) & (fractions.sum(axis=0) > 0.0)
    share = rng.uniform(0.05, 0.2, shape)
    crop, grass = fractions[6], fractions[9]
    step = np.where(moved, np.minimum(share, crop), 0.0)
    crop -= step
    grass += step
    hidden["patch_fraction"] = known["patch_fraction"].copy(data=fractions)
    return hidden


def hidden_parameters(parameters: Parameters, columns: Columns, seed: int) -> Parameters:
    """Mesophyll conductance and leaf life span changed by up to 20 % and minimum LAI by up to 20 %, smooth in space."""

    def factor(name: str) -> np.ndarray:
        field = smooth_field(columns.shape, 4.0, generator(seed, "hidden", name))
        return columns.gather(np.clip(1.0 + 0.1 * field, 0.8, 1.2))

    return replace(
        parameters,
        g_m=parameters.g_m * factor("g_m"),
        tau_m=parameters.tau_m * factor("tau_m"),
        lai_min=parameters.lai_min * factor("lai_min"),
    )


def hidden_start(columns: Columns, seed: int) -> dict[str, np.ndarray]:
    """Initial LAI and soil wetness of the truth in each column: another spin-up than the service's."""
    lai = 1.3 * np.exp(0.35 * smooth_field(columns.shape, 3.0, generator(seed, "hidden", "start-lai")))
    wetness = 0.8 + 0.15 * smooth_field(columns.shape, 4.0, generator(seed, "hidden", "start-wetness"))
    return {"lai": columns.gather(lai), "wetness": columns.gather(np.clip(wetness, 0.3, 1.2))}


def hidden_weather(weather: xr.Dataset, seed: int) -> xr.Dataset:
    """The true weather that the known weather is an erroneous forecast of.

    Precipitation is multiplied by a log-normal of mean 1 and sigma 0.4, correlated over a day and about 20 km; short
    wave by 1 ± 5 %, long wave shifted by ± 8 W m-2 and temperature by ± 0.7 K (standard deviations), day by day.
    """
    lat, lon = weather["lat"].size, weather["lon"].size
    hours = weather["time"].values.astype("datetime64[h]")
    days = hours.astype("datetime64[D]")
    true = weather.copy(deep=True)
    rain = np.ones((len(hours), lat, lon))
    offsets = np.zeros((3, len(hours)))
    for day in np.unique(days):
        rng = generator(seed, "hidden", str(day))
        here = days == day
        rain[here] = np.exp(0.4 * smooth_field((lat, lon), 4.0, rng) - 0.08)
        offsets[:, here] = rng.standard_normal(3)[:, None]
    scaled = {"Rainf": rain, "Snowf": rain, "SWdown": np.clip(1.0 + 0.05 * offsets[0], 0.8, 1.2)[:, None, None]}
    for name, multiplier in scaled.items():
        true[name] = weather[name].copy(data=np.maximum(weather[name].values * multiplier, 0.0))
    for name, shift in (("LWdown", 8.0 * offsets[1]), ("Tair", 0.7 * offsets[2])):
        true[name] = weather[name].copy(data=weather[name].values + shift[:, None, None])
    return true


def irrigated_cells(grid: Grid) -> np.ndarray:
    """The block of cells whose crops are irrigated in the truth, bool (lat, lon): the south-western quarter."""
    mask = np.zeros(grid.shape, dtype=bool)
    mask[grid.shape[0] * 2 // 3 :, : grid.shape[1] // 2] = True
    return mask


def irrigate(forcing: Forcing, columns: Columns, mask: np.ndarray) -> Forcing:
    """Add irrigation water to the crop columns of `mask` on days without rain, from May to August.

    The irrigated columns get weather cells of their own, copies of their cell with more rain.
    """
    chosen = np.isin(columns.patch, CROPS) & mask.reshape(-1)[columns.cell]
    if not chosen.any():
        return forcing
    hours = np.arange(forcing.tair.shape[0])
    times = (forcing.start + hours * np.timedelta64(int(forcing.interval), "s")).astype("datetime64[h]")
    in_season = np.isin((times.astype("datetime64[M]").astype(int) % 12) + 1, IRRIGATION_MONTHS)
    in_hours = np.isin((times - times.astype("datetime64[D]")).astype(int), IRRIGATION_HOURS)
    dry = np.zeros(forcing.rainf.shape, dtype=bool)
    days = times.astype("datetime64[D]")
    for day in np.unique(days):
        dry[days == day] = forcing.rainf[days == day].sum(axis=0) * forcing.interval < 1.0
    water = np.where((in_season & in_hours)[:, None] & dry, IRRIGATION_RATE, 0.0)
    cells = np.unique(forcing.cell[chosen])
    new_cell = forcing.cell.copy()
    new_cell[chosen] = forcing.tair.shape[1] + np.searchsorted(cells, forcing.cell[chosen])

    def extended(values: np.ndarray) -> np.ndarray:
        return np.concatenate([values, values[:, cells]], axis=1)

    return replace(
        forcing,
        tair=extended(forcing.tair),
        qair=extended(forcing.qair),
        wind_e=extended(forcing.wind_e),
        wind_n=extended(forcing.wind_n),
        psurf=extended(forcing.psurf),
        rainf=np.concatenate([forcing.rainf, forcing.rainf[:, cells] + water[:, cells]], axis=1),
        snowf=extended(forcing.snowf),
        sw_direct=extended(forcing.sw_direct),
        sw_diffuse=extended(forcing.sw_diffuse),
        lwdown=extended(forcing.lwdown),
        co2air=extended(forcing.co2air),
        cell=new_cell,
    )


def truth_layers(columns: Columns, wg: np.ndarray, lai: np.ndarray, thickness: np.ndarray) -> dict[str, np.ndarray]:
    """Maps of the truth at one instant from column values: all soil layers, what satellites see, and the root zone.

    `wg` is (14, column), `lai` (column,), `thickness` (14,) in m.
    """
    layers = columns.cell_mean(wg)
    top_metre = thickness[:8, None, None]
    return {
        "wg": layers,
        "lai": columns.cell_mean(lai),
        "rzsm": (layers[:8] * top_metre).sum(axis=0) / top_metre.sum(),
        "ssm_observed_patches": columns.cell_mean(wg[1], np.isin(columns.patch, OBSERVED_PATCHES)),
    }
