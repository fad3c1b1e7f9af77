"""The two worked examples of the method document (§2.10, §2.11) to their printed six digits."""

import numpy as np
import pytest

from ldas.assimilation.analysis import Analysis, analyse
from ldas.assimilation.quality_control import CellObservations, check_observations
from ldas.assimilation.settings import AssimilationSettings, BiomassSettings, Experiment
from tests.assimilation.builders import linear_members, make_domain, make_state

SIX_DIGITS = 6e-6
SETTINGS = AssimilationSettings(biomass=BiomassSettings(ratio="reference"))
# fmt: off
EXAMPLE_A = np.array([
    # x_f,          J_SSM,           J_LAI,         joint dx,                     SSM only,                  LAI only
    [2.500, 1.500, -0.010, -0.006, 0.97, 0.99, -0.356426, -0.150654, -0.0270357, -0.00692113, -0.342806, -0.149280],
    [0.210, 0.240, 0.45, 0.40, 0.02, 0.01, 5.71954e-3, 3.39827e-3, 6.12595e-3, 3.63019e-3, -3.55902e-5, -1.18634e-5],
    [0.220, 0.245, 0.20, 0.18, 0.05, 0.03, 6.17843e-4, 3.75002e-4, 6.80661e-4, 4.08397e-4, -2.22439e-5, -8.89756e-6],
    [0.230, 0.250, 0.08, 0.09, 0.15, 0.10, 1.91289e-4, 1.63157e-4, 2.72264e-4, 2.04198e-4, -6.67317e-5, -2.96585e-5],
    [0.240, 0.255, 0.03, 0.04, 0.40, 0.25, -7.59411e-5, 1.36433e-5, 1.02099e-4, 9.07548e-5, -1.77951e-4, -7.41463e-5],
    [0.250, 0.260, .010, .015, 0.30, 0.35, -9.69135e-5, -6.82736e-5, 3.40330e-5, 3.40330e-5, -1.33463e-4, -1.03805e-4],
    [0.255, 0.265, .003, .005, 0.12, 0.25, -4.19620e-5, -6.09444e-5, 1.02099e-5, 1.13443e-5, -5.33854e-5, -7.41463e-5],
    [0.260, 0.270, .001, .002, 0.05, 0.15, -1.82833e-5, -3.86977e-5, 3.40330e-6, 4.53774e-6, -2.22439e-5, -4.44878e-5],
])
GAIN_A = np.array([
    [-0.382478, -0.038579, 0.683784, 0.298375], [0.161615, 0.095763, 8.43673e-4, 4.81458e-4],
    [0.0179749, 0.0107806, 1.30405e-4, 6.93247e-5], [7.24573e-3, 5.41463e-3, 1.68097e-4, 8.51981e-5],
    [2.86464e-3, 2.46530e-3, 3.69595e-4, 1.60076e-4], [1.02639e-3, 9.97787e-4, 2.71833e-4, 2.12379e-4],
    [3.20790e-4, 3.70736e-4, 1.08304e-4, 1.50065e-4], [1.11221e-4, 1.62597e-4, 4.50194e-5, 8.97528e-5],
])
EXAMPLE_B = np.array([  # J_LAI, x_f, K, dx raw of the second patch
    [0.98, 5.00, 2.10668, -2.69655], [0.005, 0.13, 1.26241e-5, -1.61589e-5], [0.02, 0.14, 1.26241e-5, -1.61589e-5],
    [0.08, 0.15, 5.04966e-5, -6.46356e-5], [0.20, 0.16, 1.26241e-4, -1.61589e-4], [0.30, 0.17, 1.89362e-4, -2.42383e-4],
    [0.25, 0.18, 1.57802e-4, -2.01986e-4], [0.18, 0.19, 1.13617e-4, -1.45430e-4],
])
# fmt: on


def analyse_a(experiment: Experiment) -> Analysis:
    # Patches 7 and 4 carry the example's alpha.
    domain = make_domain([0, 0], [7, 4], [0.6, 0.4])
    end = make_state(EXAMPLE_A[:, 0:2])
    jacobian = np.stack([EXAMPLE_A[:, 2:4], EXAMPLE_A[:, 4:6]])
    observations = CellObservations.on_cells(1, ssm=np.array([0.260]), lai=np.array([1.60]))
    checked = check_observations(observations, end, domain, SETTINGS, experiment)
    members = linear_members(end, end, jacobian, domain)
    return analyse(checked, end, members, end, np.arange(2), domain, SETTINGS)


@pytest.mark.parametrize(("experiment", "columns"), [("SSM_LAI", (6, 8)), ("SSM", (8, 10)), ("LAI", (10, 12))])
def test_example_a_increments(experiment: Experiment, columns: tuple[int, int]) -> None:
    result = analyse_a(experiment)
    np.testing.assert_allclose(result.increments, EXAMPLE_A[:, slice(*columns)], rtol=SIX_DIGITS)
    np.testing.assert_array_equal(result.limited, False)


def test_example_a_by_products() -> None:
    result = analyse_a("SSM_LAI")
    np.testing.assert_allclose(np.concatenate([result.gain[0], result.gain[1]], axis=1), GAIN_A, rtol=2e-5)
    np.testing.assert_allclose(result.innovation[:, 0], [0.038, -0.5], rtol=1e-12)
    np.testing.assert_allclose(result.innovation_spread[:, 0] ** 2, [2.10832643e-3, 0.212218976], rtol=5e-9)
    np.testing.assert_allclose(result.observation_deviation[:, 0], [0.04434982, 0.32], atol=1e-8)
    np.testing.assert_allclose(result.chi_square, 1.78087684, rtol=5e-9)
    np.testing.assert_allclose(result.degrees_of_freedom[:, 0], [0.0649262, 0.5163673], rtol=SIX_DIGITS)
    np.testing.assert_allclose(result.residual[:, 0], [0.033209, -0.225883], atol=6e-7)
    np.testing.assert_allclose(result.state.lai, [2.143574, 1.349346], atol=6e-7)
    np.testing.assert_allclose(result.state.wg[1], [0.215720, 0.243398], atol=6e-7)
    biomass = result.state.biomass_leaf - make_state(EXAMPLE_A[:, 0:2]).biomass_leaf
    np.testing.assert_allclose(biomass, [-0.0241367, -0.0123588], atol=6e-8)


def test_example_b_limiter_and_patch_at_its_minimum() -> None:
    domain = make_domain([0, 0], [7, 5], [0.6, 0.4], clay=0.15, w_sat=0.40, lai_min=[0.3, 1.0])
    end = make_state(np.stack([np.r_[0.30, EXAMPLE_B[1:, 1]], EXAMPLE_B[:, 1]], axis=1))
    jacobian = np.zeros((2, 8, 2))
    jacobian[1, :, 1] = EXAMPLE_B[:, 0]
    observations = CellObservations.on_cells(1, lai=np.array([0.90]))
    checked = check_observations(observations, end, domain, SETTINGS, "SSM_LAI")
    result = analyse(checked, end, linear_members(end, end, jacobian, domain), end, np.arange(2), domain, SETTINGS)

    np.testing.assert_allclose(domain.delta_w, 0.08567809, rtol=5e-8)
    np.testing.assert_allclose(result.background[1], 2.18, rtol=1e-12)
    np.testing.assert_allclose(result.innovation_spread[1] ** 2, 0.186074890, rtol=5e-9)
    np.testing.assert_allclose(result.chi_square, 8.80505693, rtol=5e-9)
    np.testing.assert_allclose(result.gain[1, :, 1], EXAMPLE_B[:, 2], rtol=SIX_DIGITS)
    np.testing.assert_allclose(result.increments_raw[:, 1], EXAMPLE_B[:, 3], rtol=SIX_DIGITS)
    np.testing.assert_array_equal(result.increments[:, 0], 0.0)
    assert result.increments[0, 1] == -1.0
    np.testing.assert_array_equal(result.increments[1:, 1], result.increments_raw[1:, 1])
    assert result.counts["elements_limited"] == 1
    np.testing.assert_allclose(result.residual[1], -0.88, rtol=1e-12)
    np.testing.assert_allclose(result.state.biomass_leaf[1] - end.biomass_leaf[1], -0.0749625, atol=6e-8)
