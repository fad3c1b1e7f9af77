"""The analysed LAI at the next daily step, without mortality (§2.8, §7.5 item 11; vegetation document §8.3)."""

import numpy as np
import pytest

from ldas.assimilation.control import REFERENCE_ALPHA, apply_increments
from ldas.assimilation.settings import BiomassSettings
from ldas.model.biomass import grow
from tests.assimilation.builders import make_state

A, C = 0.38, 0.31425531725
GRASS, NEEDLE = 0.071644, 0.200060
"""b of grass and of needleleaf trees, kg of dry matter per m2 of leaf."""
NEVER = 1e9
LAI_MIN = 0.3
GAIN = 0.002
"""A day's assimilation, kg of dry matter m-2."""


def structure(leaf: float) -> float:
    """B2 of the dilution law."""
    return max(0.0, (leaf / C) ** (1.0 / (1.0 - A)) - leaf)


def lai_after_the_daily_step(leaf: float, structural: float, ratio: float, gain: float = 0.0) -> float:
    """LAI after a day that assimilated `gain` (kg of dry matter m-2)."""
    leaf, _, _ = grow(leaf, structural, 0.0, gain, 0.0, 0.0, NEVER, 0.0, LAI_MIN * ratio)
    return max(leaf / ratio, LAI_MIN)


def analysed_leaf(lai: float, increment: float, ratio: float, alpha: float) -> float:
    state = make_state(np.array([[lai], *[[0.2]] * 7]))
    state.biomass_leaf[:] = lai * ratio
    increments = np.zeros((8, 1))
    increments[0] = increment
    analysed = apply_increments(state, increments, np.array([alpha]), np.array([LAI_MIN]), BiomassSettings())
    return float(analysed.biomass_leaf[0])


@pytest.mark.parametrize("increment", [0.0, -0.2, -0.9, 0.2, 0.9])
def test_without_growth_the_daily_step_leaves_the_analysed_lai(increment: float) -> None:
    leaf = analysed_leaf(3.0, increment, GRASS, GRASS)
    found = lai_after_the_daily_step(leaf, structure(3.0 * GRASS), GRASS)
    np.testing.assert_allclose(found, 3.0 + increment, rtol=1e-8)


@pytest.mark.parametrize("increment", [-0.2, -0.9])
def test_fewer_leaves_stay_fewer_while_the_plant_grows(increment: float) -> None:
    leaf = analysed_leaf(3.0, increment, GRASS, GRASS)
    found = lai_after_the_daily_step(leaf, structure(3.0 * GRASS), GRASS, GAIN)
    np.testing.assert_allclose(found - GAIN / GRASS, 3.0 + increment, rtol=1e-8)


@pytest.mark.parametrize("increment", [0.01, 0.2])
def test_more_leaves_are_shared_with_the_stems_while_the_plant_grows(increment: float) -> None:
    """On the dilution law (1 - a) B1 / (B1 + B2) of an increment is kept, unless the stems can carry all of it."""
    leaf, stems = analysed_leaf(3.0, increment, GRASS, GRASS), structure(3.0 * GRASS)
    kept = (lai_after_the_daily_step(leaf, stems, GRASS, GAIN) - GAIN / GRASS - 3.0) / increment
    np.testing.assert_allclose(kept, 0.62 * 3.0 * GRASS / (3.0 * GRASS + stems), rtol=0.05)
    assert kept < 0.4
    carried = lai_after_the_daily_step(leaf, structure(4.0 * GRASS), GRASS, GAIN) - GAIN / GRASS
    np.testing.assert_allclose(carried, 3.0 + increment, rtol=1e-8)


def test_the_references_alpha_loses_most_of_an_increment_on_needleleaf() -> None:
    """0.075 / 0.200 = 37 % is kept (vegetation document §8.5)."""
    leaf = analysed_leaf(3.0, -0.5, NEEDLE, float(REFERENCE_ALPHA[4]))
    found = lai_after_the_daily_step(leaf, structure(3.0 * NEEDLE), NEEDLE)
    np.testing.assert_allclose((found - 3.0) / -0.5, 0.375, atol=0.001)
