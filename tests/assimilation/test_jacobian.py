"""Finite differences and what is accepted of them."""

import numpy as np
import pytest

from ldas.assimilation.jacobian import check_jacobian, finite_differences, frozen_columns, lift_lai_floor
from ldas.assimilation.settings import JacobianSettings
from tests.assimilation.builders import linear_members, make_domain, make_state

DOMAIN = make_domain([0, 0], [4, 7], [0.5, 0.5])
STATE = make_state(np.array([[2.0, 3.0], *[[0.2, 0.3]] * 7]))


def test_differences_of_a_linear_model_are_its_matrix() -> None:
    jacobian = np.random.default_rng(0).normal(0.0, 0.5, (2, 8, 2))
    sizes = np.stack([1e-3 * STATE.lai, *[1e-4 * DOMAIN.column_delta_w] * 7])
    found = finite_differences(STATE, linear_members(STATE, STATE, jacobian, DOMAIN), sizes)
    np.testing.assert_allclose(found, jacobian, atol=1e-10)


def test_no_perturbation_gives_zero_not_infinity() -> None:
    members = [STATE.copy() for _ in range(8)]
    assert not finite_differences(STATE, members, np.zeros((8, 2))).any()


@pytest.mark.parametrize(
    ("row", "variable", "value", "reason"),
    [
        (0, 1, 1.6, "wg2_by_wg"),
        (0, 7, -1.6, "wg2_by_wg"),
        (1, 0, -0.3, "lai_by_lai"),
        (1, 0, 3.1, "lai_by_lai"),
        (1, 4, 51.0, "lai_by_wg"),
        (0, 0, -0.11, "wg2_by_lai"),
        (0, 3, np.nan, "not_finite"),
        (1, 5, np.inf, "not_finite"),
    ],
)
def test_a_value_beyond_its_limit_clears_its_row_of_the_column(
    row: int, variable: int, value: float, reason: str
) -> None:
    jacobian = np.full((2, 8, 2), 0.05)
    jacobian[row, variable, 1] = value
    checked, rejected, counts = check_jacobian(jacobian, JacobianSettings())
    assert counts.pop(reason) == 1 and not any(counts.values())
    assert not checked[row, :, 1].any()
    np.testing.assert_array_equal(checked[:, :, 0], 0.05)
    np.testing.assert_array_equal(checked[1 - row], 0.05)
    assert rejected.sum() == 1 and rejected[row, 1]


def test_switched_off_limits_still_refuse_what_is_not_finite() -> None:
    jacobian = np.full((2, 8, 2), 99.0)
    jacobian[0, 0, 0] = np.nan
    checked, rejected, counts = check_jacobian(jacobian, JacobianSettings(check=False))
    assert counts["not_finite"] == 1 and rejected.sum() == 1
    assert (checked[1] == 99.0).all() and not checked[0, :, 0].any()


@pytest.mark.parametrize(("layer", "frozen"), [(0, True), (2, True), (3, False)])
def test_ice_in_the_upper_layers_of_any_run_freezes_a_column(layer: int, frozen: bool) -> None:
    member = STATE.copy()
    member.wgi[layer, 1] = 1e-6
    np.testing.assert_array_equal(frozen_columns([STATE, STATE, member], 3), [False, frozen])


def test_floor_of_a_blind_patch_needs_minimum_lai_and_a_positive_innovation() -> None:
    lai, lai_min = np.array([0.3, 0.3, 0.8, 0.3]), np.full(4, 0.3)
    innovation, elements = np.array([0.5, -0.5, 0.5, 0.5]), np.array([True, True, True, False])
    lifted = lift_lai_floor(np.zeros((2, 8, 4)), lai, lai_min, innovation, elements, 0.5)
    np.testing.assert_array_equal(lifted[1, 0], [0.5, 0.0, 0.0, 0.0])
    assert np.count_nonzero(lifted) == 1
