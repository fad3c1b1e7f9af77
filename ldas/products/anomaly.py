"""Standardised anomalies, percentiles, drought classes and their short-record rules (method document §6)."""

from enum import IntEnum

import numpy as np
from scipy.ndimage import uniform_filter

USDM_PERCENTILES = (30.0, 20.0, 10.0, 5.0, 2.0)
"""Upper limits of D0 to D4 (U.S. Drought Monitor)."""
SHRINKAGE_YEARS = 4.0
SHRINKAGE_CELLS = 9


class Confidence(IntEnum):
    """Standing of an anomaly by the number of its reference years (§6.4)."""

    NONE = 0
    EXPERIMENTAL = 1
    PROVISIONAL = 2
    FULL = 3


class DroughtClass(IntEnum):
    WET_OR_NORMAL = 0
    D0 = 1
    D1 = 2
    D2 = 3
    D3 = 4
    D4 = 5
    NOT_ISSUED = 6


class MoistureClass(IntEnum):
    DRY = 0
    NORMAL = 1
    WET = 2
    NOT_ISSUED = 3


class AnomalyMask(IntEnum):
    """Why an anomaly is withheld; bits of `anomaly_mask`."""

    SNOW = 1
    FROZEN = 2
    LAI_LOW = 4
    LAI_CONSTANT = 8
    RZSM_CONSTANT = 16
    URBAN = 32
    OPEN_WATER = 64


def confidence(n_years: np.ndarray) -> np.ndarray:
    """Label by reference years: below 3 none, 3-4 experimental, 5-19 provisional, 20 or more full (§6.4)."""
    return np.select(
        [n_years < 3, n_years < 5, n_years < 20],
        [Confidence.NONE, Confidence.EXPERIMENTAL, Confidence.PROVISIONAL],
        Confidence.FULL,
    ).astype("int8")


def standardised_anomaly(
    value: np.ndarray, n_years: np.ndarray, mean: np.ndarray, deviation: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """z = (x - mean) / deviation, SE(z) = sqrt(1/n + z^2 / (2 (n - 1))); NaN below 3 years (§6.1, §6.4)."""
    issued = (n_years >= 3) & (deviation > 0.0)
    years = np.where(issued, n_years, 3)
    z = np.where(issued, (value - mean) / np.where(issued, deviation, 1.0), np.nan)
    return z, np.sqrt(1.0 / years + z**2 / (2.0 * (years - 1.0)))


def shrunk_deviation(deviation: np.ndarray, n_years: np.ndarray, cells: int = SHRINKAGE_CELLS) -> np.ndarray:
    """Deviation shrunk towards its spatial mean: s^2 = w s_c^2 + (1 - w) s_mean^2, w = (n - 1)/(n - 1 + 4) (§6.4)."""
    valid = np.isfinite(deviation)
    weight = uniform_filter(valid.astype("float64"), cells, mode="constant")
    variance = uniform_filter(np.where(valid, deviation, 0.0) ** 2, cells, mode="constant")
    own = (n_years - 1.0) / (n_years - 1.0 + SHRINKAGE_YEARS)
    smooth = np.where(valid, variance / np.where(valid, weight, 1.0), np.nan)
    return np.sqrt(own * deviation**2 + (1.0 - own) * smooth)


def weibull_percentile(value: np.ndarray, sample: np.ndarray) -> np.ndarray:
    """100 rank / (N + 1) of a map in its sample (N, lat, lon), between 100/(N + 1) and 100 N/(N + 1) (§6.3).

    A value between two of the sample's takes the middle of their ranks, tied values their mean rank.
    """
    count = np.isfinite(sample).sum(axis=0)
    with np.errstate(invalid="ignore"):
        below = (sample < value).sum(axis=0)
        not_above = (sample <= value).sum(axis=0)
    rank = np.clip((below + not_above + 1) / 2.0, 1.0, np.maximum(count, 1))
    return np.where((count > 0) & np.isfinite(value), 100.0 * rank / (count + 1.0), np.nan)


def drought_class(percentile: np.ndarray, n_years: np.ndarray) -> np.ndarray:
    """USDM class of a percentile: D0-D2 from 10 reference years, D0-D4 from 20, else not issued (§6.4)."""
    with np.errstate(invalid="ignore"):
        classes = sum((percentile <= limit).astype("int8") for limit in USDM_PERCENTILES)
    classes = np.where(n_years >= 20, classes, np.minimum(classes, DroughtClass.D2))
    return np.where((n_years >= 10) & np.isfinite(percentile), classes, DroughtClass.NOT_ISSUED).astype("int8")


def moisture_class(z: np.ndarray, n_years: np.ndarray) -> np.ndarray:
    """Dry at z <= -1, wet at z >= 1, normal between, from 5 reference years, else not issued (§6.4)."""
    with np.errstate(invalid="ignore"):
        classes = np.where(z <= -1.0, MoistureClass.DRY, np.where(z >= 1.0, MoistureClass.WET, MoistureClass.NORMAL))
    return np.where((n_years >= 5) & np.isfinite(z), classes, MoistureClass.NOT_ISSUED).astype("int8")


def relative_anomaly(
    daily: np.ndarray, reference_daily: np.ndarray, minimum_days: int = 20, minimum_reference: float = 0.02
) -> np.ndarray:
    """(mean - mean_ref) / mean_ref of a month's days (day, lat, lon) against the reference month's (Eq. 2, §5.3).

    NaN where either month has fewer than `minimum_days` values or the reference mean is not above `minimum_reference`.
    """
    mean, days = _mean_and_days(daily)
    reference, reference_days = _mean_and_days(reference_daily)
    usable = (days >= minimum_days) & (reference_days >= minimum_days) & (reference > minimum_reference)
    return np.where(usable, (mean - reference) / np.where(usable, reference, 1.0), np.nan)


def dry_spell(z: np.ndarray, previous: np.ndarray | None) -> np.ndarray:
    """Consecutive dekads with z < -1 up to this one; `previous` is the last dekad's count; -1 where z is not issued."""
    before = np.zeros(z.shape) if previous is None else np.maximum(previous, 0)
    with np.errstate(invalid="ignore"):
        spell = np.where(z < -1.0, before + 1, 0)
    return np.where(np.isfinite(z), spell, -1).astype("int16")


def _mean_and_days(daily: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    days = np.isfinite(daily).sum(axis=0)
    total = np.nansum(daily.astype("float64"), axis=0)
    return np.where(days > 0, total / np.maximum(days, 1), np.nan), days
