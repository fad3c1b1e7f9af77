"""The control vector: LAI (with leaf biomass) and the liquid water of soil layers 2 to 8 of every patch (§2.1)."""

import numpy as np

from ldas.assimilation.settings import BiomassSettings, ControlSettings
from ldas.errors import InputError
from ldas.model.biomass import ALLOCATION, DILUTION_C
from ldas.model.state import State

CONTROL = ("LAI", "WG2", "WG3", "WG4", "WG5", "WG6", "WG7", "WG8")
LAI, WG2 = 0, 1
LAYERS = slice(1, 8)
THICKNESS = np.array([0.03, 0.06, 0.10, 0.20, 0.20, 0.20, 0.20])
"""Thickness of WG2 to WG8, m."""
PERMANENT_SNOW = 3
REFERENCE_ALPHA = np.zeros(12)
REFERENCE_ALPHA[3:7] = 0.08203445, 0.07496252, 0.06846970, 0.06771856
REFERENCE_ALPHA[7:12] = 0.09744689, 0.09744689, 0.07164350, 0.17686594, 0.07164350
"""alpha of patches 1 to 12 in the reference filter, kg of dry matter per m2 of leaf (vegetation document §8.5)."""


def wetness_range(clay: np.ndarray) -> np.ndarray:
    """w_fc - w_wilt in m3 m-3 from the clay fraction (0 to 1) of the top layer (§2.3)."""
    percent = 100.0 * np.asarray(clay, dtype=float)
    if not (np.isfinite(percent).all() and (percent >= 0.0).all() and (percent <= 100.0).all()):
        raise InputError("clay of the analysis: expected fractions between 0 and 1 in every cell")
    return 1e-3 * (89.0467 * percent**0.3496 - 37.1342 * percent**0.5)


def control_values(state: State) -> np.ndarray:
    """LAI and WG2 to WG8 of each column, (8, column)."""
    return np.concatenate([state.lai[None], state.wg[LAYERS]])


def controlled(patch: np.ndarray, fraction: np.ndarray, vegetated: np.ndarray, n_water: np.ndarray) -> np.ndarray:
    """Elements of the control vector, bool (8, column).

    LAI belongs to vegetated patches, a soil layer to columns that are at least so deep; permanent snow and patches of
    fraction 0 have none.
    """
    layer = np.arange(LAYERS.start, LAYERS.stop)[:, None] < n_water
    present = (fraction > 0.0) & (patch != PERMANENT_SNOW)
    return np.concatenate([vegetated[None], layer]) & present


def perturbation_sizes(
    start: State, delta_w: np.ndarray, w_sat: np.ndarray, elements: np.ndarray, settings: ControlSettings
) -> np.ndarray:
    """epsilon of each control element at t0, (8, column); 0 where there is no element.

    `delta_w` is (column,), `w_sat` (14, column), `elements` the mask of `controlled`. Signs are positive, but a layer
    without room for the water is perturbed downwards: no run may start above saturation.
    """
    lai = settings.lai_perturbation * start.lai
    water = np.outer(np.asarray(settings.wg_perturbation), delta_w)
    if settings.backward_at_saturation:
        room = w_sat[LAYERS] - start.wg[LAYERS] - start.wgi[LAYERS]
        water = np.where(water > room, -water, water)
    return np.where(elements, np.concatenate([lai[None], water]), 0.0)


def perturb(start: State, sizes: np.ndarray, settings: ControlSettings, biomass: BiomassSettings) -> list[State]:
    """Eight start states, one a control variable, perturbed in all patches at once (§2.3).

    The LAI member has its leaf biomass multiplied by the same factor, or the daily vegetation step would undo it.
    """
    members = []
    for variable in range(len(CONTROL)):
        member = start.copy()
        if variable == LAI:
            member.lai += sizes[LAI]
            member.biomass_leaf *= np.where(sizes[LAI] > 0.0, 1.0 + settings.lai_perturbation, 1.0)
            _follow(member, start, biomass)
        else:
            member.wg[variable] += sizes[variable]
        members.append(member)
    return members


def leaf_biomass_ratio(
    state: State,
    patch: np.ndarray,
    vegetated: np.ndarray,
    nitrogen_e: np.ndarray,
    nitrogen_f: np.ndarray,
    settings: BiomassSettings,
) -> np.ndarray:
    """alpha of each column, kg of dry matter per m2 of leaf: 1 / (e N_a + f), or the reference filter's table."""
    if settings.ratio == "reference":
        return REFERENCE_ALPHA[patch - 1]
    leaf_area = np.where(vegetated, nitrogen_e * state.leaf_nitrogen + nitrogen_f, 1.0)
    return np.where(vegetated, 1.0 / leaf_area, 0.0)


def apply_increments(
    state: State, increments: np.ndarray, alpha: np.ndarray, lai_min: np.ndarray, settings: BiomassSettings
) -> State:
    """A new state with the bounded increments (8, column) added and the leaf biomass consistent with LAI (§2.8)."""
    analysed = state.copy()
    analysed.lai += increments[LAI]
    analysed.wg[LAYERS] += increments[WG2:]
    if settings.lift_to_minimum:
        lifted = np.maximum(analysed.biomass_leaf, lai_min * alpha)
        analysed.biomass_leaf = np.where(increments[LAI] > 0.0, lifted, analysed.biomass_leaf)
    analysed.biomass_leaf += alpha * increments[LAI]
    _follow(analysed, state, settings)
    return analysed


def _follow(changed: State, original: State, biomass: BiomassSettings) -> None:
    """Move the structural biomass of `changed` along the dilution law with its leaf biomass, if asked for."""
    if biomass.structure == "follows":
        added = _structure(changed.biomass_leaf) - _structure(original.biomass_leaf)
        changed.biomass_structural = np.maximum(0.0, changed.biomass_structural + added)


def _structure(leaf: np.ndarray) -> np.ndarray:
    """B2 that the dilution law gives to a leaf biomass, kg m-2 (vegetation document §8.3)."""
    leaf = np.maximum(leaf, 0.0)
    return np.maximum(0.0, (leaf / DILUTION_C) ** ALLOCATION - leaf)
