"""One assimilation window in memory: open loop, background, perturbed runs and analysis. No I/O, no dates, no maps.

`ldas.cycle` puts reading and committing around it; a scientist's experiment or a test loops over it directly.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ldas.assimilation.analysis import Analysis, active_columns, analyse, perturbed_starts
from ldas.assimilation.domain import AnalysisDomain
from ldas.assimilation.quality_control import CellObservations, check_observations
from ldas.assimilation.settings import AssimilationSettings, Experiment
from ldas.model.forcing import Forcing
from ldas.model.integrate import integrate
from ldas.model.options import ModelOptions
from ldas.model.parameters import Parameters
from ldas.model.state import State


class Integrator(Protocol):
    """Advances member states over the forcing: `ldas.model.integrate.integrate` here, or the same on other machines."""

    def __call__(
        self, parameters: Parameters, states: Sequence[State], forcing: Forcing, options: ModelOptions
    ) -> list[State]: ...


def integrate_here(
    parameters: Parameters, states: Sequence[State], forcing: Forcing, options: ModelOptions
) -> list[State]:
    """The end states of `integrate` in this process."""
    return integrate(parameters, states, forcing, options)[0]


@dataclass(frozen=True)
class WindowModel:
    """What stays the same from window to window."""

    parameters: Parameters
    domain: AnalysisDomain
    options: ModelOptions
    settings: AssimilationSettings
    experiment: Experiment


@dataclass(frozen=True)
class WindowResult:
    """States at the end of the window; `analysed` starts the next one, `analysis` tells how it came about."""

    open_loop: State
    background: State
    analysed: State
    analysis: Analysis


def run_window(
    model: WindowModel,
    open_loop: State,
    start: State,
    forcing: Forcing,
    observations: CellObservations,
    run: Integrator = integrate_here,
) -> WindowResult:
    """Advance the open loop and the analysis by one window and assimilate what is valid at its end (§2.6).

    `open_loop` and `start` are the states of all columns at the window's start; `observations` hold, on cells, SSM
    rescaled to the open loop's climatology and LAI. Perturbed runs are made only for the columns of cells with a
    usable observation: elsewhere the analysis is the background, bit for bit.
    """
    parameters, domain, options, settings = model.parameters, model.domain, model.options, model.settings
    if start.equals(open_loop):
        (open_loop_end,) = run(parameters, [open_loop], forcing, options)
        background = open_loop_end
    else:
        open_loop_end, background = run(parameters, [open_loop, start], forcing, options)
    checked = check_observations(observations, background, domain, settings, model.experiment)
    columns = active_columns(checked, domain)
    perturbed: list[State] = []
    if len(columns) > 0:
        starts = perturbed_starts(start, columns, domain, settings)
        perturbed = run(parameters.select(columns), starts, forcing.select(columns), options)
    analysis = analyse(checked, background, perturbed, start, columns, domain, settings)
    analysed = analysis.state
    if settings.in_force().update == "window_start" and len(columns) > 0:
        (analysed,) = run(parameters, [analysis.state], forcing, options)
    elif settings.in_force().update == "window_start":
        analysed = background
    return WindowResult(open_loop_end, background, analysed, analysis)
