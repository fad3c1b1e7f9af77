"""Scores of an evaluated series against a reference (evaluation document §5.1): pure functions on arrays."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

MINIMUM_PAIRS = 10
NAN = float("nan")


@dataclass(frozen=True)
class Scores:
    """Agreement of n pairs; every number is NaN below `MINIMUM_PAIRS`, R and p also where a series is constant."""

    n: int
    r: float = NAN
    ubrmsd: float = NAN
    rmsd: float = NAN
    bias: float = NAN  # mean of evaluated minus reference
    p_value: float = NAN  # F-test of the regression with n - 2 degrees of freedom
    n_effective: float = NAN
    p_effective: float = NAN  # the same test with n_effective


def scores(reference: np.ndarray, evaluated: np.ndarray) -> Scores:
    """Scores over the times where both series (time,) have a value.

    ubRMSD² = RMSD² − MB²; Eq. 1 of the reference paper as printed divides ubRMSD by n once too often. The effective
    sample size n (1 − ρ₁ρ₂)/(1 + ρ₁ρ₂) takes the lag-1 autocorrelations between successive pairs.
    """
    present = np.isfinite(reference) & np.isfinite(evaluated)
    o, s = reference[present], evaluated[present]
    n = len(o)
    if n < MINIMUM_PAIRS:
        return Scores(n)
    difference = s - o
    bias = float(difference.mean())
    rmsd = float(np.sqrt((difference**2).mean()))
    ubrmsd = float(difference.std())
    r = correlation(o, s)
    product = lag_1(o) * lag_1(s)
    n_effective = float(np.clip(n * (1.0 - product) / (1.0 + product), 2.0, n)) if np.isfinite(product) else NAN
    return Scores(n, r, ubrmsd, rmsd, bias, p_value(r, n), n_effective, p_value(r, n_effective))


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Pearson's R, NaN where a series is constant."""
    deviation = a.std() * b.std()
    if not deviation > 1e-12 * max(1.0, abs(a.mean() * b.mean())):
        return NAN
    return float(np.clip(((a - a.mean()) * (b - b.mean())).mean() / deviation, -1.0, 1.0))


def lag_1(series: np.ndarray) -> float:
    """Autocorrelation between successive values."""
    return correlation(series[:-1], series[1:])


def p_value(r: float, n: float) -> float:
    """Probability of an |R| this large by chance: F = R²(n−2)/(1−R²) with (1, n−2) degrees of freedom."""
    if not (np.isfinite(r) and n > 2.0):
        return NAN
    if abs(r) >= 1.0:
        return 0.0
    return float(stats.f.sf(r**2 * (n - 2.0) / (1.0 - r**2), 1.0, n - 2.0))


def gain_in_correlation(r_analysis: float, r_open_loop: float) -> float:
    """NIC_R = 100 (R_an − R_OL)/(1 − R_OL), %; gains above 3 count as better, below −3 as worse."""
    return 100.0 * (r_analysis - r_open_loop) / (1.0 - r_open_loop) if r_open_loop < 1.0 else NAN


def change_of_rmsd(rmsd_analysis: float, rmsd_open_loop: float) -> float:
    """N_RMSD = 100 (RMSD_an − RMSD_OL)/RMSD_OL, %."""
    return 100.0 * (rmsd_analysis - rmsd_open_loop) / rmsd_open_loop if rmsd_open_loop > 0.0 else NAN


def map_scores(reference: np.ndarray, evaluated: np.ndarray, minimum: int = 30) -> tuple[np.ndarray, ...]:
    """(R, ubRMSD, n) of each cell over time, from (time, …) arrays; NaN where fewer than `minimum` pairs."""
    present = np.isfinite(reference) & np.isfinite(evaluated)
    n = present.sum(axis=0)
    enough = n >= minimum
    o, s = (np.where(present, values, 0.0) for values in (reference, evaluated))
    with np.errstate(invalid="ignore", divide="ignore"):
        o, s = (np.where(present, values - values.sum(axis=0) / n, 0.0) for values in (o, s))
        r = (o * s).sum(axis=0) / np.sqrt((o**2).sum(axis=0) * (s**2).sum(axis=0))
        ubrmsd = np.sqrt(((s - o) ** 2).sum(axis=0) / n)
    return np.where(enough, r, np.nan), np.where(enough, ubrmsd, np.nan), n
