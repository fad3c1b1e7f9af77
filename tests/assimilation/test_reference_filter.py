"""The reference filter's twelve windows (`shared/reference/sekf`), recomputed from its stored end states.

Every quantity is the reference program's own output. What remains is rounding: a Jacobian is a difference of two
states of order 0.3 (LAI: 4) over 9e-6 (4e-3), so that one unit in the last place of a state is 1e-11 of it.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ldas.assimilation.analysis import Analysis, analyse
from ldas.assimilation.control import CONTROL
from ldas.assimilation.quality_control import CellObservations, check_observations
from ldas.assimilation.settings import AssimilationSettings, ErrorSettings
from ldas.model.state import State
from tests.assimilation.builders import make_domain, make_state

pytestmark = pytest.mark.reference

PATCHES = ("4", "7", "10")
FRACTIONS = (0.2, 0.5, 0.3)
MISSING = 999.0
SETTINGS = AssimilationSettings(
    strict=True, errors=ErrorSettings(background_wg2=0.4, background_deep=0.2, observation_ssm=0.4, observation_lai=0.2)
)


@pytest.fixture(scope="module")
def windows(shared_reference: Path) -> list[dict[str, Any]]:
    return json.loads((shared_reference / "sekf" / "cycles.json").read_text())


def control(values: dict[str, float]) -> np.ndarray:
    return np.array([[values[f"{name}P{patch}"] for patch in PATCHES] for name in CONTROL])


def state(values: dict[str, float]) -> State:
    made = make_state(control(values))
    made.biomass_leaf[:] = [values[f"BIOMA1P{patch}"] for patch in PATCHES]
    return made


def run(window: dict[str, Any]) -> Analysis:
    domain = make_domain([0, 0, 0], [4, 7, 10], FRACTIONS, clay=0.25, w_sat=0.44)
    start, background, *perturbed = (state(values) for values in (window["x0"], *window["runs"]))
    observed = {kind: np.array([np.nan if v == MISSING else v]) for kind, v in window["obs"].items()}
    observations = CellObservations.on_cells(1, ssm=observed["WG2"], lai=observed["LAI"])
    checked = check_observations(observations, background, domain, SETTINGS, "SSM_LAI")
    return analyse(checked, background, perturbed, start, np.arange(3), domain, SETTINGS)


def table(window: dict[str, Any], form: str, group: str) -> np.ndarray:
    """A (2, 8, column) table of the reference stored under keys such as `dWG2/dLAI`."""
    return np.array(
        [[[window[group][form.format(o=o, v=v)][patch] for patch in PATCHES] for v in CONTROL] for o in ("WG2", "LAI")]
    )


@pytest.mark.parametrize("number", range(12))
def test_strict_mode_reproduces_the_reference(windows: list[dict[str, Any]], number: int) -> None:
    window = windows[number]
    result = run(window)
    fractions = np.array(FRACTIONS)
    np.testing.assert_allclose(fractions * result.jacobian, table(window, "d{o}/d{v}", "HO"), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(result.gain, table(window, "{v}<-{o}", "K"), rtol=1e-10, atol=1e-13)
    raw = np.array([[window["increment"][patch][v] for patch in PATCHES] for v in CONTROL])
    np.testing.assert_allclose(result.increments_raw, raw, rtol=1e-10, atol=1e-15)
    np.testing.assert_allclose(control_of(result.state), control(window["analysed_state"]), rtol=0, atol=4e-15)
    biomass = [window["analysed_state"][f"BIOMA1P{patch}"] for patch in PATCHES]
    # The reference keeps its alpha with more digits than the eight decimals printed in the document.
    np.testing.assert_allclose(result.state.biomass_leaf, biomass, rtol=0, atol=1e-8)
    np.testing.assert_allclose(
        result.background[:, 0], [window["background_obs_equiv"][o] for o in ("WG2", "LAI")], rtol=1e-14
    )


def control_of(analysed: State) -> np.ndarray:
    return np.concatenate([analysed.lai[None], analysed.wg[1:8]])


def test_the_window_without_observations_changes_nothing(windows: list[dict[str, Any]]) -> None:
    window = windows[9]
    assert set(window["obs"].values()) == {MISSING}
    assert run(window).state.equals(state(window["runs"][0]))
