"""Small domains and states for the filter's tests."""

from collections.abc import Sequence

import numpy as np

from ldas.assimilation.control import CONTROL, LAI, WG2, wetness_range
from ldas.assimilation.domain import AnalysisDomain
from ldas.assimilation.settings import ControlSettings
from ldas.model.state import State


def make_domain(
    cell: Sequence[int],
    patch: Sequence[int],
    fraction: Sequence[float],
    *,
    cells: int | None = None,
    clay: float = 0.25,
    w_sat: float = 0.43,
    lai_min: Sequence[float] | float = 0.3,
    n_water: Sequence[int] | int = 9,
    urban: Sequence[float] | float = 0.0,
    water: Sequence[float] | float = 0.0,
    slope: Sequence[float] | float = 0.0,
) -> AnalysisDomain:
    columns = len(cell)
    cells = max(cell) + 1 if cells is None else cells
    patch_number = np.array(patch, dtype=np.int64)
    return AnalysisDomain(
        cells=cells,
        cell=np.array(cell, dtype=np.int64),
        patch=patch_number,
        fraction=np.array(fraction, dtype=float),
        w_sat=np.full((14, columns), w_sat),
        n_water=np.broadcast_to(np.asarray(n_water, dtype=np.int64), columns).copy(),
        lai_min=np.broadcast_to(np.asarray(lai_min, dtype=float), columns).copy(),
        vegetated=patch_number > 3,
        nitrogen_e=np.full(columns, 3.79),
        nitrogen_f=np.full(columns, 9.84),
        delta_w=wetness_range(np.full(cells, clay)),
        urban_fraction=np.broadcast_to(np.asarray(urban, dtype=float), cells).copy(),
        water_fraction=np.broadcast_to(np.asarray(water, dtype=float), cells).copy(),
        slope=np.broadcast_to(np.asarray(slope, dtype=float), cells).copy(),
    )


def make_state(control: np.ndarray) -> State:
    """A warm, snow-free, unfrozen state with the control values (8, column)."""
    state = State.empty(control.shape[1], 3)
    state.tg[:] = 290.0
    state.wg[:] = 0.2
    state.lai[:] = control[LAI]
    state.wg[1:8] = control[WG2:]
    state.resa[:] = 50.0
    state.leaf_nitrogen[:] = 1.3
    state.biomass_leaf[:] = 0.0677 * state.lai
    return state


def linear_members(
    start: State, end: State, jacobian: np.ndarray, domain: AnalysisDomain, settings: ControlSettings | None = None
) -> list[State]:
    """End states of perturbed runs whose finite differences give `jacobian` (2, 8, column)."""
    settings = settings or ControlSettings()
    members = []
    for variable in range(len(CONTROL)):
        size = (
            settings.lai_perturbation * start.lai
            if variable == LAI
            else settings.wg_perturbation[variable - 1] * domain.column_delta_w
        )
        member = end.copy()
        member.wg[1] += jacobian[0, variable] * size
        member.lai += jacobian[1, variable] * size
        members.append(member)
    return members
