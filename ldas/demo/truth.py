"""The nature run: the demo's truth, made by the same model with hidden parameters, weather errors and irrigation.

The hidden settings follow the twin-experiment design of the method document §7.1. Nothing of them reaches the service
but the observations drawn from this run.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import xarray as xr

from ldas.demo.fields import correlated_field, generator, smooth_field, within
from ldas.grid import Columns, Grid
from ldas.model.forcing import Forcing
from ldas.model.parameters import Parameters

CROPS = (7, 8, 9)
OBSERVED_PATCHES = (7, 8, 9, 10, 11, 12)
IRRIGATION_RATE = 3.0 / (4 * 3600.0)  # kg m-2 s-1: 3 mm a day in four hours, on dry days
IRRIGATION_HOURS = (3, 4, 5, 6)
IRRIGATION_MONTHS = (6, 7, 8)
PARAMETER_LENGTH, WEATHER_LENGTH = 8.0, 30.0  # km
ERROR_DAYS = 2


def hidden_physiography(known: xr.Dataset, grid: Grid, seed: int) -> xr.Dataset:
    """The known maps with texture shifted by up to ten points and patch fractions moved in a tenth of the cells."""
    hidden = known.copy(deep=True)
    for name, low, high in (("sand", 0.05, 0.85), ("clay", 0.05, 0.50)):
        shift = within(0.10, correlated_field(grid, PARAMETER_LENGTH, generator(seed, "hidden", name)))
        hidden[name] = known[name].copy(data=np.clip(known[name].values + shift, low, high))
    fractions = known["patch_fraction"].values.copy()
    rng = generator(seed, "hidden", "fractions")
    moved = (rng.random(grid.shape) < 0.1) & (fractions.sum(axis=0) > 0.0)
    share = rng.uniform(0.05, 0.2, grid.shape)
    crop, grass = fractions[6], fractions[9]
    step = np.where(moved, np.minimum(share, crop), 0.0)
    crop -= step
    grass += step
    hidden["patch_fraction"] = known["patch_fraction"].copy(data=fractions)
    return hidden


def hidden_parameters(parameters: Parameters, columns: Columns, grid: Grid, seed: int) -> Parameters:
    """Mesophyll conductance, leaf life span, minimum LAI and rooting depth changed by up to 20 %, smooth in space."""

    def factor(name: str) -> np.ndarray:
        field = correlated_field(grid, PARAMETER_LENGTH, generator(seed, "hidden", name))
        return columns.gather(1.0 + within(0.2, field))

    return replace(
        parameters,
        g_m=parameters.g_m * factor("g_m"),
        tau_m=parameters.tau_m * factor("tau_m"),
        lai_min=parameters.lai_min * factor("lai_min"),
        root_fraction=stretched_roots(parameters, factor("root_depth")),
    )


def stretched_roots(parameters: Parameters, factor: np.ndarray) -> np.ndarray:
    """Root fractions, (14, column), of the same profile drawn out in depth by `factor` (column,).

    Roots that would grow below the hydrological layers are shared out in proportion above.
    """
    stretched = np.zeros_like(parameters.root_fraction)
    for column in np.flatnonzero(parameters.root_fraction.sum(axis=0) > 0.0):
        count = parameters.n_water[column]
        bottom = np.concatenate([[0.0], parameters.layer_bottom[:count, column]])
        cumulative = np.concatenate([[0.0], np.cumsum(parameters.root_fraction[:count, column])])
        drawn = np.diff(np.interp(bottom / factor[column], bottom, cumulative))
        stretched[:count, column] = drawn / drawn.sum()
    return stretched


def hidden_start(columns: Columns, seed: int) -> dict[str, np.ndarray]:
    """Initial LAI and soil wetness of the truth in each column: another spin-up than the service's."""
    lai = 1.3 * np.exp(0.35 * smooth_field(columns.shape, 3.0, generator(seed, "hidden", "start-lai")))
    wetness = 0.8 + 0.15 * smooth_field(columns.shape, 4.0, generator(seed, "hidden", "start-wetness"))
    return {"lai": columns.gather(lai), "wetness": columns.gather(np.clip(wetness, 0.3, 1.2))}


def hidden_weather(weather: xr.Dataset, grid: Grid, seed: int) -> xr.Dataset:
    """The true weather that the known weather, on `grid`, is an erroneous forecast of.

    Precipitation is multiplied by a log-normal of mean 1 and sigma 0.4, correlated over two days and 30 km; short wave
    changes by up to 10 %, long wave by up to 15 W m-2 and temperature by up to 1 K, over two days and the whole domain.
    """
    hours = weather["time"].values.astype("datetime64[h]")
    days = hours.astype("datetime64[D]")
    rain = np.ones((len(hours), *grid.shape))
    offsets = np.zeros((3, len(hours)))
    for day in np.unique(days):
        here = days == day
        amount = _over_days("rain", day, seed, lambda rng: correlated_field(grid, WEATHER_LENGTH, rng))
        rain[here] = np.exp(0.4 * amount - 0.08)
        offsets[:, here] = _over_days("weather", day, seed, lambda rng: rng.standard_normal((3, 1)))
    sunshine, longwave, warmth = (within(limit, row) for limit, row in zip((0.1, 15.0, 1.0), offsets, strict=True))
    true = weather.copy(deep=True)
    for name, multiplier in (("Rainf", rain), ("Snowf", rain), ("SWdown", 1.0 + sunshine[:, None, None])):
        true[name] = weather[name].copy(data=np.maximum(weather[name].values * multiplier, 0.0))
    for name, shift in (("LWdown", longwave), ("Tair", warmth)):
        true[name] = weather[name].copy(data=weather[name].values + shift[:, None, None])
    return true


def _over_days(
    name: str, day: np.datetime64, seed: int, draw: Callable[[np.random.Generator], np.ndarray]
) -> np.ndarray:
    """Standard normal draws that stay correlated over `ERROR_DAYS`: the scaled sum of one draw for each of them."""
    back = np.arange(ERROR_DAYS) * np.timedelta64(1, "D")
    total = sum(draw(generator(seed, "hidden", name, str(day - days))) for days in back)
    return np.asarray(total) / np.sqrt(ERROR_DAYS)


def irrigated_cells(grid: Grid, patch_fraction: np.ndarray) -> np.ndarray:
    """The block of cells whose crops are irrigated in the truth, bool (lat, lon): the southern corner with more crops.

    `patch_fraction` is (12, lat, lon).
    """
    crops = patch_fraction[np.array(CROPS) - 1].sum(axis=0)
    west, east = np.zeros((2, *grid.shape), dtype=bool)
    west[grid.shape[0] * 2 // 3 :, : grid.shape[1] // 2] = True
    east[grid.shape[0] * 2 // 3 :, grid.shape[1] // 2 :] = True
    return west if crops[west].mean() >= crops[east].mean() else east


def irrigate(forcing: Forcing, columns: Columns, mask: np.ndarray) -> Forcing:
    """Add irrigation water to the crop columns of `mask` on days without rain, from June to August.

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
