"""The simplified extended Kalman filter for at most two observations a cell, in closed form (§2.6, §2.7).

With b = diag(B) and the two rows h_1, h_2 of H in a cell:

    s_kl = sum_i b_i h_ki h_li + r_k delta_kl      z = S^-1 d      dx_i = b_i (h_1i z_1 + h_2i z_2)

A missing observation leaves the system; it is never padded.
"""

from dataclasses import dataclass

import numpy as np

from ldas.assimilation.control import LAI, WG2
from ldas.assimilation.domain import AnalysisDomain
from ldas.assimilation.settings import BoundSettings
from ldas.errors import InputError


@dataclass(frozen=True)
class Solution:
    """What the filter computes of one window, per cell and per column."""

    z: np.ndarray  # S^-1 d, (2, cell), 0 for an unused observation
    gain: np.ndarray  # K, (2, 8, column)
    increments: np.ndarray  # dx before bounds, (8, column)
    chi_square: np.ndarray  # d^T S^-1 d, (cell,), 0 without observations
    degrees_of_freedom: np.ndarray  # diagonal of HK, (2, cell)


def background_covariance(h: np.ndarray, b: np.ndarray, domain: AnalysisDomain) -> np.ndarray:
    """H B H^T of each cell as (11, 22, 12), shape (3, cell), from `h` (2, 8, column) and `b` (8, column)."""
    if not (b >= 0.0).all():
        raise InputError("background error variances: expected numbers >= 0 in every column")
    bh = b * h
    return domain.sum_patches(
        np.stack([(bh[0] * h[0]).sum(axis=0), (bh[1] * h[1]).sum(axis=0), (bh[0] * h[1]).sum(axis=0)])
    )


def solve(
    h: np.ndarray,
    b: np.ndarray,
    hbht: np.ndarray,
    r: np.ndarray,
    d: np.ndarray,
    used: np.ndarray,
    domain: AnalysisDomain,
) -> Solution:
    """Gain and increments from innovations `d` and error variances `r` (2, cell) where `used` (2, cell) is true."""
    if not (r[used] > 0.0).all():
        raise InputError("observation error variances: expected numbers > 0 for every used observation")
    d = np.where(used, d, 0.0)
    inverse = _invert(hbht, np.where(used, r, 1.0), used)
    z = np.stack([inverse[0] * d[0] + inverse[2] * d[1], inverse[2] * d[0] + inverse[1] * d[1]])
    by_column = inverse[:, domain.cell]
    gain = b * np.stack([h[0] * by_column[0] + h[1] * by_column[2], h[0] * by_column[2] + h[1] * by_column[1]])
    return Solution(
        z=z,
        gain=gain,
        increments=b * (h[0] * z[0, domain.cell] + h[1] * z[1, domain.cell]),
        chi_square=(d * z).sum(axis=0),
        degrees_of_freedom=np.stack(
            [hbht[0] * inverse[0] + hbht[2] * inverse[2], hbht[2] * inverse[2] + hbht[1] * inverse[1]]
        ),
    )


def _invert(hbht: np.ndarray, r: np.ndarray, used: np.ndarray) -> np.ndarray:
    """S^-1 of each cell as (11, 22, 12), with zeros in the rows of unused observations."""
    s11, s22, s12 = hbht[0] + r[0], hbht[1] + r[1], hbht[2]
    both, first, second = used[0] & used[1], used[0] & ~used[1], used[1] & ~used[0]
    determinant = np.where(both, s11 * s22 - s12**2, 1.0)
    return np.stack(
        [
            np.select([both, first], [s22 / determinant, 1.0 / s11], 0.0),
            np.select([both, second], [s11 / determinant, 1.0 / s22], 0.0),
            np.where(both, -s12 / determinant, 0.0),
        ]
    )


def bound_increments(
    increments: np.ndarray,
    forecast: np.ndarray,
    lai_min: np.ndarray,
    w_max: np.ndarray,
    elements: np.ndarray,
    settings: BoundSettings,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Increments limited to the physical range and to the window's largest step (§2.7).

    Also returns the elements that were limited and those whose increment is the largest step, bool (8, column).

    `increments`, `forecast` and `elements` (bool) are (8, column), `lai_min` (column,), `w_max` (7, column) the most
    liquid water WG2 to WG8 can hold. Elements outside the mask get increment 0.
    """
    low = np.concatenate([lai_min[None], np.full_like(w_max, settings.wg_minimum)]) - forecast
    high = np.concatenate([np.full_like(lai_min, np.inf)[None], w_max]) - forecast
    step = np.full((len(forecast), 1), settings.wg_increment)
    step[LAI] = settings.lai_increment
    bounded = np.minimum(np.maximum(increments, low), high)
    bounded = np.clip(bounded, -step, step)
    if settings.reapply:
        bounded = np.minimum(np.maximum(bounded, low), high)
    bounded = np.where(elements, bounded, 0.0)
    return bounded, elements & (bounded != increments), np.abs(bounded) >= step


def water_added(increments: np.ndarray, thickness: np.ndarray, domain: AnalysisDomain) -> np.ndarray:
    """rho_w sum_p f_p sum_v dw Delta z, kg m-2 of each cell (§1.3); `thickness` (7,) in m."""
    return 1000.0 * domain.aggregate((increments[WG2:] * thickness[:, None]).sum(axis=0))
