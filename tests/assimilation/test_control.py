"""The control vector: wetness range, perturbed members, biomass."""

import numpy as np
import pytest

from ldas.assimilation.control import (
    CONTROL,
    LAI,
    apply_increments,
    control_values,
    controlled,
    leaf_biomass_ratio,
    perturb,
    perturbation_sizes,
    wetness_range,
)
from ldas.assimilation.settings import BiomassSettings, ControlSettings
from ldas.errors import InputError
from tests.assimilation.builders import make_state

W_SAT = np.full((14, 1), 0.43)


def test_wetness_range_of_the_documents_clay_table() -> None:
    clay = np.array([5, 10, 15, 20, 25, 30, 40, 50]) / 100.0
    expected = [0.0733, 0.0817, 0.0857, 0.0877, 0.0887, 0.0890, 0.0885, 0.0870]
    np.testing.assert_allclose(wetness_range(clay), expected, atol=5.1e-5)


@pytest.mark.parametrize("clay", [-0.01, 1.5, np.nan])
def test_clay_outside_its_range_is_refused(clay: float) -> None:
    with pytest.raises(InputError, match="clay"):
        wetness_range(np.array([0.2, clay]))


def test_control_elements_of_bare_shallow_snow_and_absent_patches() -> None:
    patch, fraction = np.array([1, 2, 3, 4, 7]), np.array([0.2, 0.2, 0.2, 0.4, 0.0])
    elements = controlled(patch, fraction, patch > 3, np.array([8, 4, 9, 10, 9]))
    assert not elements[LAI, :3].any() and elements[LAI, 3]
    np.testing.assert_array_equal(elements[1:, 1], [True] * 3 + [False] * 4)
    np.testing.assert_array_equal(elements[1:, 0], True)
    assert not elements[:, 2].any() and not elements[:, 4].any()


def test_each_member_differs_in_its_variable_only_and_in_all_patches() -> None:
    start = make_state(np.array([[2.0, 4.0], *[[0.2, 0.3]] * 7]))
    settings = ControlSettings()
    sizes = perturbation_sizes(start, np.array([0.08, 0.09]), W_SAT, np.ones((8, 2), bool), settings)
    members = perturb(start, sizes, settings, BiomassSettings())
    for variable, member in enumerate(members):
        difference = control_values(member) - control_values(start)
        np.testing.assert_allclose(difference[variable], sizes[variable], rtol=1e-10)
        assert not np.delete(difference, variable, axis=0).any()
        others = set(start.names()) - {"lai", "wg", "biomass_leaf"}
        assert all(np.array_equal(getattr(member, name), getattr(start, name)) for name in others)
    np.testing.assert_array_equal(members[LAI].biomass_leaf, 1.001 * start.biomass_leaf)
    np.testing.assert_array_equal(members[1].biomass_leaf, start.biomass_leaf)
    np.testing.assert_allclose(sizes, [[2e-3, 4e-3], *[[8e-6, 9e-6]] * 7], rtol=1e-12)


def test_unvegetated_columns_are_not_perturbed_in_lai() -> None:
    start = make_state(np.array([[0.0], *[[0.2]] * 7]))
    elements = controlled(np.array([1]), np.array([1.0]), np.array([False]), np.array([9]))
    sizes = perturbation_sizes(start, np.array([0.08]), W_SAT, elements, ControlSettings())
    assert perturb(start, sizes, ControlSettings(), BiomassSettings())[LAI].equals(start)


@pytest.mark.parametrize(("ice", "sign"), [(0.0, 1.0), (0.23, -1.0)])
def test_a_saturated_layer_is_perturbed_downwards(ice: float, sign: float) -> None:
    start = make_state(np.array([[2.0], *[[0.2]] * 7]))
    start.wgi[3] = ice
    elements = np.ones((8, 1), bool)
    sizes = perturbation_sizes(start, np.array([0.08]), W_SAT, elements, ControlSettings())
    np.testing.assert_allclose(sizes[:, 0], 8e-6 * np.array([250.0, 1, 1, sign, 1, 1, 1, 1]), rtol=1e-12)
    for member in perturb(start, sizes, ControlSettings(), BiomassSettings()):
        member.check(np.full((14, 1), 0.43), np.array([9]))
    upward = ControlSettings(backward_at_saturation=False)
    assert (perturbation_sizes(start, np.array([0.08]), W_SAT, elements, upward) > 0.0).all()


def test_biomass_ratio_of_the_model_and_of_the_reference() -> None:
    patch = np.array([1, 4, 7])
    e, f, nitrogen = np.array([0.0, 4.83, 3.79]), np.array([0.0, 5.11, 9.84]), np.array([0.0, 2.13, 1.30])
    state = make_state(np.zeros((8, 3)))
    state.leaf_nitrogen[:] = nitrogen
    model = leaf_biomass_ratio(state, patch, patch > 3, e, f, BiomassSettings())
    np.testing.assert_allclose(model, [0.0, 0.064944, 0.067719], atol=5e-7)
    reference = leaf_biomass_ratio(state, patch, patch > 3, e, f, BiomassSettings(ratio="reference"))
    np.testing.assert_array_equal(reference, [0.0, 0.08203445, 0.06771856])


def test_leaf_biomass_follows_lai_and_structure_does_not() -> None:
    state = make_state(np.array([[2.0], *[[0.2]] * 7]))
    increments = np.zeros((8, 1))
    increments[LAI] = 0.3
    alpha, lai_min = np.array([0.07]), np.array([0.3])
    analysed = apply_increments(state, increments, alpha, lai_min, BiomassSettings())
    np.testing.assert_allclose(analysed.biomass_leaf - state.biomass_leaf, 0.021, rtol=1e-12)
    assert set(changed(state, analysed)) == {"lai", "biomass_leaf"}


@pytest.mark.parametrize(("increment", "expected"), [(0.5, 0.021 + 0.035), (-0.1, 0.004 - 0.007)])
def test_lifting_a_pool_below_its_minimum_applies_to_positive_increments(increment: float, expected: float) -> None:
    state = make_state(np.array([[0.3], *[[0.2]] * 7]))
    state.biomass_leaf[:] = 0.004
    increments = np.zeros((8, 1))
    increments[LAI] = increment
    settings = BiomassSettings(lift_to_minimum=True)
    analysed = apply_increments(state, increments, np.array([0.07]), np.array([0.3]), settings)
    np.testing.assert_allclose(analysed.biomass_leaf, expected, rtol=1e-12)


def test_structural_biomass_follows_on_the_dilution_law_if_asked_for() -> None:
    """On the law B1 = c (B1 + B2)^0.62, and stays there."""
    follows = BiomassSettings(structure="follows")
    state = make_state(np.array([[3.0], *[[0.2]] * 7]))
    state.biomass_leaf[:] = 0.21
    state.biomass_structural[:] = (0.21 / 0.31425531725) ** (1 / 0.62) - 0.21
    increments = np.zeros((8, 1))
    increments[LAI] = 0.5
    analysed = apply_increments(state, increments, np.array([0.07]), np.array([0.3]), follows)
    total = analysed.biomass_leaf + analysed.biomass_structural
    np.testing.assert_allclose(analysed.biomass_leaf, 0.31425531725 * total**0.62, rtol=1e-9)
    sizes = np.zeros((8, 1))
    sizes[LAI] = 3e-3
    member = perturb(state, sizes, ControlSettings(), follows)[LAI]
    assert member.biomass_structural > state.biomass_structural
    assert perturb(state, sizes, ControlSettings(), follows)[1].biomass_structural == state.biomass_structural


def test_control_names_match_the_rows() -> None:
    state = make_state(np.arange(8.0)[:, None])
    assert dict(zip(CONTROL, control_values(state)[:, 0], strict=True))["WG5"] == state.wg[4, 0] == 4.0


def changed(one: object, other: object) -> list[str]:
    return [name for name in vars(one) if not np.array_equal(vars(one)[name], vars(other)[name])]
