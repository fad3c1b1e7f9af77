"""Surface runoff before infiltration (energy document §4.11).

Subgrid runoff DT92 (Dümenil and Todini 1992, Habets et al. 1999), and the infiltration excess of Horton, an option.
"""

from typing import NamedTuple

import numpy as np

from ldas.model.constants import RHO_W, W_MIN
from ldas.model.fastmath import exp, power
from ldas.model.kernel import kernel
from ldas.model.parameters import Parameters
from ldas.model.soil import row_of
from ldas.model.soil_water import ICE_IMPEDANCE

HORTON_DEPTH = 0.10  # m, the capacity is that of the layers down to the first bottom at or below it


class RunoffParameters(NamedTuple):
    """Constants of the DT92 scheme; means are over the runoff depth d_o."""

    weight: np.ndarray  # share of each layer in means over d_o, (layer, column)
    depth: np.ndarray  # d_o, m, (column,)
    w_sat: np.ndarray  # (column,)
    w_wilt: np.ndarray  # (column,)


def runoff_parameters(parameters: Parameters) -> RunoffParameters:
    """The constants of `parameters` for the DT92 scheme."""
    bottom, depth = parameters.layer_bottom, parameters.runoff_depth
    top = np.vstack([np.zeros((1, bottom.shape[1])), bottom[:-1]])
    overlap = np.clip(np.minimum(bottom, depth) - top, 0.0, None)
    rows = int(np.flatnonzero(overlap.any(axis=1)).max()) + 1
    weight = np.ascontiguousarray(overlap[:rows] / overlap.sum(axis=0))
    w_sat = (weight * parameters.w_sat[:rows]).sum(axis=0)
    return RunoffParameters(weight, depth, w_sat, (weight * parameters.w_wilt[:rows]).sum(axis=0))


@kernel
def subgrid_runoff(parameters, shape, wg, wgi, dt, supply, mean_water, runoff):
    """Fill `runoff` from the water reaching the ground `supply` (kg m-2 s-1), and take it from `supply`.

    `shape` is the parameter B; `mean_water` a work array (column,).
    """
    wet = 0
    for i in range(supply.shape[0]):
        runoff[i] = 0.0
        wet |= supply[i] > 0.0
    if wet:
        for i in range(supply.shape[0]):
            mean_water[i] = 0.0
        for j in range(parameters.weight.shape[0]):
            for i in range(supply.shape[0]):
                mean_water[i] += parameters.weight[j, i] * (wg[j, i] + wgi[j, i])
        for i in range(supply.shape[0]):
            w_sat, w_wilt = parameters.w_sat[i], parameters.w_wilt[i]
            w = min(mean_water[i], w_sat)
            span = w_sat - w_wilt
            per_depth = parameters.depth[i] * RHO_W
            p = supply[i] * dt / per_depth
            empty = min(1.0, max(0.0, 1.0 - (w - w_wilt) / span))
            unsaturated = power(empty, 1.0 / (1.0 + shape)) if empty > 0.0 else 0.0
            a = max(0.0, unsaturated - p / ((1.0 + shape) * span))
            held = span * power(a, 1.0 + shape) if a > 0.0 else 0.0
            rate = max(0.0, p - (w_sat - w) + held) * per_depth / dt
            made = (w > w_wilt) & (supply[i] > 0.0) & (supply[i] - rate > 0.0)
            runoff[i] = rate if made else 0.0
            supply[i] -= runoff[i]


@kernel
def infiltration_excess(grid, soil, wg, wgi, ground_water, outflow, excess):
    """Fill `excess`, what rain and drip `ground_water` and melt `outflow` each bring above the infiltration capacity.

    All in kg m-2 s-1. The capacity is the mean over the top 0.10 m of the conductivity at the wetting front, reduced by
    ice, from the water before infiltration.
    """
    for i in range(excess.shape[0]):
        excess[i] = 0.0
    depth = 0.0
    for j in range(grid.n_water):
        if depth < HORTON_DEPTH - 1.0e-9:
            depth += grid.thickness[j]
            k = row_of(soil.w_sat, j)
            for i in range(excess.shape[0]):
                water, ice = wg[j, i], wgi[j, i]
                s = min(1.0, water / max(W_MIN, soil.w_sat[k, i] - ice))
                open_share = exp(-ICE_IMPEDANCE * ice / (ice + water))
                suction = soil.b[k, i] * soil.psi_sat[k, i] * (s - 1.0)
                excess[i] += open_share * soil.k_sat[k, i] * (grid.thickness[j] + suction)
    for i in range(excess.shape[0]):
        capacity = RHO_W * excess[i] / depth
        excess[i] = max(0.0, ground_water[i] - capacity) + max(0.0, outflow[i] - capacity)


@kernel
def shed_excess(excess, supply, runoff):
    """Move `excess`, or what is left of the water reaching the ground `supply`, to `runoff`, all kg m-2 s-1."""
    for i in range(supply.shape[0]):
        shed = min(excess[i], max(0.0, supply[i]))
        supply[i] -= shed
        runoff[i] += shed
