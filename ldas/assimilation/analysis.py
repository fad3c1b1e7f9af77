"""The analysis of one window: from background, perturbed runs and observations to the analysed state (§2.6)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ldas.assimilation.control import (
    LAI,
    LAYERS,
    THICKNESS,
    apply_increments,
    control_values,
    controlled,
    leaf_biomass_ratio,
    perturb,
    perturbation_sizes,
)
from ldas.assimilation.domain import AnalysisDomain
from ldas.assimilation.errors import background_variances
from ldas.assimilation.jacobian import (
    LAI_ROW,
    check_jacobian,
    finite_differences,
    frozen_columns,
    lift_lai_floor,
    observed_quantities,
)
from ldas.assimilation.quality_control import CheckedObservations, check_innovations, count_flags
from ldas.assimilation.sekf import background_covariance, bound_increments, solve, water_added
from ldas.assimilation.settings import AssimilationSettings
from ldas.model.state import State


@dataclass(frozen=True)
class Analysis:
    """Result of a window. Arrays over `columns` belong to the columns with perturbed runs; rows 2 are SSM and LAI.

    `state` is the analysed state of all columns: at the window's end, or at its start with `update: window_start`
    (then the caller runs the window once more from it).
    """

    state: State
    columns: np.ndarray  # int64, index of the columns below among all columns
    increments_raw: np.ndarray  # (8, columns)
    increments: np.ndarray  # after bounds, (8, columns)
    limited: np.ndarray  # bool (8, columns), elements changed by a bound
    at_largest_step: np.ndarray  # bool (8, columns), increments as large as a window allows
    jacobian: np.ndarray  # J after checks, (2, 8, columns)
    jacobian_rejected: np.ndarray  # bool (2, columns)
    gain: np.ndarray  # K, (2, 8, columns)
    observation: np.ndarray  # (2, cell), NaN where missing
    observation_deviation: np.ndarray  # sigma_o, (2, cell)
    background: np.ndarray  # model equivalents y_f, (2, cell), NaN without columns
    innovation: np.ndarray  # d of every observation present, used or not, (2, cell), else NaN
    innovation_spread: np.ndarray  # sqrt(S_kk), (2, cell), NaN where no perturbed runs were made
    residual: np.ndarray  # y - h(x_a) where used, (2, cell), else NaN
    chi_square: np.ndarray  # (cell,), NaN without used observations
    degrees_of_freedom: np.ndarray  # (2, cell), NaN where not used
    flags: np.ndarray  # int32 (2, cell), bits of quality_control.Flag
    water_added: np.ndarray  # kg m-2, (cell,)
    counts: dict[str, int]

    @property
    def used(self) -> np.ndarray:
        """Observations that were assimilated, bool (2, cell)."""
        return self.flags == 0


def active_columns(checked: CheckedObservations, domain: AnalysisDomain) -> np.ndarray:
    """Index of the columns that need perturbed runs: those of cells with a usable observation."""
    return np.flatnonzero(checked.active_cells[domain.cell])


def perturbed_starts(
    start: State, columns: np.ndarray, domain: AnalysisDomain, settings: AssimilationSettings
) -> list[State]:
    """The eight perturbed start states of the `columns` of `active_columns`."""
    settings = settings.in_force()
    domain, start = domain.select(columns), start.select(columns)
    return perturb(start, _sizes(start, domain, settings), settings.control, settings.biomass)


def model_equivalents(state: State, domain: AnalysisDomain, settings: AssimilationSettings) -> np.ndarray:
    """What SSM and LAI observations see of a state of all columns, (2, cell); 0 in cells without columns (§2.2)."""
    weights = domain.observation_weights(settings.in_force().ssm_patches)
    return domain.sum_patches(weights * _defined(state, domain))


def analyse(
    checked: CheckedObservations,
    background: State,
    perturbed: Sequence[State],
    start: State,
    columns: np.ndarray,
    domain: AnalysisDomain,
    settings: AssimilationSettings,
) -> Analysis:
    """Analyse one window.

    `background` and `start` are the background's states at the window's end and start on all columns of `domain`;
    `perturbed` the end states of the members of `perturbed_starts` on `columns` (empty when there are none).
    """
    settings = settings.in_force()
    part = domain.select(columns)
    end, begin = background.select(columns), start.select(columns)
    elements = _elements(part)

    equivalents = model_equivalents(background, domain, settings)
    innovation = checked.value - equivalents

    jacobian, rejected, counts = _jacobian(begin, end, perturbed, innovation, elements, part, settings)
    h = part.observation_weights(settings.ssm_patches)[:, None, :] * jacobian
    b = np.where(elements, background_variances(end.lai, part.column_delta_w, settings.errors), 0.0)
    r = checked.deviation**2
    hbht = background_covariance(h, b, part)
    spread = np.sqrt(hbht[:2] + r)
    flags = check_innovations(checked.flags, innovation, spread, settings.quality_control)
    used = flags == 0
    solution = solve(h, b, hbht, r, innovation, used, part)

    updated = elements & used.any(axis=0)[part.cell]
    target = end if settings.update == "window_end" else begin
    increments, limited, at_largest_step = bound_increments(
        solution.increments,
        control_values(target),
        part.lai_min,
        part.w_sat[LAYERS] - (target.wgi[LAYERS] if settings.bounds.room_for_ice else 0.0),
        updated,
        settings.bounds,
    )
    alpha = leaf_biomass_ratio(target, part.patch, part.vegetated, part.nitrogen_e, part.nitrogen_f, settings.biomass)
    state = (background if settings.update == "window_end" else start).copy()
    state.put(columns, apply_increments(target, increments, alpha, part.lai_min, settings.biomass))

    if settings.update == "window_end":
        change = _change(state, background, domain, settings)
    else:
        change = part.sum_patches((h * increments).sum(axis=1))
    present = domain.has_columns
    observed_cells = checked.active_cells
    return Analysis(
        state=state,
        columns=columns,
        increments_raw=solution.increments,
        increments=increments,
        limited=limited,
        at_largest_step=at_largest_step,
        jacobian=jacobian,
        jacobian_rejected=rejected,
        gain=solution.gain,
        observation=checked.value,
        observation_deviation=checked.deviation,
        background=np.where(present, equivalents, np.nan),
        innovation=np.where(present, innovation, np.nan),
        innovation_spread=np.where(observed_cells, spread, np.nan),
        residual=np.where(used, innovation - change, np.nan),
        chi_square=np.where(used.any(axis=0), solution.chi_square, np.nan),
        degrees_of_freedom=np.where(used, solution.degrees_of_freedom, np.nan),
        flags=flags,
        water_added=water_added(increments, THICKNESS, part),
        counts={
            **count_flags(flags),
            **{f"jacobian_{reason}": number for reason, number in counts.items()},
            "elements_updated": int(updated.sum()),
            "elements_limited": int(limited.sum()),
        },
    )


def _elements(domain: AnalysisDomain) -> np.ndarray:
    return controlled(domain.patch, domain.fraction, domain.vegetated, domain.n_water)


def _sizes(start: State, domain: AnalysisDomain, settings: AssimilationSettings) -> np.ndarray:
    return perturbation_sizes(start, domain.column_delta_w, domain.w_sat, _elements(domain), settings.control)


def _defined(state: State, domain: AnalysisDomain) -> np.ndarray:
    """WG2 and LAI with zeros where the weight of the observation operator is zero anyway."""
    values = observed_quantities(state)
    values[1] = np.where(domain.vegetated, values[1], 0.0)
    return values


def _change(analysed: State, background: State, domain: AnalysisDomain, settings: AssimilationSettings) -> np.ndarray:
    """h(x_a) - h(x_b) at the end of the window, (2, cell)."""
    weights = domain.observation_weights(settings.ssm_patches)
    return domain.sum_patches(weights * (_defined(analysed, domain) - _defined(background, domain)))


def _jacobian(
    begin: State,
    end: State,
    perturbed: Sequence[State],
    innovation: np.ndarray,
    elements: np.ndarray,
    domain: AnalysisDomain,
    settings: AssimilationSettings,
) -> tuple[np.ndarray, np.ndarray, dict[str, int]]:
    """J after all checks, (2, 8, column), the rejected rows (2, column) and the counts of what was rejected."""
    if len(domain.cell) == 0:
        return np.zeros((2, 8, 0)), np.zeros((2, 0), bool), {}
    jacobian = finite_differences(end, perturbed, _sizes(begin, domain, settings))
    jacobian, rejected, counts = check_jacobian(jacobian, settings.jacobian)
    if settings.jacobian.mask_frozen:
        frozen = frozen_columns([begin, end, *perturbed], settings.jacobian.frozen_layers)
        jacobian = np.where(frozen, 0.0, jacobian)
        counts["frozen"] = int(frozen.sum())
    if settings.jacobian.lai_floor > 0.0:
        by_column = np.nan_to_num(innovation[LAI_ROW])[domain.cell]
        jacobian = lift_lai_floor(
            jacobian, end.lai, domain.lai_min, by_column, elements[LAI], settings.jacobian.lai_floor
        )
    return jacobian, rejected, counts
