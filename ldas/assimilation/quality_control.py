"""Acceptance of observations: one bit a reason, kept per cell and counted per window (§2.9)."""

from dataclasses import dataclass
from enum import IntFlag

import numpy as np

from ldas.assimilation.domain import AnalysisDomain
from ldas.assimilation.errors import lai_deviation, ssm_deviation
from ldas.assimilation.settings import AssimilationSettings, Experiment, QualityControlSettings
from ldas.model.state import State

SNOW_DEPTH_OF_FULL_COVER = 0.01
"""m; p_sng = min(1, depth / 0.01 m) of the energy document §4.1, never less than the model's own snow fraction."""


class Flag(IntFlag):
    """Why an observation of a cell was not used; 0 means it was."""

    MISSING = 1
    NOT_IN_EXPERIMENT = 2
    NO_COLUMN = 4
    PRODUCT = 8
    ERROR_NOT_POSITIVE = 16
    RANGE = 32
    NO_RESCALING = 64
    RESCALING_VERSION = 128
    URBAN = 256
    WATER = 512
    RELIEF = 1024
    COVERAGE = 2048
    FROZEN = 4096
    SNOW = 8192
    INNOVATION = 16384


NOT_OFFERED = Flag.MISSING | Flag.NOT_IN_EXPERIMENT | Flag.NO_COLUMN
"""Flags of cells where nothing was rejected because there was nothing to use."""


@dataclass(frozen=True)
class CellObservations:
    """Observations valid at the end of the window, (cell,), NaN where there is none.

    `ssm` is rescaled to the model's climatology (m3 m-3), `ssm_deviation` the product's uncertainty times the slope
    (NaN: none given), `ssm_inflation` the factor of the rescaling fall-back, `ssm_count` the retrieved 100 m pixels
    (NaN: unknown). `ssm_flags` and `lai_flags` carry what readers and rescaling already know, as bits of `Flag`.
    """

    ssm: np.ndarray
    lai: np.ndarray
    ssm_deviation: np.ndarray
    ssm_inflation: np.ndarray
    ssm_count: np.ndarray
    ssm_flags: np.ndarray
    lai_flags: np.ndarray

    @classmethod
    def on_cells(
        cls,
        cells: int,
        *,
        ssm: np.ndarray | None = None,
        lai: np.ndarray | None = None,
        ssm_deviation: np.ndarray | None = None,
        ssm_inflation: np.ndarray | None = None,
        ssm_count: np.ndarray | None = None,
        ssm_flags: np.ndarray | None = None,
        lai_flags: np.ndarray | None = None,
    ) -> "CellObservations":
        """Observations on `cells` cells, with what is not given missing, unknown, not inflated and not flagged."""

        def field(values: np.ndarray | None, default: float) -> np.ndarray:
            return np.full(cells, default) if values is None else np.asarray(values, dtype=float).reshape(cells)

        def flags(values: np.ndarray | None) -> np.ndarray:
            return np.zeros(cells, np.int32) if values is None else np.asarray(values, dtype=np.int32).reshape(cells)

        return cls(
            ssm=field(ssm, np.nan),
            lai=field(lai, np.nan),
            ssm_deviation=field(ssm_deviation, np.nan),
            ssm_inflation=field(ssm_inflation, 1.0),
            ssm_count=field(ssm_count, np.nan),
            ssm_flags=flags(ssm_flags),
            lai_flags=flags(lai_flags),
        )


@dataclass(frozen=True)
class CheckedObservations:
    """Observations after the checks that need no Jacobian; rows are SSM and LAI."""

    value: np.ndarray  # (2, cell), NaN where missing
    deviation: np.ndarray  # sigma_o, (2, cell), NaN where missing
    flags: np.ndarray  # int32 (2, cell), bits of Flag

    @property
    def usable(self) -> np.ndarray:
        """Observations without a flag, bool (2, cell)."""
        return self.flags == 0

    @property
    def active_cells(self) -> np.ndarray:
        """Cells that need perturbed runs, bool (cell,)."""
        return self.usable.any(axis=0)


def check_observations(
    observations: CellObservations,
    background: State,
    domain: AnalysisDomain,
    settings: AssimilationSettings,
    experiment: Experiment,
) -> CheckedObservations:
    """All checks that can be made on the background at the end of the window, before any perturbed run."""
    settings = settings.in_force()
    rules = settings.quality_control
    value = np.stack([observations.ssm, observations.lai])
    deviation = np.stack(
        [
            ssm_deviation(
                domain.delta_w,
                observations.ssm_deviation,
                observations.ssm_inflation,
                observations.ssm_count,
                settings.errors,
            ),
            lai_deviation(observations.lai, settings.errors),
        ]
    )
    flags = np.stack([observations.ssm_flags, observations.lai_flags]).astype(np.int32)
    missing = ~np.isfinite(value)
    assimilated = np.array(["SSM" in experiment, "LAI" in experiment])[:, None]
    weights = domain.sum_patches(domain.observation_weights(settings.ssm_patches))
    weights[1] = np.where(domain.has_columns, 1.0, 0.0)
    _mark(flags, missing & (flags == 0), Flag.MISSING)
    _mark(flags, ~assimilated, Flag.NOT_IN_EXPERIMENT)
    _mark(flags, weights <= 0.0, Flag.NO_COLUMN)
    _mark(flags, ~missing & ~(deviation > 0.0), Flag.ERROR_NOT_POSITIVE)
    _mark(flags, ~missing & ~np.isfinite(deviation), Flag.ERROR_NOT_POSITIVE)
    if rules.rules == "reference":
        _mark(flags, domain.has_columns & (domain.smallest(background.wgi[1]) > 0.0), Flag.FROZEN)
    else:
        _mark_project_rules(flags, value, observations.ssm_count, background, domain, rules)
    return CheckedObservations(np.where(missing, np.nan, value), np.where(missing, np.nan, deviation), flags)


def _mark(flags: np.ndarray, where: np.ndarray, flag: Flag) -> None:
    flags |= np.where(where, np.int32(flag), np.int32(0))


def _mark_project_rules(
    flags: np.ndarray,
    value: np.ndarray,
    ssm_count: np.ndarray,
    background: State,
    domain: AnalysisDomain,
    rules: QualityControlSettings,
) -> None:
    ssm, lai = flags[0], flags[1]
    porosity = domain.aggregate(domain.w_sat[1])
    with np.errstate(invalid="ignore"):
        too_wet = domain.has_columns & (value[0] > porosity + rules.ssm_above_porosity)
        _mark(ssm, (value[0] <= 0.0) | too_wet, Flag.RANGE)
        _mark(lai, (value[1] < 0.0) | (value[1] > rules.lai_maximum), Flag.RANGE)
        _mark(ssm, ssm_count < rules.coverage_minimum * rules.pixels_per_cell, Flag.COVERAGE)
    _mark(ssm, domain.urban_fraction > rules.urban_limit, Flag.URBAN)
    _mark(ssm, domain.water_fraction > rules.water_limit, Flag.WATER)
    _mark(ssm, domain.slope > rules.slope_limit, Flag.RELIEF)
    ice = domain.aggregate(background.wgi[:2].sum(axis=0))
    cold = domain.aggregate(background.tg[1]) < rules.soil_temperature_minimum
    _mark(ssm, domain.has_columns & ((ice > 0.0) | cold), Flag.FROZEN)
    snow_mass = domain.aggregate(background.snow_swe.sum(axis=0))
    depth = (background.snow_swe / background.snow_density).sum(axis=0)
    snow_fraction = domain.aggregate(np.minimum(1.0, depth / SNOW_DEPTH_OF_FULL_COVER))
    snowy = (snow_mass > rules.snow_mass_limit) | (snow_fraction > rules.snow_fraction_limit)
    _mark(flags, snowy, Flag.SNOW)


def check_innovations(
    flags: np.ndarray, d: np.ndarray, spread: np.ndarray, rules: QualityControlSettings
) -> np.ndarray:
    """`flags` (2, cell) with INNOVATION set where |d| is too large for the expected `spread` sqrt(S_kk) (2, cell)."""
    if not rules.innovation_check:
        return flags
    if rules.rules == "reference":
        limit = np.full_like(d, rules.reference_innovation_limit)
    else:
        limit = np.stack(
            [
                np.minimum(rules.ssm_spread_factor * spread[0], rules.ssm_innovation_limit),
                np.maximum(rules.lai_spread_factor * spread[1], rules.lai_innovation_limit),
            ]
        )
    checked = flags.copy()
    _mark(checked, (flags == 0) & (np.abs(d) > limit), Flag.INNOVATION)
    return checked


def usable_for_rescaling(flags: np.ndarray) -> np.ndarray:
    """Cells whose SSM observation may enter the moments of rescaling, bool (cell,), from flags (2, cell).

    It need not be assimilated, rescaled or close to the background; frozen, urban and other bad ones stay out (§3.4).
    """
    of_no_matter = Flag.NOT_IN_EXPERIMENT | Flag.NO_RESCALING | Flag.RESCALING_VERSION | Flag.RANGE | Flag.INNOVATION
    return (flags[0] & ~np.int32(of_no_matter)) == 0


def count_flags(flags: np.ndarray) -> dict[str, int]:
    """Observations used, offered and flagged by reason: `ssm_used`, `lai_snow`, ... from flags (2, cell)."""
    counts = {}
    for name, row in zip(("ssm", "lai"), flags, strict=True):
        counts[f"{name}_used"] = int((row == 0).sum())
        counts[f"{name}_offered"] = int(((row & NOT_OFFERED) == 0).sum())
        counts |= {f"{name}_{flag.name.lower()}": int(((row & flag) != 0).sum()) for flag in Flag if flag.name}
    return counts


def rejected_share(flags: np.ndarray) -> np.ndarray:
    """Share of the offered SSM and LAI observations that were rejected, (2,); 0 when none was offered."""
    offered = (flags & NOT_OFFERED) == 0
    rejected = offered & (flags != 0)
    return rejected.sum(axis=1) / np.maximum(offered.sum(axis=1), 1)
