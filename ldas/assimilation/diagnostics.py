"""What users need to judge an analysis: per cell, per domain, and its consistency over a sliding month (§2.6, §7.3)."""

from dataclasses import dataclass

import numpy as np

from ldas.assimilation.analysis import Analysis
from ldas.assimilation.control import CONTROL, WG2
from ldas.assimilation.domain import AnalysisDomain
from ldas.assimilation.quality_control import Flag, rejected_share
from ldas.assimilation.rescaling import drift
from ldas.assimilation.settings import AssimilationSettings
from ldas.variables import variables

SUMS = ("n", "d", "d_squared", "s", "r", "hbht", "d_oa_d_ob", "d_ab_d_ob", "chi_square", "departure")
"""Columns of `consistency_sums`."""


def cell_diagnostics(analysis: Analysis, domain: AnalysisDomain) -> dict[str, np.ndarray]:
    """Maps of the window by name (kinds `analysis` and `diagnostic` of the variable table), (cell,) or (control, cell).

    Increments and Jacobians are sums over patches weighted by their fractions: the Jacobian of a cell is the response
    to the same change in all of its patches.
    """
    part = domain.select(analysis.columns)
    weights = part.fraction
    maps: dict[str, np.ndarray] = {}
    for row, kind in enumerate(("ssm", "lai")):
        maps |= {
            f"{kind}_observed": analysis.observation[row],
            f"{kind}_observed_deviation": analysis.observation_deviation[row],
            f"{kind}_background": analysis.background[row],
            f"{kind}_innovation": analysis.innovation[row],
            f"{kind}_innovation_spread": analysis.innovation_spread[row],
            f"{kind}_residual": analysis.residual[row],
            f"{kind}_degrees_of_freedom": analysis.degrees_of_freedom[row],
            f"{kind}_jacobian": part.sum_patches(weights * analysis.jacobian[row]),
            f"{kind}_flags": analysis.flags[row],
        }
    return maps | {
        "chi_square": analysis.chi_square,
        "increment_raw": part.sum_patches(weights * analysis.increments_raw),
        "increment": part.sum_patches(weights * analysis.increments),
        "elements_limited": part.sum_patches(analysis.limited.sum(axis=0).astype(float)).astype(np.int32),
        "water_added": analysis.water_added,
        "qc_flags": quality_flags(analysis, domain),
    }


def quality_flags(analysis: Analysis, domain: AnalysisDomain) -> np.ndarray:
    """The published bits of each cell, int32 (cell,): the masks and meanings of `qc_flags` in the variable table."""
    part = domain.select(analysis.columns)

    def any_column(mask: np.ndarray) -> np.ndarray:
        return part.sum_patches(mask.astype(float)) > 0.0

    ssm, lai = analysis.flags
    limited = analysis.limited
    facts = {
        "ssm_assimilated": analysis.used[0],
        "lai_assimilated": analysis.used[1],
        "ssm_innovation_too_large": ssm & Flag.INNOVATION,
        "lai_innovation_too_large": lai & Flag.INNOVATION,
        "ssm_frozen_ground": ssm & Flag.FROZEN,
        "snow": (ssm | lai) & Flag.SNOW,
        "ssm_urban": ssm & Flag.URBAN,
        "ssm_relief": ssm & Flag.RELIEF,
        "ssm_open_water": ssm & Flag.WATER,
        "ssm_coverage": ssm & Flag.COVERAGE,
        "ssm_range": ssm & Flag.RANGE,
        "lai_range": lai & Flag.RANGE,
        "ssm_no_rescaling": ssm & (Flag.NO_RESCALING | Flag.RESCALING_VERSION),
        "jacobian_rejected": any_column(analysis.jacobian_rejected.any(axis=0)),
        "increment_limited": any_column((limited & analysis.at_largest_step).any(axis=0)),
        "soil_moisture_bounded": any_column((limited & ~analysis.at_largest_step)[WG2:].any(axis=0)),
    }
    row = variables("analysis")["qc_flags"]
    bits = zip(row.flag_masks, row.flag_meanings.split(), strict=True)
    return sum((np.where(facts[meaning], mask, 0) for mask, meaning in bits), np.zeros(domain.cells)).astype(np.int32)


def days_since(previous: np.ndarray, used: np.ndarray) -> np.ndarray:
    """Days since the last used observation after this daily window, int16 (..., cell); -1 as long as there was none."""
    later = np.where(previous < 0, -1, np.minimum(previous.astype(np.int64) + 1, np.iinfo(np.int16).max))
    return np.where(used, 0, later).astype(np.int16)


def consistency_sums(analysis: Analysis, open_loop: np.ndarray) -> np.ndarray:
    """Sums over the cells of one window that the sliding statistics need, (2 observations, len(SUMS)).

    d_ob = d, d_oa the residual, d_ab = d_ob - d_oa; s, r and hbht are variances; chi_square is d^2 / s; departure is
    the observation minus its equivalent in the open loop, `open_loop` (2, cell) of `analysis.model_equivalents`.
    """
    used = analysis.used
    d, residual = np.where(used, analysis.innovation, 0.0), np.where(used, analysis.residual, 0.0)
    s = np.where(used, analysis.innovation_spread**2, 0.0)
    r = np.where(used, analysis.observation_deviation**2, 0.0)
    chi_square = np.divide(d**2, s, out=np.zeros_like(d), where=used)
    departure = np.where(used, analysis.observation - open_loop, 0.0)
    terms = (used, d, d**2, s, r, s - r, residual * d, (d - residual) * d, chi_square, departure)
    return np.stack([np.asarray(term, dtype=float).sum(axis=1) for term in terms], axis=1)


@dataclass(frozen=True)
class Consistency:
    """Statistics of the sliding month, (2,) for SSM and LAI, NaN without observations (§7.3)."""

    n: np.ndarray
    mean_innovation: np.ndarray
    relative_bias: np.ndarray  # |mean d| / sqrt(mean S), wanted below 0.1 for SSM
    chi_square: np.ndarray  # mean d^2 / S, 1 if B and R are right
    desroziers_r: np.ndarray  # E[d_oa d_ob] / mean R, 1 if R is right
    desroziers_b: np.ndarray  # E[d_ab d_ob] / mean HBH^T, 1 if B is right


def consistency(sums: np.ndarray, settings: AssimilationSettings) -> Consistency:
    """Innovation statistics and Desroziers ratios from the `consistency_sums` of past windows, (window, 2, sums)."""
    total = dict(zip(SUMS, np.moveaxis(sums[-settings.desroziers_cycles :].sum(axis=0), 1, 0), strict=True))

    def ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
        return np.divide(numerator, denominator, out=np.full(2, np.nan), where=denominator > 0.0)

    mean_innovation = ratio(total["d"], total["n"])
    return Consistency(
        n=total["n"],
        mean_innovation=mean_innovation,
        relative_bias=ratio(np.abs(mean_innovation), np.sqrt(ratio(total["s"], total["n"]))),
        chi_square=ratio(total["chi_square"], total["n"]),
        desroziers_r=ratio(total["d_oa_d_ob"], total["r"]),
        desroziers_b=ratio(total["d_ab_d_ob"], total["hbht"]),
    )


def sliding_summary(sums: np.ndarray, settings: AssimilationSettings) -> dict[str, float | int | bool]:
    """The sliding statistics and the drift of the rescaled SSM in numbers, from the sums of all windows so far."""
    statistics = consistency(sums, settings)
    summary: dict[str, float | int | bool] = {}
    for row, kind in enumerate(("ssm", "lai")):
        for name, values in vars(statistics).items():
            summary[f"{kind}_month_{name}"] = float(values[row])
    departure, n = sums[:, 0, SUMS.index("departure")], sums[:, 0, SUMS.index("n")]
    mean, alarm = drift(departure[:, None], n[:, None], settings.rescaling)
    return summary | {"ssm_drift": float(mean[0]), "ssm_drift_alarm": bool(alarm[0])}


def domain_summary(
    analysis: Analysis, domain: AnalysisDomain, settings: AssimilationSettings
) -> dict[str, float | int | bool]:
    """One window in numbers: counts, means over cells and alarms, for provenance, logs and artifacts."""
    land = domain.has_columns
    summary: dict[str, float | int | bool] = dict(analysis.counts)
    shares = rejected_share(analysis.flags)
    for row, kind in enumerate(("ssm", "lai")):
        used = analysis.used[row]
        summary |= {
            f"{kind}_mean_innovation": _mean(analysis.innovation[row], used),
            f"{kind}_mean_spread": _mean(analysis.innovation_spread[row], used),
            f"{kind}_mean_residual": _mean(analysis.residual[row], used),
            f"{kind}_degrees_of_freedom": float(np.nansum(analysis.degrees_of_freedom[row])),
            f"{kind}_rejected_share": float(shares[row]),
            f"{kind}_rejection_alarm": bool(shares[row] > settings.quality_control.alarm_share),
        }
    increments = domain.select(analysis.columns).aggregate(analysis.increments)
    summary |= {f"mean_increment_{name.lower()}": _mean(increments[row], land) for row, name in enumerate(CONTROL)}
    summary["mean_water_added"] = _mean(analysis.water_added, land)
    summary["mean_chi_square"] = _mean(analysis.chi_square, np.isfinite(analysis.chi_square))
    return summary | error_report(domain, settings)


def error_report(domain: AnalysisDomain, settings: AssimilationSettings) -> dict[str, float]:
    """Domain-mean standard deviations in m3 m-3: near 0.04 (WG2), 0.02 (deeper) and 0.05 (SSM) (§2.4)."""
    delta_w = _mean(domain.delta_w, domain.has_columns)
    errors = settings.errors
    return {
        "background_wg2": errors.background_wg2 * delta_w,
        "background_deep": errors.background_deep * delta_w,
        "observation_ssm": errors.observation_ssm * delta_w,
    }


def _mean(values: np.ndarray, where: np.ndarray) -> float:
    return float(values[where].mean()) if where.any() else float("nan")
