"""Algebra of the filter: closed form against a library, limits, symmetry, persistence (§7.5 items 5 to 10)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldas.assimilation.domain import AnalysisDomain
from ldas.assimilation.sekf import Solution, background_covariance, bound_increments, solve, water_added
from ldas.assimilation.settings import BoundSettings
from ldas.errors import InputError
from tests.assimilation.builders import make_domain

CELL = [0, 1, 0, 1, 1]
DOMAIN = make_domain(CELL, [4, 4, 7, 7, 10], [0.3, 0.5, 0.7, 0.2, 0.3])
BOTH = np.ones((2, 2), bool)


def random_case(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """h (2, 8, column), b (8, column), r and d (2, cell) of realistic sizes."""
    random = np.random.default_rng(seed)
    h = DOMAIN.fraction * random.normal(0.0, 0.3, (2, 8, len(CELL)))
    b = random.uniform(0.2, 1.0, (8, len(CELL))) * np.array([0.25, *[3e-4] * 7])[:, None]
    r = random.uniform(0.5, 1.0, (2, 2)) * np.array([[2e-3], [0.1]])
    return h, b, r, random.normal(0.0, 1.0, (2, 2)) * np.array([[0.05], [0.5]])


def run(h: np.ndarray, b: np.ndarray, r: np.ndarray, d: np.ndarray, used: np.ndarray = BOTH) -> Solution:
    return solve(h, b, background_covariance(h, b, DOMAIN), r, d, used, DOMAIN)


def matrices(h: np.ndarray, b: np.ndarray, cell: int) -> tuple[np.ndarray, np.ndarray]:
    """H (2, n) and B (n, n) of one cell."""
    mine = DOMAIN.cell == cell
    return h[:, :, mine].reshape(2, -1), np.diag(b[:, mine].reshape(-1))


@given(st.integers(0, 2**32))
def test_closed_form_equals_the_library(seed: int) -> None:
    h, b, r, d = random_case(seed)
    solution = run(h, b, r, d)
    for cell in (0, 1):
        big_h, big_b = matrices(h, b, cell)
        s = big_h @ big_b @ big_h.T + np.diag(r[:, cell])
        gain = big_b @ big_h.T @ np.linalg.inv(s)
        mine = DOMAIN.cell == cell
        np.testing.assert_allclose(solution.gain[:, :, mine].reshape(2, -1).T, gain, rtol=1e-11, atol=1e-14)
        np.testing.assert_allclose(solution.increments[:, mine].reshape(-1), gain @ d[:, cell], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(solution.z[:, cell], np.linalg.solve(s, d[:, cell]), rtol=1e-12)
        np.testing.assert_allclose(solution.chi_square[cell], d[:, cell] @ np.linalg.solve(s, d[:, cell]), rtol=1e-12)
        np.testing.assert_allclose(solution.degrees_of_freedom[:, cell], np.diag(big_h @ gain), rtol=1e-11)


@pytest.mark.parametrize("missing", [0, 1])
def test_a_dropped_observation_equals_a_zero_row(missing: int) -> None:
    h, b, r, d = random_case(1)
    used = BOTH.copy()
    used[missing] = False
    dropped = run(h, b, r, d, used)
    h[missing], d[missing], r[missing] = 0.0, 0.0, 1.0
    padded = run(h, b, r, d)
    np.testing.assert_allclose(dropped.increments, padded.increments, rtol=4e-16, atol=0)
    np.testing.assert_array_equal(dropped.gain[missing], 0.0)
    np.testing.assert_array_equal(dropped.z[missing], 0.0)
    np.testing.assert_array_equal(dropped.degrees_of_freedom[missing], 0.0)


@pytest.mark.parametrize("missing", [0, 1])
def test_values_of_a_missing_observation_do_not_matter(missing: int) -> None:
    h, b, r, d = random_case(2)
    used = BOTH.copy()
    used[missing] = False
    first = run(h, b, r, d, used)
    r[missing], d[missing] = np.nan, np.nan
    second = run(h, b, r, d, used)
    np.testing.assert_array_equal(first.increments, second.increments)


def test_no_observation_gives_no_increment() -> None:
    h, b, r, d = random_case(3)
    solution = run(h, b, r, d, np.zeros((2, 2), bool))
    assert not solution.increments.any() and not solution.gain.any() and not solution.chi_square.any()


def test_dot_product() -> None:
    """<H u, w> = <u, H^T w>: guards indexing of cells and columns."""
    h, _, _, _ = random_case(4)
    random = np.random.default_rng(4)
    u, w = random.normal(size=(8, len(CELL))), random.normal(size=(2, 2))
    forward = DOMAIN.sum_patches((h * u).sum(axis=1))
    backward = (h * w[:, DOMAIN.cell][:, None, :]).sum(axis=0)
    assert abs((forward * w).sum() - (u * backward).sum()) < 1e-12


def test_infinite_observation_error_gives_nothing() -> None:
    h, b, r, d = random_case(5)
    np.testing.assert_allclose(run(h, b, 1e30 * r, d).increments, 0.0, atol=1e-28)


def test_perfect_observation_is_met() -> None:
    h, b, r, d = random_case(6)
    increments = run(h, b, 1e-12 * r, d).increments
    np.testing.assert_allclose(DOMAIN.sum_patches((h * increments).sum(axis=1)), d, rtol=1e-6)


def zero_lag(domain: AnalysisDomain) -> np.ndarray:
    """J of a model of no steps: each observed quantity answers to itself only."""
    jacobian = np.zeros((2, 8, len(domain.cell)))
    jacobian[0, 1] = jacobian[1, 0] = 1.0
    return jacobian


def test_zero_lag_gain() -> None:
    _, b, r, d = random_case(7)
    solution = run(DOMAIN.fraction * zero_lag(DOMAIN), b, r, d)
    f = DOMAIN.fraction
    for row, variable in ((0, 1), (1, 0)):
        denominator = (DOMAIN.sum_patches(b[variable] * f**2) + r[row])[DOMAIN.cell]
        np.testing.assert_allclose(solution.gain[row, variable], b[variable] * f / denominator, rtol=1e-12)
        assert not np.delete(solution.gain[row], variable, axis=0).any()


def test_persistence_converges_geometrically_to_the_observation() -> None:
    _, b, r, _ = random_case(8)
    h, y = DOMAIN.fraction * zero_lag(DOMAIN), np.array([[0.3, 0.25], [2.0, 3.0]])
    x = np.zeros((8, len(CELL)))
    departures = []
    for _ in range(60):
        d = y - DOMAIN.sum_patches((h * x).sum(axis=1))
        departures.append(d)
        x = x + run(h, b, r, d).increments
    ratios = np.array(departures[1:21]) / np.array(departures[:20])
    assert ((ratios > 0.0) & (ratios < 1.0)).all()
    np.testing.assert_allclose(ratios, np.broadcast_to(ratios[0], ratios.shape), rtol=1e-6)
    assert (np.abs(departures[-1]) < np.abs(departures[0]) * ratios[0] ** 58).all()


def test_patch_of_fraction_zero_gets_nothing() -> None:
    h, b, r, d = random_case(9)
    h[:, :, 2] = 0.0
    solution = run(h, b, r, d)
    assert not solution.gain[:, :, 2].any() and not solution.increments[:, 2].any()


@pytest.mark.parametrize(("variance", "part"), [(-1e-6, "b"), (np.nan, "b"), (0.0, "r"), (-0.1, "r"), (np.nan, "r")])
def test_impossible_variances_are_refused(variance: float, part: str) -> None:
    h, b, r, d = random_case(10)
    {"b": b, "r": r}[part][0, 0] = variance
    with pytest.raises(InputError, match="variances"):
        run(h, b, r, d)


ELEMENTS = np.ones((8, 3), bool)


def bound(increments: np.ndarray, forecast: np.ndarray, **settings: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    w_max = np.full((7, 3), 0.40)
    return bound_increments(increments, forecast, np.array([0.3, 1.0, 0.3]), w_max, ELEMENTS, BoundSettings(**settings))


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_huge_increments_stay_inside_and_are_counted(sign: float) -> None:
    forecast = np.stack(
        [np.r_[1.2, np.full(7, 0.05)], np.r_[1.5, np.full(7, 0.2)], np.r_[5.0, np.full(7, 0.39)]], axis=1
    )
    bounded, limited, _ = bound(np.full((8, 3), sign * 9.0), forecast)
    analysed = forecast + bounded
    assert (analysed[0] >= [0.3, 1.0, 0.3]).all() and (np.abs(bounded[0]) <= 1.0).all()
    assert (analysed[1:] >= 0.001 - 1e-17).all() and (analysed[1:] <= 0.40 + 1e-16).all()
    assert (np.abs(bounded[1:]) <= 0.1).all()
    assert limited.all()


def test_lower_bound_of_water_is_not_the_wilting_point() -> None:
    forecast = np.full((8, 3), 0.05)
    bounded, limited, _ = bound(np.full((8, 3), -0.045), forecast)
    np.testing.assert_array_equal(bounded[1:], -0.045)
    assert not limited[1:].any()


@pytest.mark.parametrize(("reapply", "expected"), [(True, -0.2), (False, -0.1)])
def test_a_forecast_beyond_its_bound_returns_inside_only_if_reapplied(reapply: bool, expected: float) -> None:
    forecast = np.full((8, 3), 0.6)
    bounded, _, _ = bound(np.zeros((8, 3)), forecast, reapply=reapply)
    np.testing.assert_allclose(bounded[1:], expected, rtol=1e-12)


def test_small_increments_pass_unchanged() -> None:
    forecast = np.full((8, 3), 2.0)
    forecast[1:] = 0.2
    increments = np.full((8, 3), 1e-3)
    bounded, limited, largest = bound(increments, forecast)
    np.testing.assert_array_equal(bounded, increments)
    assert not limited.any() and not largest.any()


def test_elements_outside_the_mask_stay_zero() -> None:
    elements = ELEMENTS.copy()
    elements[3, 1] = False
    bounded, limited, _ = bound_increments(
        np.full((8, 3), 1e-3), np.full((8, 3), 0.35), np.full(3, 0.3), np.full((7, 3), 0.4), elements, BoundSettings()
    )
    assert bounded[3, 1] == 0.0 and not limited[3, 1]


def test_water_added_of_one_per_cent_over_the_root_zone() -> None:
    increments = np.zeros((8, len(CELL)))
    increments[1:] = 0.01
    thickness = np.array([0.03, 0.06, 0.10, 0.20, 0.20, 0.20, 0.20])
    np.testing.assert_allclose(water_added(increments, thickness, DOMAIN), 9.9, rtol=1e-12)
