"""Moments of (observation, open loop) pairs per cell and dekad, updated one window at a time (§3.5).

The history of pairs is never read again: counts, means, second moments and the years seen are all a refit needs.
"""

from dataclasses import dataclass, fields

import numpy as np

DEKADS = 36
FIRST_YEAR = 1980
"""Year of bit 0 of `years`; 63 years fit."""


@dataclass
class PairMoments:
    """Per cell and dekad of the year, shape (36, cell); arrays of one size that a record can store as they are."""

    n: np.ndarray  # number of pairs, float64
    mean_observed: np.ndarray  # m3 m-3
    mean_modelled: np.ndarray
    square_observed: np.ndarray  # sum of squared deviations from the mean
    square_modelled: np.ndarray
    years: np.ndarray  # int64, bit k set: a pair of year FIRST_YEAR + k

    @classmethod
    def empty(cls, cells: int) -> "PairMoments":
        numbers = {f.name: np.zeros((DEKADS, cells)) for f in fields(cls) if f.name != "years"}
        return cls(**numbers, years=np.zeros((DEKADS, cells), np.int64))

    def add(self, dekad: int, year: int, observed: np.ndarray, modelled: np.ndarray) -> "PairMoments":
        """New moments with the pairs of one window, (cell,) each in m3 m-3; NaN in either means no pair.

        `dekad` is 0 to 35. Pairs must have passed quality control (frozen soil and urban cells left out), `observed`
        before rescaling and `modelled` from the open loop, never from the analysis.
        """
        if not 0 <= dekad < DEKADS or not FIRST_YEAR <= year < FIRST_YEAR + 63:
            raise ValueError(
                f"pair moments: expected a dekad 0 to 35 and a year from {FIRST_YEAR}, got {dekad}, {year}"
            )
        pair = np.isfinite(observed) & np.isfinite(modelled)
        new = PairMoments(**{f.name: getattr(self, f.name).copy() for f in fields(self)})
        n = self.n[dekad] + pair
        new.n[dekad] = n
        for values, mean, square in (
            (observed, new.mean_observed, new.square_observed),
            (modelled, new.mean_modelled, new.square_modelled),
        ):
            departure = np.where(pair, values - mean[dekad], 0.0)
            mean[dekad] += departure / np.maximum(n, 1.0)
            square[dekad] += departure * np.where(pair, values - mean[dekad], 0.0)
        new.years[dekad] |= np.where(pair, np.int64(1) << np.int64(year - FIRST_YEAR), np.int64(0))
        return new

    def pool(self, groups: list[np.ndarray]) -> "PairMoments":
        """Moments of several dekads together: one row a group of dekad numbers, exactly as if fitted at once."""
        return _stack([_pool(self, rows, 0) for rows in groups])

    def number_of_years(self) -> np.ndarray:
        """Different years with a pair, shape of `n`."""
        return np.bitwise_count(self.years.astype(np.uint64)).astype(np.int64)


def season(dekad: int, half_width_days: float) -> np.ndarray:
    """Dekads whose centres lie within the half width of a dekad's centre, circular over the year."""
    reach = int(half_width_days // (365.25 / DEKADS))
    return np.arange(dekad - reach, dekad + reach + 1) % DEKADS


def pool_cells(moments: PairMoments, rows: np.ndarray, members: np.ndarray) -> PairMoments:
    """Moments of the cells `members` pooled in each of `rows`, arrays (row,)."""
    chosen = PairMoments(**{f.name: getattr(moments, f.name)[np.ix_(rows, members)].T for f in fields(moments)})
    return _pool(chosen, np.arange(len(members)), 0)


def _pool(moments: PairMoments, rows: np.ndarray, axis: int) -> PairMoments:
    n = moments.n[rows].sum(axis=axis)
    pooled = {"n": n, "years": np.bitwise_or.reduce(moments.years[rows], axis=axis)}
    for kind in ("observed", "modelled"):
        mean, square = getattr(moments, f"mean_{kind}")[rows], getattr(moments, f"square_{kind}")[rows]
        together = (moments.n[rows] * mean).sum(axis=axis) / np.maximum(n, 1.0)
        pooled[f"mean_{kind}"] = together
        pooled[f"square_{kind}"] = (square + moments.n[rows] * (mean - together) ** 2).sum(axis=axis)
    return PairMoments(**pooled)


def _stack(parts: list[PairMoments]) -> PairMoments:
    return PairMoments(**{f.name: np.stack([getattr(part, f.name) for part in parts]) for f in fields(PairMoments)})
