"""Where the time of a step goes: nanoseconds per column of each process, beside the budget of the kernel document §4.

Each kernel is repeated alone on a block of 256 columns as a run left it, so sums are a little below a whole step. A
plain exponential, 0.34 ns in the document, tells how busy the machine is. Run with
`pytest tests/benchmarks/test_process_profile.py -m benchmark -s`.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numba import njit

from ldas.model.block_run import run_block
from ldas.model.energy import add_fluxes, prepare_budget, prepare_humidity, solve_temperatures, spread_snow_flux
from ldas.model.exchange import prepare_exchange
from ldas.model.fastmath import exp
from ldas.model.forcing import FIELDS
from ldas.model.hand_over import drive_canopy, set_sinks
from ldas.model.integrate import pack_state, start_reference, stretch_of
from ldas.model.interception import intercept, wet_leaves
from ldas.model.kernel import kernel
from ldas.model.options import ModelOptions
from ldas.model.outputs import make_collector
from ldas.model.patch_fluxes import latent_heat
from ldas.model.photosynthesis import CanopyAir, assimilate_gauss
from ldas.model.respiration import respire
from ldas.model.runoff import subgrid_runoff
from ldas.model.snow import advance_snow, find_snow
from ldas.model.snow_cover import cover_with_snow
from ldas.model.soil_heat import diagnose_deep_water, set_soil_heat
from ldas.model.soil_ice import freeze_soil
from ldas.model.soil_water import bound_water, infiltrate, move_water, pay_deficit, set_hydraulics, set_vapour
from ldas.model.water_stress import stress_roots
from ldas.model.weather import interpolate
from ldas.model.workspace import (
    SURFACE_ROWS,
    block_parameters,
    make_workspace,
    step_options,
    view_exchange,
    view_state,
    view_surface,
)
from tests.benchmarks.test_model_speed import mixed_parameters, spring_weather, start_state

pytestmark = pytest.mark.benchmark

BLOCK, REPEATS = 256, 150
SNOW = "snow, all columns"


@kernel
def exponentials(x, y):
    """One exponential a column."""
    for i in range(x.shape[0]):
        y[i] = exp(x[i])


def nanoseconds(function: Callable[..., Any], *arguments: Any) -> float:
    """Best time per column of one call of a compiled function, without the cost of calling it from Python."""

    @njit(error_model="numpy")
    def repeat(times, arguments):  # type: ignore[no-untyped-def]
        for _ in range(times):
            function(*arguments)

    repeat(1, arguments)
    best = np.inf
    for _ in range(15):
        begin = time.perf_counter()
        repeat(REPEATS, arguments)
        best = min(best, time.perf_counter() - begin)
    return 1.0e9 * best / (REPEATS * BLOCK)


@pytest.mark.parametrize("snowy", [False, True])
def test_profile(snowy: bool, add_row: Callable[..., None]) -> None:
    options = ModelOptions(threads=1)
    everything = mixed_parameters(options)
    chosen = np.flatnonzero(everything.patch == 7)[:BLOCK]
    parameters = everything.select(chosen)
    temperature = 268.0 if snowy else 290.0
    weather = spring_weather(temperature).select(chosen)
    state = start_state(everything, options, temperature, 1.0 if snowy else 0.0).select(chosen)
    constants = block_parameters(parameters, options)
    step = step_options(options, 2.0, 10.0, False)
    work = make_workspace(BLOCK, options.snow_layers, constants.grid, len(FIELDS))
    noon = 12 * 12
    stretch = stretch_of(weather, options, 0, 24 * 12)
    start_reference(parameters, [state], stretch, constants.leaf, weather.cell, 0, 2.0, options)
    rows = pack_state(state)[None]
    surfaces = np.zeros((1, SURFACE_ROWS, BLOCK))
    collector = make_collector((), noon, 1, BLOCK, options.snow_layers)
    begin = (constants, step, work, stretch, weather.cell, rows, surfaces, options.snow_layers)
    run_block(*begin, 0, noon, 0, collector)
    whole = rows.copy()
    start = time.perf_counter()
    run_block(
        constants, step, work, stretch, weather.cell, whole, surfaces, options.snow_layers, noon, noon, 0, collector
    )
    in_step = 1.0e9 * (time.perf_counter() - start) / (noon * BLOCK)

    now = view_state.py_func(rows[0], options.snow_layers)
    surface = view_surface.py_func(surfaces[0])
    exchange = view_exchange.py_func(surfaces[0])
    grid, soil, heat, cover, budget, water = (
        constants.grid,
        constants.soil,
        work.heat,
        work.cover,
        work.budget,
        work.water,
    )
    air = CanopyAir(
        now.tg[0],
        work.deficit,
        work.weather.rho,
        work.weather.co2,
        work.weather.sw,
        work.weather.zenith,
        work.weather.cos_zenith,
        work.f2,
        work.exposed,
        now.lai,
    )
    h = options.time_step
    processes: dict[str, list[tuple[Any, ...]]] = {
        "weather": [
            (
                interpolate,
                work.before,
                work.after,
                0.5,
                stretch.suns[noon],
                constants.place,
                work.sun_mean,
                False,
                2.0,
                10.0,
                False,
                work.weather,
            )
        ],
        "snow cover, roughness": [
            (cover_with_snow, now.snow_swe, now.snow_density, surface.veg, surface.z0, cover),
            (prepare_exchange, surface.z0, cover.p_sn, 2.0, 10.0, exchange),
            (find_snow, now.snow_swe, work.weather.snow, work.snow_index),
        ],
        "thermal properties": [
            (diagnose_deep_water, grid, soil, now.tg, now.wg, now.wgi, heat.psi_below),
            (set_soil_heat, grid, soil, now.wg, now.wgi, now.wr, surface.veg, constants.c_v, heat),
        ],
        "water stress, wet leaves": [
            (stress_roots, grid, soil, constants.root_fraction, now.wg, work.f2_layer, work.f2),
            (
                wet_leaves,
                now.wr,
                surface.veg,
                now.lai,
                constants.c_wr,
                exchange.z0_effective,
                work.wr_max,
                work.delta,
            ),
        ],
        "canopy": [
            (
                drive_canopy,
                work.weather,
                now.tg[0],
                now.le,
                now.resa,
                work.delta,
                cover.p_snv,
                work.deficit,
                work.exposed,
            ),
            (assimilate_gauss, constants.leaf, air, h, work.canopy, now.assimilation_day, now.assimilation_max),
        ],
        "surface budget": [
            (
                spread_snow_flux,
                grid,
                heat,
                cover.p_sn,
                work.snow.ground,
                work.snow.correction,
                h,
                budget.spread,
                work.base_flux,
            ),
            (prepare_humidity, soil, now.wg, now.wgi, budget),
            (
                prepare_budget,
                grid,
                work.weather,
                surface,
                cover,
                exchange,
                heat,
                heat.c_g,
                work.canopy.r_s,
                work.f2,
                now.wr,
                h,
                h,
                2.0,
                10.0,
                work.delta,
                now.resa,
                now.tg.copy(),
                work.base_flux,
                budget,
            ),
            (add_fluxes, work.weather, surface, cover, now.tg, 1.0, True, budget, work.fluxes),
        ],
        "soil temperatures": [
            (
                solve_temperatures,
                grid,
                heat,
                work.base_flux,
                h,
                budget.gamma,
                budget.near_ratio,
                budget.near_t,
                budget.ratio,
                now.tg.copy(),
            )
        ],
        "interception, runoff": [
            (
                intercept,
                work.weather.rain,
                cover.p_sn,
                surface.veg,
                work.wr_max,
                work.fluxes,
                h,
                now.wr.copy(),
                work.supply,
            ),
            (
                set_sinks,
                work.fluxes,
                work.snow,
                work.f2,
                work.supply,
                work.extraction,
                work.evaporation,
                work.sublimation,
            ),
            (
                subgrid_runoff,
                constants.runoff,
                0.5,
                now.wg,
                now.wgi,
                h,
                np.full(BLOCK, 1.0e-4),
                work.mean_water,
                work.out.runoff,
            ),
        ],
        "soil water": [
            (infiltrate, grid, soil, work.supply, h, now.wg.copy(), now.wgi, water, work.overflow),
            (pay_deficit, grid, work.supply, work.snow.deficit, now.wg, water),
            (set_hydraulics, grid, soil, now.wg, water),
            (
                move_water,
                grid,
                soil,
                work.f2_layer,
                work.extraction,
                work.evaporation,
                False,
                h,
                now.wg.copy(),
                water,
                work.drained,
            ),
            (bound_water, grid, now.wg.copy(), water, work.drained),
        ],
        "vapour": [(set_vapour, grid, soil, work.weather.p_s, now.tg, work.tg_start, now.wg, now.wgi, water)],
        "freezing": [
            (
                freeze_soil,
                grid,
                soil,
                heat,
                surface.veg,
                now.lai,
                work.sublimation,
                h,
                now.tg.copy(),
                now.wg.copy(),
                now.wgi.copy(),
                water.carry,
                work.drained,
            )
        ],
        "patch fluxes, respiration": [
            (latent_heat, work.fluxes, cover, work.snow.latent, now.le),
            (
                respire,
                constants.respiration,
                constants.weights,
                now.tg,
                now.wg,
                (now.lai, now.biomass_structural, now.biomass_deep),
                h,
                False,
                work.canopy.r_leaf,
                (now.respiration_structural.copy(), now.respiration_deep.copy()),
                work.respiration,
                work.t_1m,
                work.moisture,
            ),
        ],
    }
    if snowy:
        processes[SNOW] = [
            (
                advance_snow,
                work.snow_weather,
                work.snow_surface,
                work.snow_pack,
                work.snow_work,
                work.snow_fluxes,
                BLOCK,
                h,
                2.0,
                10.0,
            )
        ]
    x = np.linspace(-5.0, 5.0, BLOCK)
    part = "processes, snow" if snowy else "processes, no snow"
    alone = nanoseconds(exponentials, x, np.empty(BLOCK))
    add_row(part, "an exponential alone", f"{alone:.2f} ns", "0.34 ns")
    total = 0.0
    for name, calls in processes.items():
        cost = sum(nanoseconds(*call) for call in calls)
        total += cost
        add_row(part, name, f"{cost:.1f} ns", "200 ns" if name == SNOW else "")
    add_row(part, "sum of processes", f"{total:.0f} ns", "" if snowy else "200 ns")
    add_row(part, "whole step", f"{in_step:.0f} ns")
