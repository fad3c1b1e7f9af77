"""One dekad's maps: means, anomalies, percentiles, classes and counts from the daily layers (method document §6)."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from ldas.dekads import DEKADS_PER_YEAR, Dekad
from ldas.products import anomaly
from ldas.products.anomaly import AnomalyMask
from ldas.products.climatology import Climatology, moments, quantiles, reference_years
from ldas.products.settings import DroughtSettings
from ldas.products.source import Source
from ldas.variables import variables

ANOMALIES = ("ssm", "rzsm", "lai")
MEANS = ("ssm", "ssm_ol", "rzsm", "rzsm_ol", "lai", "lai_ol")
SUMS = ("ssm_increment", "rz_water_increment", "lai_increment")
QUANTILES = (50, 30, 20, 10, 5, 2)
"""Percentages published of the root zone: the median and the limits of the drought classes."""
COUNTS = ("n_ssm_obs", "n_lai_obs")
FROZEN_LAYERS = 2
"""Ice in the first two soil layers (0-0.04 m) makes a frozen day."""

Maps = dict[str, np.ndarray]


@dataclass
class DroughtStory:
    """Makes the maps of consecutive dekads, remembering what the next one needs."""

    source: Source
    settings: DroughtSettings
    climatology: Climatology
    previous_spell: np.ndarray | None = None
    years: set[int] = field(default_factory=set)
    """Years with dekad means, in the climatology or to be added."""

    def maps(self, dekad: Dekad) -> Maps:
        """All `drought` rows of one dekad; its means join the climatology."""
        daily = self._daily(dekad)
        maps = self._summaries(daily)
        self.climatology = self.climatology.with_dekad(dekad, {name: maps[name] for name in ANOMALIES})
        self.years.add(dekad.year)
        maps |= self._anomalies(dekad, maps, self._conditions(daily))
        maps |= self._changes(dekad, maps)
        maps |= self._relative(dekad)
        land = np.isfinite(maps["rzsm"])
        return {name: _stored(maps[name], row.dtype, row.fill, land) for name, row in variables("drought").items()}

    def learn(self, dekads: Iterable[Dekad]) -> None:
        """Add the means of dekads to the climatology before any is evaluated (a fixed baseline looks ahead)."""
        for dekad in dekads:
            means = self._summaries(self._daily(dekad))
            self.climatology = self.climatology.with_dekad(dekad, {name: means[name] for name in ANOMALIES})
            self.years.add(dekad.year)

    def _daily(self, dekad: Dekad) -> Maps:
        first, last = self.source.steps(dekad.first_day, dekad.last_day)
        return self.source.daily(first, last, (*MEANS, *SUMS, *COUNTS, "snow_water_equivalent", "wgi"))

    def _summaries(self, daily: Maps) -> Maps:
        minimum = self.settings.minimum_days
        maps = {name: _mean(daily[name], minimum) for name in MEANS}
        maps |= {name: np.nansum(daily[name], axis=0) for name in SUMS}
        maps |= {name: np.maximum(daily[name], 0).sum(axis=0) for name in COUNTS}
        maps["n_days"] = np.isfinite(daily["rzsm"]).sum(axis=0)
        return maps

    def _conditions(self, daily: Maps) -> np.ndarray:
        """Bits of `anomaly_mask` that withhold every anomaly: snow, frost, town, water."""
        half = daily["rzsm"].shape[0] / 2.0
        snow = (daily["snow_water_equivalent"] > self.settings.snow_water_equivalent).sum(axis=0) > half
        frozen = (daily["wgi"][:, :FROZEN_LAYERS] > 0.0).any(axis=1).sum(axis=0) > half
        urban = self.source.static["urban_fraction"].values > self.settings.maximum_urban_fraction
        water = self.source.static["water_fraction"].values > self.settings.maximum_water_fraction
        return (
            snow * AnomalyMask.SNOW
            + frozen * AnomalyMask.FROZEN
            + urban * AnomalyMask.URBAN
            + water * AnomalyMask.OPEN_WATER
        ).astype("int16")

    def _anomalies(self, dekad: Dekad, means: Maps, mask: np.ndarray) -> Maps:
        maps: Maps = {}
        withheld = mask > 0
        for name in ANOMALIES:
            n_years, mean, deviation = self._reference(name, dekad)
            reasons = self._unusable(name, mean, deviation)
            mask = mask | reasons
            hidden = withheld | (reasons > 0)
            z, error = anomaly.standardised_anomaly(means[name], n_years, mean, deviation)
            maps[f"{name}_zscore"] = np.where(hidden, np.nan, z)
            maps[f"{name}_zscore_se"] = np.where(hidden, np.nan, error)
            maps[f"{name}_reference_mean"], maps[f"{name}_reference_deviation"] = mean, deviation
            if name == "lai":
                continue
            sample = self._sample(name, dekad, self.settings.percentile_half_window)
            pooled = sample.reshape(-1, *sample.shape[2:])
            percentile = anomaly.weibull_percentile(means[name], pooled)
            maps[f"{name}_percentile"] = np.where(hidden | (n_years < 3), np.nan, percentile)
            if name == "rzsm":
                levels = quantiles(sample, np.array(QUANTILES) / 100.0)
                maps |= {f"rzsm_quantile_{percent}": level for percent, level in zip(QUANTILES, levels, strict=True)}
                maps["climatology_n_years"] = n_years
                maps["confidence"] = anomaly.confidence(n_years)
                maps["drought_class"] = anomaly.drought_class(maps["rzsm_percentile"], n_years)
                maps["moisture_class"] = anomaly.moisture_class(maps["rzsm_zscore"], n_years)
        maps["anomaly_mask"] = mask
        return maps

    def _reference(self, name: str, dekad: Dekad) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Years, mean and deviation; 3-4 years take the widened window (§6.4)."""
        n_years, mean, deviation = moments(self._sample(name, dekad, 0))
        short = (n_years == 3) | (n_years == 4)
        if short.any():
            _, wide_mean, wide_deviation = moments(self._sample(name, dekad, self.settings.short_record_half_window))
            mean, deviation = np.where(short, wide_mean, mean), np.where(short, wide_deviation, deviation)
        if self.settings.shrink_deviation:
            deviation = anomaly.shrunk_deviation(deviation, n_years)
        return n_years, mean, deviation

    def _sample(self, name: str, dekad: Dekad, half_window: int) -> np.ndarray:
        years = reference_years(dekad, self.settings.baseline, sorted(self.years))
        return self.climatology.sample(name, dekad, years, self.source.grid.shape, half_window)

    def _unusable(self, name: str, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
        """Bits that withhold the anomaly of one variable only (§6.4)."""
        bits = np.zeros(mean.shape, dtype="int16")
        with np.errstate(invalid="ignore"):
            if name == "lai":
                bits |= np.where(mean < self.settings.minimum_lai, AnomalyMask.LAI_LOW, 0).astype("int16")
                constant = deviation < self.settings.minimum_lai_deviation
                bits |= np.where(constant, AnomalyMask.LAI_CONSTANT, 0).astype("int16")
            if name == "rzsm":
                constant = deviation < self.settings.minimum_rzsm_deviation
                bits |= np.where(constant, AnomalyMask.RZSM_CONSTANT, 0).astype("int16")
        return bits

    def _changes(self, dekad: Dekad, maps: Maps) -> Maps:
        nothing = np.full(self.source.grid.shape, np.nan, dtype="float32")
        before = self.climatology.values["rzsm"]
        self.previous_spell = anomaly.dry_spell(maps["rzsm_zscore"], self.previous_spell)
        return {
            "rzsm_change_10d": maps["rzsm"] - before.get(dekad.index - 1, nothing),
            "rzsm_change_year": maps["rzsm"] - before.get(dekad.index - DEKADS_PER_YEAR, nothing),
            "dry_spell_dekads": self.previous_spell,
        }

    def _relative(self, dekad: Dekad) -> Maps:
        """Relative anomaly of the month that the dekad closes (Eq. 2); NaN in the month's other dekads."""
        names = ("ssm", "rzsm")
        maps = {f"{name}_relative_anomaly": np.full(self.source.grid.shape, np.nan) for name in names}
        reference_year = self.settings.relative_reference_year or dekad.year - 1
        if not dekad.closes_month or reference_year == dekad.year:
            return maps
        reference = Dekad(reference_year, dekad.number)
        month = self.source.daily(*self.source.steps(dekad.shift(-2).first_day, dekad.last_day), names)
        before = self.source.daily(*self.source.steps(reference.shift(-2).first_day, reference.last_day), names)
        for name in names:
            maps[f"{name}_relative_anomaly"] = anomaly.relative_anomaly(
                month[name], before[name], self.settings.relative_minimum_days
            )
        return maps


def _mean(daily: np.ndarray, minimum_days: int) -> np.ndarray:
    """Mean over days; NaN where fewer than `minimum_days` have a value."""
    days = np.isfinite(daily).sum(axis=0)
    total = np.nansum(daily.astype("float64"), axis=0)
    return np.where(days >= minimum_days, total / np.maximum(days, 1), np.nan).astype("float32")


def _stored(values: np.ndarray, dtype: str, fill: float | int | None, land: np.ndarray) -> np.ndarray:
    """A map in its stored type, with the fill value outside land."""
    return np.where(land, values, np.nan if fill is None else fill).astype(dtype)
