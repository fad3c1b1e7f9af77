"""The whole step over wide random weather and states, all patches, both snow grids: finite, bounded, conserving."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ldas.model.cold_start import cold_start
from ldas.model.constants import C_I, L_F, T_T
from ldas.model.derive import derive_parameters
from ldas.model.forcing import Forcing
from ldas.model.integrate import integrate
from ldas.model.options import ModelOptions
from ldas.model.outputs import OutputRequest
from ldas.model.parameters import Parameters
from ldas.model.saturation import saturation_humidity
from ldas.model.state import DEPOSITED_ICE, State

COLUMNS = 24  # every patch twice
HOURS = 4


def random_parameters(generator: np.random.Generator, options: ModelOptions) -> Parameters:
    """Two columns a patch on random texture and depth, anywhere."""
    sand = generator.uniform(0.02, 0.9, COLUMNS)
    clay = generator.uniform(0.02, 1.0, COLUMNS) * np.minimum(1.0 - sand, 0.75)
    return derive_parameters(
        np.repeat(np.arange(1, 13), 2),
        generator.uniform(-80.0, 80.0, COLUMNS),
        generator.uniform(-180.0, 180.0, COLUMNS),
        sand,
        clay,
        options,
    )


def random_weather(generator: np.random.Generator, ground: np.ndarray) -> Forcing:
    """Hourly weather without memory: anything may follow anything, with air within 33 K of the `ground` (K, (column,)).

    Saturated air of 325 K over ground of 248 K would bring 400 kW m-2 of dew, which no linearised budget follows.
    """
    shape = (HOURS + 1, COLUMNS)
    near = np.clip(ground + generator.uniform(-25.0, 25.0, COLUMNS), 235.0, 318.0)
    tair = near + generator.uniform(-8.0, 8.0, shape)
    psurf = generator.uniform(6.5e4, 1.05e5, COLUMNS) + generator.uniform(-500.0, 500.0, shape)
    saturated = np.array([saturation_humidity(t, p) for t, p in zip(tair.ravel(), psurf.ravel(), strict=True)])
    wet = generator.random(shape) < 0.5
    rate = np.where(wet, 10.0 ** generator.uniform(-6.0, -2.0, shape), 0.0)
    cold = tair < T_T + generator.uniform(-2.0, 2.0, shape)
    sun = np.where(generator.random(shape) < 0.6, generator.uniform(0.0, 1200.0, shape), 0.0)
    direct = generator.random(shape)
    return Forcing(
        start=np.datetime64("2020-01-01T22:00:00") + np.timedelta64(int(generator.integers(0, 366 * 24)), "h"),
        interval=3600.0,
        tair=tair,
        qair=generator.uniform(0.02, 1.0, shape) * saturated.reshape(shape),
        wind_e=generator.uniform(-15.0, 15.0, shape),
        wind_n=generator.uniform(-15.0, 15.0, shape),
        psurf=psurf,
        rainf=np.where(cold, 0.0, rate),
        snowf=np.where(cold, 0.2 * rate, 0.0),
        sw_direct=sun * direct,
        sw_diffuse=sun * (1.0 - direct),
        lwdown=generator.uniform(120.0, 480.0, shape),
        co2air=generator.uniform(3.0e-4, 1.5e-3, shape),
        cell=np.arange(COLUMNS),
    )


def random_state(generator: np.random.Generator, parameters: Parameters, options: ModelOptions) -> State:
    """Any water between dry and saturated, any share of ice where it freezes, packs from traces to metres."""
    p = parameters
    surface = generator.uniform(240.0, 318.0, COLUMNS)
    state = cold_start(p, options, temperature=surface, lai=generator.uniform(0.0, 7.0, COLUMNS))
    state.tg[:] = surface + np.cumsum(generator.uniform(-2.0, 2.0, state.tg.shape), axis=0)
    total = 0.001 + (p.w_sat - 0.001) * generator.random(state.wg.shape) ** generator.uniform(0.2, 4.0)
    ice = np.where(state.tg < T_T, generator.random(state.wg.shape), 0.0) * (total - 0.001)
    state.wg[:], state.wgi[:] = total - ice, ice
    state.resa[:] = 10.0 ** generator.uniform(0.5, 3.0, COLUMNS)
    state.le[:] = generator.uniform(-100.0, 500.0, COLUMNS)
    state.wr[:] = np.where(p.vegetated, generator.uniform(0.0, 0.2, COLUMNS) * state.lai, 0.0)
    state.biomass_leaf += generator.uniform(-0.01, 0.01, COLUMNS) * p.vegetated
    state.biomass_structural *= generator.uniform(0.0, 3.0, COLUMNS)
    layers = (options.snow_layers, COLUMNS)
    snowy = generator.random(COLUMNS) < 0.5
    density = generator.uniform(50.0, 700.0, layers)
    temperature = np.minimum(T_T, surface) - generator.uniform(0.0, 15.0, layers)
    state.snow_swe[:] = np.where(snowy, 10.0 ** generator.uniform(-4.0, 3.0, COLUMNS) / options.snow_layers, 0.0)
    state.snow_density[:] = np.where(snowy, density, 50.0)
    state.snow_enthalpy[:] = np.where(snowy, density * (C_I * (temperature - T_T) - L_F), 0.0)
    state.snow_age[:] = np.where(snowy, generator.uniform(0.0, 300.0, layers), 0.0)
    state.snow_albedo[:] = np.where(snowy, generator.uniform(0.4, 0.9, COLUMNS), 0.0)
    return state


@pytest.mark.parametrize("canopy", ["gauss", "multilayer"])
@pytest.mark.parametrize("snow_layers", [3, 12])
@settings(max_examples=25, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32 - 1), time_step=st.sampled_from([300.0, 900.0, 1800.0]))
def test_any_weather_and_state_stay_physical(snow_layers, canopy, seed, time_step):
    generator = np.random.default_rng(seed)
    options = ModelOptions(
        snow_layers=snow_layers,
        canopy_radiation=canopy,
        time_step=time_step,
        runoff=("WSAT", "DT92")[seed % 2],
        horton=seed % 4 >= 2,
        threads=1,
    )
    p = random_parameters(generator, options)
    start = random_state(generator, p, options)
    names = ("canopy_resistance", "gpp", "leaf_respiration", "ecosystem_respiration", "snow_fraction", "water_stress")
    request = OutputRequest((*names, "water_residual", "wet_fraction"))
    (state,), (out,) = integrate(p, [start], random_weather(generator, start.tg[0]), options, outputs=[request])

    for name, values in (state.as_dict() | out).items():
        assert np.isfinite(values).all(), name
    state.check(p.w_sat, p.n_water)
    active = np.arange(14)[:, None] < p.n_water
    assert (state.wg[active] >= 0.001 - 1e-12).all()
    surplus = np.where(np.arange(14)[:, None] == 0, DEPOSITED_ICE, 1e-12)
    assert (state.wg + state.wgi <= p.w_sat + surplus)[active].all()
    assert (state.wr >= 0.0).all()
    assert (state.snow_swe >= 0.0).all()
    assert (state.snow_density >= 50.0 - 1e-9).all() and (state.snow_density <= 917.0 + 1e-9).all()
    assert (state.lai >= p.lai_min * (1.0 - 1e-12)).all()
    assert (state.biomass_deep >= 0.0).all()
    assert ((out["canopy_resistance"] >= 1e-4) & (out["canopy_resistance"] <= 5000.0)).all()
    assert (out["gpp"] >= -1e-15).all() and (out["leaf_respiration"] >= 0.0).all()
    for name in ("snow_fraction", "water_stress", "wet_fraction"):
        assert ((out[name] >= 0.0) & (out[name] <= 1.0 + 1e-12)).all(), name
    residual = np.abs(out["water_residual"])
    thirsty = out["water_stress"] == 0.0  # R_s < 5000 s m-1 lets plants transpire a little from no layer (§4.3, 4.9)
    assert residual[~thirsty].max(initial=0.0) < 1e-9
    assert residual[thirsty].max(initial=0.0) < 1e-5 * time_step / 300.0
