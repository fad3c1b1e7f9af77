"""The Jacobian J = d(WG2, LAI)(t1) / d(control)(t0) by one-sided differences, and what is accepted of it (§2.3)."""

from collections.abc import Sequence

import numpy as np

from ldas.assimilation.control import LAI, WG2
from ldas.assimilation.settings import JacobianSettings
from ldas.model.state import State

SSM_ROW, LAI_ROW = 0, 1
REASONS = ("not_finite", "wg2_by_wg", "lai_by_lai", "lai_by_wg", "wg2_by_lai", "frozen")


def observed_quantities(state: State) -> np.ndarray:
    """WG2 and LAI of each column, (2, column)."""
    return np.stack([state.wg[1], state.lai])


def finite_differences(background: State, perturbed: Sequence[State], sizes: np.ndarray) -> np.ndarray:
    """J of each column, (2 observed quantities, 8 control variables, column); 0 where `sizes` (8, column) is 0."""
    reference = observed_quantities(background)
    difference = np.stack([observed_quantities(member) - reference for member in perturbed], axis=1)
    return np.divide(difference, sizes, out=np.zeros_like(difference), where=sizes != 0.0)


def check_jacobian(jacobian: np.ndarray, settings: JacobianSettings) -> tuple[np.ndarray, np.ndarray, dict[str, int]]:
    """J with every rejected row of a column set to zero, the rejected rows (2, column), and their number by reason.

    Numbers that are not finite are always rejected; the limits apply if `check` is set. A row counts once, under the
    first reason that applies.
    """
    with np.errstate(invalid="ignore"):
        limit = {
            "wg2_by_wg": (SSM_ROW, (np.abs(jacobian[SSM_ROW, WG2:]) > settings.wg2_by_wg_limit).any(axis=0)),
            "lai_by_lai": (
                LAI_ROW,
                (jacobian[LAI_ROW, LAI] < settings.lai_by_lai_limits[0])
                | (jacobian[LAI_ROW, LAI] > settings.lai_by_lai_limits[1]),
            ),
            "lai_by_wg": (LAI_ROW, (np.abs(jacobian[LAI_ROW, WG2:]) > settings.lai_by_wg_limit).any(axis=0)),
            "wg2_by_lai": (SSM_ROW, np.abs(jacobian[SSM_ROW, LAI]) > settings.wg2_by_lai_limit),
        }
    rejected = ~np.isfinite(jacobian).all(axis=1)
    counts = {"not_finite": int(rejected.sum())}
    for reason, (row, wrong) in limit.items():
        new = wrong & ~rejected[row] & settings.check
        counts[reason] = int(new.sum())
        rejected[row] |= new
    return np.where(rejected[:, None, :], 0.0, jacobian), rejected, counts


def frozen_columns(states: Sequence[State], layers: int) -> np.ndarray:
    """Columns with ice in the first `layers` soil layers in any of the states, bool (column,)."""
    return np.any([(state.wgi[:layers] > 0.0).any(axis=0) for state in states], axis=0)


def lift_lai_floor(
    jacobian: np.ndarray,
    lai: np.ndarray,
    lai_min: np.ndarray,
    innovation: np.ndarray,
    elements: np.ndarray,
    gamma: float,
) -> np.ndarray:
    """dLAI/dLAI = gamma in columns at their minimum LAI whose cell saw more leaves than forecast (§8.1).

    `innovation` is the LAI innovation of each column's cell, `elements` the LAI control elements, both (column,).
    """
    blind = elements & (lai <= lai_min) & (innovation > 0.0)
    lifted = jacobian.copy()
    lifted[LAI_ROW, LAI] = np.where(blind, np.maximum(lifted[LAI_ROW, LAI], gamma), lifted[LAI_ROW, LAI])
    return lifted
