"""The model and the filter together against the reference's twelve windows (`shared/reference/sekf`).

Noise floor. Our end states differ from the stored ones by rounding only: at most 4e-14 of the maximum (ANDAY 4e-13),
that is some 1e-14 m3 m-3. A Jacobian divides the difference of two such states by the perturbation of 9e-6 m3 m-3 (LAI:
4e-3 m2 m-2), which makes 1e-9 of it; 3e-10 is found, and through the gain 6e-12 m3 m-3 in an increment. Another
compiler or processor rounds elsewhere; the tolerances leave a factor of ten and more for it.
"""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from ldas.assimilation.analysis import Analysis, analyse, perturbed_starts
from ldas.assimilation.control import LAYERS, control_values
from ldas.assimilation.domain import AnalysisDomain
from ldas.assimilation.quality_control import check_observations
from ldas.model.integrate import integrate
from ldas.model.state import State
from tests.assimilation.reference_windows import (
    FRACTIONS,
    OPTIONS,
    SETTINGS,
    control,
    increments,
    observations,
    read_domain,
    read_first_state,
    read_parameters,
    read_weather,
    read_windows,
    table,
    values,
)

pytestmark = pytest.mark.reference

STORED = {
    **{f"WG{layer}": ("wg", layer - 1) for layer in range(1, 9)},
    "WGI2": ("wgi", 1),
    "TG1": ("tg", 0),
    "TG2": ("tg", 1),
    "LAI": ("lai", None),
    "WR": ("wr", None),
    "BIOMA1": ("biomass_leaf", None),
    "BIOMA2": ("biomass_structural", None),
    "BIOMA3": ("biomass_deep", None),
    "ANDAY": ("assimilation_day", None),
    "ANFM": ("assimilation_max", None),
    "RESPI2": ("respiration_structural", None),
    "RESPI3": ("respiration_deep", None),
}
ALL = np.arange(3)


class Window(NamedTuple):
    """One window: the reference's numbers, our nine runs and our analysis of them."""

    stored: dict[str, Any]
    ends: list[State]
    analysis: Analysis


def run_window(domain: AnalysisDomain, folder: Path, number: int, start: State, stored: dict[str, Any]) -> Window:
    parameters = read_parameters(folder)
    members = [start, *perturbed_starts(start, ALL, domain, SETTINGS)]
    ends, _ = integrate(parameters, members, read_weather(folder, number), OPTIONS)
    checked = check_observations(observations(stored), ends[0], domain, SETTINGS, "SSM_LAI")
    return Window(stored, ends, analyse(checked, ends[0], ends[1:], start, ALL, domain, SETTINGS))


@pytest.fixture(scope="module")
def folder(shared_reference: Path) -> Path:
    return shared_reference / "sekf"


@pytest.fixture(scope="module")
def from_the_references_starts(folder: Path) -> list[Window]:
    """Each window starts from our control run with the reference's analysed control values."""
    parameters = read_parameters(folder)
    domain, state, windows = read_domain(parameters), read_first_state(folder, parameters), []
    for number, stored in enumerate(read_windows(folder)):
        state.lai[:], state.wg[LAYERS] = control(stored["x0"])[0], control(stored["x0"])[1:]
        state.biomass_leaf[:] = values(stored["x0"], "BIOMA1")
        windows.append(run_window(domain, folder, number, state, stored))
        state = windows[-1].ends[0].copy()
    return windows


@pytest.fixture(scope="module")
def chained(folder: Path) -> list[Window]:
    """Each window starts from our own analysis of the one before."""
    parameters = read_parameters(folder)
    domain, state, windows = read_domain(parameters), read_first_state(folder, parameters), []
    for number, stored in enumerate(read_windows(folder)):
        windows.append(run_window(domain, folder, number, state, stored))
        state = windows[-1].analysis.state
    return windows


def ours(state: State, name: str) -> np.ndarray:
    field, layer = STORED[name]
    array = getattr(state, field)
    return array if layer is None else array[layer]


@pytest.mark.parametrize("name", STORED)
def test_nine_end_states_of_every_window(from_the_references_starts: list[Window], name: str) -> None:
    expected = np.array([[values(run, name) for run in w.stored["runs"]] for w in from_the_references_starts])
    found = np.array([[ours(end, name) for end in w.ends] for w in from_the_references_starts])
    scale = max(np.abs(expected).max(), 1e-12)
    assert np.abs(found - expected).max() < 1e-11 * scale


def test_jacobians(from_the_references_starts: list[Window]) -> None:
    fractions = np.array(FRACTIONS)
    for w in from_the_references_starts:
        expected = table(w.stored, "d{o}/d{v}", "HO")
        np.testing.assert_allclose(fractions * w.analysis.jacobian, expected, rtol=1e-9, atol=1e-8)


def test_gains_and_increments(from_the_references_starts: list[Window]) -> None:
    for w in from_the_references_starts:
        expected = table(w.stored, "{v}<-{o}", "K")
        np.testing.assert_allclose(w.analysis.gain, expected, rtol=1e-9, atol=5e-9)
        np.testing.assert_allclose(w.analysis.increments_raw, increments(w.stored), rtol=1e-9, atol=2e-10)


def test_a_chain_of_our_own_analyses_stays_with_the_reference(chained: list[Window]) -> None:
    for w in chained:
        analysed = w.stored["analysed_state"]
        np.testing.assert_allclose(control_values(w.analysis.state), control(analysed), rtol=1e-9)
        np.testing.assert_allclose(w.analysis.state.biomass_leaf, values(analysed, "BIOMA1"), rtol=1e-9)
