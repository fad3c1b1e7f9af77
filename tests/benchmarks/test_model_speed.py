"""Speed of the model: nanoseconds per column-step on one core, for summer, mixed and snow-covered sets.

CPU time of one thread; the reference model needs 2700 to 3700 ns, the bar for the mixed set is 270 ns. Run with
`pytest tests/benchmarks/test_model_speed.py -m benchmark -s`.
"""

import time
from collections.abc import Callable

import numpy as np
import pytest

from ldas.model.cold_start import cold_start
from ldas.model.derive import derive_parameters
from ldas.model.forcing import Forcing
from ldas.model.integrate import integrate, pack_state
from ldas.model.options import ModelOptions
from ldas.model.parameters import Parameters
from ldas.model.soil import soil_grid
from ldas.model.state import State
from ldas.model.workspace import make_workspace

pytestmark = pytest.mark.benchmark

CELLS, PATCHES, HOURS, REPEATS = 320, 12, 24, 3
COLUMNS = CELLS * PATCHES
BARRED = "mixed, 20 % snow, 3-point canopy"


def mixed_parameters(options: ModelOptions) -> Parameters:
    """All twelve patches on cells of varied texture."""
    generator = np.random.default_rng(1)
    sand = generator.uniform(0.1, 0.8, CELLS)
    clay = generator.uniform(0.05, 0.9, CELLS) * np.minimum(1.0 - sand, 0.5)
    return derive_parameters(
        np.repeat(np.arange(1, PATCHES + 1), CELLS),
        np.full(COLUMNS, 44.0),
        np.full(COLUMNS, 4.0),
        np.tile(sand, PATCHES),
        np.tile(clay, PATCHES),
        options,
    )


def spring_weather(temperature: float) -> Forcing:
    """A day of hourly weather around `temperature` (K) with a shower at noon, different in each cell."""
    generator = np.random.default_rng(2)
    hours = np.arange(HOURS + 1)[:, None]
    day = np.sin(np.pi * (hours - 6.0) / 12.0)
    offset = generator.uniform(-2.0, 2.0, CELLS)
    tair = temperature + 5.0 * np.sin(np.pi * (hours - 8.0) / 12.0) + offset
    calm = np.ones((HOURS + 1, CELLS))
    rain = np.where(np.abs(hours - 13) < 2, 4.0e-4, 0.0) * calm
    return Forcing(
        start=np.datetime64("2017-04-20T00:00:00"),
        interval=3600.0,
        tair=tair,
        qair=0.7 * 0.622 * 611.0 / 95000.0 * np.exp(17.3 * (tair - 273.16) / (tair - 35.9)),
        wind_e=2.0 * calm,
        wind_n=1.5 * calm,
        psurf=95000.0 * calm,
        rainf=np.where(tair > 273.6, rain, 0.0),
        snowf=np.where(tair > 273.6, 0.0, rain),
        sw_direct=500.0 * np.clip(day, 0.0, None) * calm,
        sw_diffuse=150.0 * np.clip(day, 0.0, None) * calm,
        lwdown=(310.0 + 4.0 * (tair - 288.0)),
        co2air=7.5e-4 * calm,
        cell=np.tile(np.arange(CELLS), PATCHES),
    )


def snowy_cells(share: float) -> np.ndarray:
    """Columns of the cells, neighbours on the map, whose snow makes a `share` of all columns.

    The glaciers of all other cells, one patch in twelve, count to the share.
    """
    cells = max(0.0, (share * PATCHES - 1.0) / (PATCHES - 1.0))
    return np.tile(np.arange(CELLS) < round(cells * CELLS), PATCHES)


def start_state(parameters: Parameters, options: ModelOptions, temperature: float, snow_share: float) -> State:
    """A moist spring state with 40 kg m-2 of snow on a share of the cells."""
    snowy = snowy_cells(snow_share)
    soil = np.where(snowy, 272.5, temperature)
    return cold_start(parameters, options, temperature=soil, wetness=0.7, lai=2.0, snow_swe=np.where(snowy, 40.0, 0.0))


def nanoseconds(options: ModelOptions, temperature: float, snow_share: float) -> tuple[float, float]:
    """(best CPU time per column-step over a day after one day of warming up, share of columns then under snow)."""
    parameters = mixed_parameters(options)
    weather = spring_weather(temperature)
    cold = snowy_cells(snow_share)[:CELLS]
    weather.tair[:, cold] -= temperature - 268.0
    weather.qair[:, cold] *= 0.3
    (state,), _ = integrate(parameters, [start_state(parameters, options, temperature, snow_share)], weather, options)
    steps = HOURS * 12
    best = np.inf
    for _ in range(REPEATS):
        begin = time.process_time()
        integrate(parameters, [state], weather, options)
        best = min(best, time.process_time() - begin)
    return 1.0e9 * best / (COLUMNS * steps), float((state.snow_swe.sum(axis=0) > 0.0).mean())


@pytest.mark.parametrize(
    ("name", "temperature", "snow_share", "canopy"),
    [
        ("summer, 3-point canopy", 291.0, 0.0, "gauss"),
        (BARRED, 288.0, 0.2, "gauss"),
        ("mixed, more snow, 3-point canopy", 288.0, 4.0 / 15.0, "gauss"),
        ("mixed, 20 % snow, multilayer canopy", 288.0, 0.2, "multilayer"),
        ("all under 12 layers of snow", 268.0, 1.0, "gauss"),
    ],
)
def test_speed(name: str, temperature: float, snow_share: float, canopy: str, add_row: Callable[..., None]) -> None:
    for block_size in (256, 512, 1024):
        options = ModelOptions(threads=1, block_size=block_size, canopy_radiation=canopy)
        bar = "270 ns" if name == BARRED else ""
        found, snow = nanoseconds(options, temperature, snow_share)
        add_row("column-step, 1 core", f"{name}, blocks of {block_size}", f"{found:.0f} ns, {snow:.0%} snow", bar)


def test_memory(add_row: Callable[..., None]) -> None:
    """Bytes of a column at rest (state and parameters) and of the work space of a block, per column of the block."""
    options = ModelOptions()
    parameters = mixed_parameters(options)
    state = cold_start(parameters, options)
    resting = sum(value.nbytes for value in parameters.as_dict().values()) + pack_state(state).nbytes
    block = parameters.select(np.arange(256))
    work = make_workspace(256, options.snow_layers, soil_grid(block), 11)
    arrays: dict[int, int] = {}
    pending: list[object] = [work]
    while pending:
        item = pending.pop()
        if isinstance(item, tuple):
            pending.extend(item)
        elif isinstance(item, np.ndarray) and item.base is None:
            arrays[id(item)] = item.nbytes
    add_row("memory of a column", "at rest (state and parameters)", f"{resting / COLUMNS:.0f} bytes")
    add_row("memory of a column", "at work, in a block of 256", f"{sum(arrays.values()) / 256:.0f} bytes more")
