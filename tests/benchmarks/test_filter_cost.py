"""What a window costs: without observations, with observations everywhere, and the filter's own algebra (prints)."""

import time
from collections.abc import Callable

import numpy as np
import pytest

from ldas.assimilation.analysis import active_columns, analyse, perturbed_starts
from ldas.assimilation.domain import AnalysisDomain
from ldas.assimilation.quality_control import CellObservations, check_observations
from ldas.assimilation.settings import AssimilationSettings
from ldas.model.forcing import Forcing
from ldas.model.state import State
from ldas.window import WindowModel, integrate_here, run_window
from tests.assimilation.small_world import SmallWorld, make_world, warm_start

pytestmark = pytest.mark.benchmark

COPIES, ROUNDS = 30, 3
WINDOW = np.datetime64("2021-06-10T18", "h")


def repeated(world: SmallWorld, start: State) -> tuple[WindowModel, State, Forcing]:
    """The small world many times over: 180 cells, 1080 columns."""
    columns = np.repeat(np.arange(len(world.columns)), COPIES)
    copy = np.tile(np.arange(COPIES), len(world.columns))
    cell = world.domain.cell[columns] + world.domain.cells * copy
    part = world.domain.select(columns)
    cells = {
        name: np.tile(getattr(part, name), COPIES) for name in ("delta_w", "urban_fraction", "water_fraction", "slope")
    }
    domain = AnalysisDomain(**{**vars(part), "cells": world.domain.cells * COPIES, "cell": cell, **cells})
    model = WindowModel(world.parameters.select(columns), domain, world.options, AssimilationSettings(), "SSM_LAI")
    return model, start.select(columns), world.forcing(WINDOW).select(columns)


def shortest(action: Callable[[], object]) -> float:
    """The best of some rounds, s: the others were disturbed."""
    times = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        action()
        times.append(time.perf_counter() - begun)
    return min(times)


def test_cost_of_a_window_in_model_runs(add_row: Callable[..., None]) -> None:
    world = make_world()
    model, start, forcing = repeated(world, warm_start(world, WINDOW))
    # The open loop of a running system has parted from the analysis.
    open_loop = start.copy()
    open_loop.wg[1:8] *= 0.999
    cells = model.domain.cells
    background = integrate_here(model.parameters, [start], forcing, model.options)[0]
    weights = model.domain.observation_weights("all")
    ssm, lai = model.domain.sum_patches(weights * np.stack([background.wg[1], background.lai]))
    nothing = CellObservations.on_cells(cells)
    everywhere = CellObservations.on_cells(cells, ssm=ssm + 0.02, lai=lai * 1.1)
    checked = check_observations(everywhere, background, model.domain, model.settings, "SSM_LAI")
    columns = active_columns(checked, model.domain)
    assert len(columns) == len(model.domain.cell)
    members = integrate_here(
        model.parameters, perturbed_starts(start, columns, model.domain, model.settings), forcing, model.options
    )

    def algebra() -> None:
        check_observations(everywhere, background, model.domain, model.settings, "SSM_LAI")
        perturbed_starts(start, columns, model.domain, model.settings)
        analyse(checked, background, members, start, columns, model.domain, model.settings)

    one = shortest(lambda: integrate_here(model.parameters, [start], forcing, model.options))
    without = shortest(lambda: run_window(model, open_loop, start, forcing, nothing))
    full = shortest(lambda: run_window(model, open_loop, start, forcing, everywhere))
    own = shortest(algebra)
    part = f"window of {len(columns)} columns"
    add_row(part, "one model run, 288 steps", f"{one:.3f} s")
    add_row(part, "without observations", f"{without / one:.2f} model runs", "2.2")
    add_row(part, "observed everywhere", f"{full / one:.2f} model runs", "10.5")
    add_row(part, "filter algebra", f"{100 * own / full:.2f} %", "2 %")
