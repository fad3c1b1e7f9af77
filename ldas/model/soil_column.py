"""The soil column: depth, layers and roots (energy document §2.1; Decharme et al. 2011, 2013; Jackson et al. 1996)."""

from functools import cache
from importlib import resources
from itertools import pairwise
from typing import Any

import numpy as np
import yaml

from ldas.model.constants import LAYER_BOTTOM, SOIL_LAYERS

RUNOFF_ROOT_SHARE = 0.90
RUNOFF_DEPTH_WITHOUT_ROOTS = 0.6


@cache
def _depth_table() -> dict[str, Any]:
    text = resources.files("ldas.model").joinpath("data/soil_depths.yaml").read_text(encoding="utf-8")
    table: dict[str, Any] = yaml.safe_load(text)
    return table


def snap_depth(depth: float) -> float:
    """The depth of the hydrological column nearest to `depth`, m, among those the soil grid can take."""
    table = _depth_table()
    if depth <= table["shallow"]["up_to"]:
        return min(float(table["shallow"]["at_most"]), depth)
    steps = table["steps"]
    if depth <= steps[0]:
        return float(steps[0])
    for lower, upper in pairwise(steps):
        if depth <= upper:
            weight = table["weight_of_lower"]
            return float(lower if depth < weight * lower + (1.0 - weight) * upper else upper)
    return float(table["deep"][0] if depth <= table["deep"][0] else table["deep"][1])


def soil_layers(depth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(layer bottoms d_j in m, (14, column); number of hydrological layers N, int64 (column,)) for column depths in m.

    N is the layer whose bottom is nearest to the snapped depth (ties to the deeper one), at least 2.
    """
    bottoms = np.tile(np.array(LAYER_BOTTOM)[:, None], (1, depth.size))
    count = np.empty(depth.size, dtype=np.int64)
    values, where = np.unique(depth, return_inverse=True)
    for k, value in enumerate(values):
        columns = where == k
        snapped = snap_depth(float(value))
        moved = _depth_table()["moved"].get(snapped)
        if moved:
            for layer, bottom in moved.items():
                bottoms[layer - 1, columns] = bottom
            count[columns] = max(moved)
        else:
            distance = np.round(np.abs(np.array(LAYER_BOTTOM) - snapped), 9)
            count[columns] = max(2, int(np.flatnonzero(distance == distance.min())[-1]) + 1)
    return bottoms, count


def water_depth(layer_bottom: np.ndarray, n_water: np.ndarray) -> np.ndarray:
    """Depth d_N of the hydrological column, m, (column,)."""
    return np.take_along_axis(layer_bottom, n_water[None, :] - 1, axis=0)[0]


def cumulative_roots(
    layer_bottom: np.ndarray, root_depth: np.ndarray, beta: np.ndarray, linear: np.ndarray
) -> np.ndarray:
    """R_j = a_l min(1, d_j/d_r) + (1 - a_l) min(1, (1 - beta^(100 d_j)) / (1 - beta^(100 d_r))), (14, column)."""
    straight = np.minimum(1.0, layer_bottom / root_depth)
    jackson = np.minimum(1.0, (1.0 - beta ** (100.0 * layer_bottom)) / (1.0 - beta ** (100.0 * root_depth)))
    return linear * straight + (1.0 - linear) * jackson


def runoff_depth(layer_bottom: np.ndarray, n_water: np.ndarray, cumulative: np.ndarray) -> np.ndarray:
    """d_o of §4.11: bottom of the first layer with R_j >= 0.90; min(0.6, d_N) without roots. m, (column,)."""
    first = np.argmax(cumulative >= RUNOFF_ROOT_SHARE, axis=0)
    with_roots = np.take_along_axis(layer_bottom, first[None, :], axis=0)[0]
    bare = np.minimum(RUNOFF_DEPTH_WITHOUT_ROOTS, water_depth(layer_bottom, n_water))
    return np.where(cumulative[SOIL_LAYERS - 1] > 0.0, with_roots, bare)
