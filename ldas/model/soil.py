"""The soil of a block of columns as the kernels use it (energy document §2): one grid, and properties per column.

All columns of a block share the layer bottoms and the number N of hydrological layers. Properties that do not vary
with depth have one row instead of fourteen; kernels find the row of layer j with `row_of`.
"""

from typing import NamedTuple

import numpy as np

from ldas.model.constants import LAMBDA_WATER, T_T
from ldas.model.kernel import LANES, columns, helper
from ldas.model.parameters import Parameters

FREEZING_FLUX_DEPTH = 0.6  # m, depth over which the corrections at the snow base are spread


class SoilGrid(NamedTuple):
    """Geometry, float64 (layer,) unless said."""

    n_water: int  # N
    thickness: np.ndarray  # m
    node_spacing: np.ndarray  # delta_j, m
    node_depth: np.ndarray  # z_j, m
    correction_depth: np.ndarray  # thickness above 0.6 m, m


class SoilParameters(NamedTuple):
    """Properties, float64 (row, column) with 1 or 14 rows; units as in `Parameters`."""

    w_sat: np.ndarray
    w_fc: np.ndarray
    w_wilt: np.ndarray
    b: np.ndarray
    psi_sat: np.ndarray
    k_sat: np.ndarray
    lambda_dry: np.ndarray
    lambda_wet: np.ndarray  # lambda_solid^(1 - w_sat) lambda_water^w_sat, saturated without ice
    c_dry: np.ndarray  # (1 - w_sat) c_solid, J m-3 K-1
    per_w_sat: np.ndarray  # 1 / w_sat
    per_b: np.ndarray  # 1 / b


def soil_grid(parameters: Parameters) -> SoilGrid:
    """The grid that the columns of `parameters` share."""
    bottom = parameters.layer_bottom[:, 0]
    top = np.concatenate([[0.0], bottom[:-1]])
    thickness = bottom - top
    spacing = np.append(0.5 * (thickness[:-1] + thickness[1:]), 0.5 * thickness[-1])
    correction = np.clip(np.minimum(bottom, FREEZING_FLUX_DEPTH) - top, 0.0, None)
    return SoilGrid(int(parameters.n_water[0]), thickness, spacing, 0.5 * (top + bottom), correction)


def soil_parameters(parameters: Parameters) -> SoilParameters:
    """The properties of `parameters`, with a single row where no property varies with depth."""
    p = parameters
    fields = [p.w_sat, p.w_fc, p.w_wilt, p.b, p.psi_sat, p.k_sat, p.lambda_dry, p.lambda_solid, p.c_solid]
    rows = 1 if all((field == field[0]).all() for field in fields) else None
    w_sat, w_fc, w_wilt, b, psi_sat, k_sat, lambda_dry, lambda_solid, c_solid = (
        np.ascontiguousarray(field[:rows]) for field in fields
    )
    return SoilParameters(
        w_sat=w_sat,
        w_fc=w_fc,
        w_wilt=w_wilt,
        b=b,
        psi_sat=psi_sat,
        k_sat=k_sat,
        lambda_dry=lambda_dry,
        lambda_wet=lambda_solid ** (1.0 - w_sat) * LAMBDA_WATER**w_sat,
        c_dry=(1.0 - w_sat) * c_solid,
        per_w_sat=1.0 / w_sat,
        per_b=1.0 / b,
    )


@helper
def row_of(properties, j):
    """Row of layer j in an array of `SoilParameters`."""
    return j if properties.shape[0] > 1 else 0


@helper
def next_cold(t, ice, start):
    """(begin, end) of the next stretch of columns from `start` on with frost or ice in each `LANES` columns of it.

    `t` (K) and `ice` are rows of a layer (column,). Empty, and at the end of the row, where nothing is left. Whole
    lanes, so that a column goes through the same instructions as in a stretch that is the whole row.
    """
    stop = t.shape[0]
    begin = stop
    for lane in range(start, stop, LANES):
        cold = 0
        for i in columns(lane, min(lane + LANES, stop)):
            cold |= (t[i] < T_T) | (ice[i] > 0.0)
        if cold and begin == stop:
            begin = lane
        if not cold and begin < stop:
            return begin, lane
    return begin, stop
