"""Climatology by dekad: the dekad means of every reference year, from which moments and quantiles are exact.

Keeping one mean a year and dekad is what makes it incremental: a new dekad is one more entry, a revised one replaces
its entry, two records merge by union, any year can be left out and any window pooled, without an error that grows.
A climatology belongs to one `version` (model, forcing, parameters and assimilation); versions never mix.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from ldas.dekads import DEKADS_PER_YEAR, Dekad
from ldas.errors import InputError


@dataclass(frozen=True)
class Climatology:
    """Dekad means `values[name][dekad.index]`, each a float32 map (lat, lon) with NaN where there is none."""

    version: str
    values: dict[str, dict[int, np.ndarray]] = field(default_factory=dict)

    def with_dekad(self, dekad: Dekad, means: dict[str, np.ndarray]) -> "Climatology":
        """This climatology with the maps of one dekad added or replaced."""
        names = self.values.keys() | means.keys()
        return Climatology(
            self.version,
            {name: self.values.get(name, {}) | ({dekad.index: means[name]} if name in means else {}) for name in names},
        )

    def merge(self, other: "Climatology") -> "Climatology":
        """The union of two climatologies of one version; entries of `other` replace those of the same dekad."""
        if other.version != self.version:
            raise InputError(f"climatology: expected version {self.version} to merge, got {other.version}")
        names = self.values.keys() | other.values.keys()
        return Climatology(
            self.version, {name: self.values.get(name, {}) | other.values.get(name, {}) for name in names}
        )

    def years(self, name: str) -> list[int]:
        """Years with at least one dekad of `name`."""
        return sorted({index // DEKADS_PER_YEAR for index in self.values.get(name, {})})

    def sample(
        self, name: str, dekad: Dekad, reference_years: Iterable[int], shape: tuple[int, int], half_window: int = 0
    ) -> np.ndarray:
        """Reference values of a dekad, shape (2 half_window + 1, year, lat, lon), NaN where there is none.

        Each reference year gives the dekads within `half_window` of its own dekad of that number, reaching into the
        neighbouring years at the turn of the year; the evaluated dekad's own year is left out.
        """
        years = [year for year in reference_years if year != dekad.year]
        maps = self.values.get(name, {})
        sample = np.full((2 * half_window + 1, len(years), *shape), np.nan, dtype="float32")
        for column, year in enumerate(years):
            centre = Dekad(year, dekad.number).index
            for row, index in enumerate(range(centre - half_window, centre + half_window + 1)):
                if index in maps:
                    sample[row, column] = maps[index]
        return sample


def reference_years(dekad: Dekad, baseline: tuple[int, int] | None, available: list[int]) -> list[int]:
    """Reference years of a dekad: the baseline without the evaluated year, or every available year before it.

    A moving reference never looks ahead, so that a rebuilt publication repeats what was issued.
    """
    if baseline is None:
        return [year for year in available if year < dekad.year]
    return [year for year in range(baseline[0], baseline[1] + 1) if year != dekad.year]


def moments(sample: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Reference years with a value at the centre of the window, mean and sample standard deviation, each (lat, lon).

    `sample` has shape (window, year, lat, lon); every pooled value counts in the mean and the deviation, while years
    (not dekads, which are nearly one sample a year for the root zone) count as independent.
    """
    centre = sample[sample.shape[0] // 2]
    n_years = np.isfinite(centre).sum(axis=0)
    pooled = sample.reshape(-1, *sample.shape[2:]).astype("float64")
    count = np.isfinite(pooled).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.nansum(pooled, axis=0) / np.where(count > 0, count, np.nan)
        squares = np.nansum((pooled - mean) ** 2, axis=0)
        deviation = np.sqrt(squares / np.where(count > 1, count - 1, np.nan))
    return n_years, mean, deviation


def quantiles(sample: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Weibull quantiles (probability, lat, lon) of the pooled sample (window, year, lat, lon).

    NaN where the sample cannot resolve one: the lowest of N values stands for 1 / (N + 1), the highest for N / (N + 1).
    """
    pooled = np.sort(sample.reshape(-1, *sample.shape[2:]).astype("float64"), axis=0)
    count = np.isfinite(pooled).sum(axis=0)
    found = np.full((len(probabilities), *sample.shape[2:]), np.nan)
    if len(pooled) == 0:
        return found
    for row, probability in enumerate(probabilities):
        rank = probability * (count + 1.0)
        resolved = (rank >= 1.0 - 1e-9) & (rank <= count + 1e-9)
        lower = np.where(resolved, np.clip(np.floor(rank + 1e-9), 1, np.maximum(count, 1)), 1).astype(np.int64)
        upper = np.minimum(lower + 1, np.maximum(count, 1))
        low, high = (np.take_along_axis(pooled, (index - 1)[None], axis=0)[0] for index in (lower, upper))
        found[row] = np.where(resolved, low + np.clip(rank - lower, 0.0, 1.0) * (high - low), np.nan)
    return found
