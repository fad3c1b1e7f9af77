"""The reference filter's twelve windows (`shared/reference/sekf`), recomputed from its stored end states.

Every quantity is the reference program's own output. What remains is rounding: a Jacobian is a difference of two
states of order 0.3 (LAI: 4) over 9e-6 (4e-3), so that one unit in the last place of a state is 1e-11 of it.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ldas.assimilation.analysis import Analysis, analyse
from ldas.assimilation.control import control_values
from ldas.assimilation.quality_control import check_observations
from ldas.model.state import State
from tests.assimilation.builders import make_domain, make_state
from tests.assimilation.reference_windows import (
    CLAY,
    FRACTIONS,
    MISSING,
    PATCHES,
    SETTINGS,
    control,
    increments,
    observations,
    read_windows,
    table,
    values,
)

pytestmark = pytest.mark.reference


@pytest.fixture(scope="module")
def windows(shared_reference: Path) -> list[dict[str, Any]]:
    return read_windows(shared_reference / "sekf")


def state(stored: dict[str, float]) -> State:
    made = make_state(control(stored))
    made.biomass_leaf[:] = values(stored, "BIOMA1")
    return made


def run(window: dict[str, Any]) -> Analysis:
    domain = make_domain([0, 0, 0], PATCHES, FRACTIONS, clay=CLAY, w_sat=0.445705)
    start, background, *perturbed = (state(stored) for stored in (window["x0"], *window["runs"]))
    checked = check_observations(observations(window), background, domain, SETTINGS, "SSM_LAI")
    return analyse(checked, background, perturbed, start, np.arange(3), domain, SETTINGS)


@pytest.mark.parametrize("number", range(12))
def test_strict_mode_reproduces_the_reference(windows: list[dict[str, Any]], number: int) -> None:
    window = windows[number]
    result = run(window)
    analysed = window["analysed_state"]
    jacobian = np.array(FRACTIONS) * result.jacobian
    np.testing.assert_allclose(jacobian, table(window, "d{o}/d{v}", "HO"), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(result.gain, table(window, "{v}<-{o}", "K"), rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(result.increments_raw, increments(window), rtol=1e-10, atol=1e-15)
    np.testing.assert_allclose(control_values(result.state), control(analysed), rtol=0, atol=4e-15)
    # The reference keeps its alpha with more digits than the eight decimals printed in the document.
    np.testing.assert_allclose(result.state.biomass_leaf, values(analysed, "BIOMA1"), rtol=0, atol=1e-8)
    equivalents = [window["background_obs_equiv"][kind] for kind in ("WG2", "LAI")]
    np.testing.assert_allclose(result.background[:, 0], equivalents, rtol=1e-14)


def test_the_window_without_observations_changes_nothing(windows: list[dict[str, Any]]) -> None:
    window = windows[9]
    assert set(window["obs"].values()) == {MISSING}
    assert run(window).state.equals(state(window["runs"][0]))
