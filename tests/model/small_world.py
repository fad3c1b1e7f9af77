"""A few columns under two spring days of hourly weather, for whole runs of one option after the other."""

import numpy as np

from ldas.model.cold_start import cold_start
from ldas.model.constants import M_AIR, M_CO2
from ldas.model.derive import Override, derive_parameters
from ldas.model.forcing import Forcing
from ldas.model.integrate import integrate
from ldas.model.options import ModelOptions
from ldas.model.outputs import OutputRequest
from ldas.model.parameters import Parameters
from ldas.model.state import State
from ldas.model.weather import air_density

PATCHES = (1, 4, 7, 10)  # bare soil, deciduous trees, C3 crop, grass
BARE, TREES, CROP, GRASS = range(len(PATCHES))
OPTIONS = ModelOptions(time_step=900.0, threads=1)
START = np.datetime64("2017-04-20T00:00:00")


def small_parameters(options: ModelOptions = OPTIONS, latitude: float = 44.0, **overrides: Override) -> Parameters:
    """One column a patch on loam."""
    count = len(PATCHES)
    return derive_parameters(
        np.array(PATCHES),
        np.full(count, latitude),
        np.full(count, 4.0),
        np.full(count, 0.40),
        np.full(count, 0.20),
        options,
        overrides=overrides,
    )


def spring_days(hours: int = 48, ppm: float = 400.0, start: np.datetime64 = START) -> Forcing:
    """Hourly weather with a warm noon and a shower in the second night, the same on every column."""
    time = np.arange(hours + 1)[:, None]
    sun = np.clip(np.sin(np.pi * (time - 6.0) / 12.0), 0.0, None)
    tair = 284.0 + 6.0 * np.sin(np.pi * (time - 8.0) / 12.0)
    calm = np.ones_like(tair)
    return Forcing(
        start=start,
        interval=3600.0,
        tair=tair,
        qair=0.006 * calm,
        wind_e=2.0 + np.sin(0.3 * time),
        wind_n=1.0 * calm,
        psurf=9.7e4 * calm,
        rainf=np.where((time > 26) & (time < 31), 6.0e-4, 0.0) * calm,
        snowf=0.0 * calm,
        sw_direct=500.0 * sun,
        sw_diffuse=150.0 * sun,
        lwdown=310.0 + 10.0 * np.cos(0.4 * time),
        co2air=ppm * 1e-6 * M_CO2 / M_AIR * air_density.py_func(tair, 0.006, 9.7e4, 2.0),
        cell=np.zeros(len(PATCHES), dtype=np.int64),
    )


def first_state(parameters: Parameters, options: ModelOptions = OPTIONS, lai: float = 2.0) -> State:
    """A warm, moist start whose A_n,ref is set, so that it does not follow the first record."""
    state = cold_start(parameters, options, temperature=284.0, wetness=0.7, lai=lai)
    state.assimilation_reference[:] = np.where(parameters.vegetated, 5.0e-7, 0.0)
    return state


def run_small(
    options: ModelOptions = OPTIONS,
    names: tuple[str, ...] = (),
    parameters: Parameters | None = None,
    weather: Forcing | None = None,
    state: State | None = None,
) -> tuple[State, dict[str, np.ndarray]]:
    """The final state and the outputs `names` of every step."""
    parameters = small_parameters(options) if parameters is None else parameters
    state = first_state(parameters, options) if state is None else state
    requests = [OutputRequest(names)] if names else []
    (final,), (out,) = integrate(parameters, [state], weather or spring_days(), options, outputs=requests)
    return final, out


def with_options(**changes: object) -> ModelOptions:
    return OPTIONS.model_copy(update=changes)
