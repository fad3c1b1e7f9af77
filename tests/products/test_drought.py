"""Dekad maps of a record of several years whose anomalies are known."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
import xarray as xr

from ldas.dekads import Dekad
from ldas.products.anomaly import AnomalyMask, Confidence, DroughtClass, MoistureClass
from ldas.products.climatology import Climatology
from ldas.products.drought import DroughtStory
from ldas.products.settings import DroughtSettings
from ldas.products.source import Source
from ldas.record import Provenance
from tests.products.builders import SEA, build_source

DEKAD_DAYS = 10


def _history(levels: dict[int, float]) -> Source:
    """The first dekad of January of each year, soil moisture constant in time at the year's level."""
    pattern = build_source(DEKAD_DAYS)
    days = [date(year, 1, 1) + timedelta(days=k) for year in levels for k in range(DEKAD_DAYS)]
    analysis = xr.concat([pattern.analysis] * len(levels), dim="time", data_vars="minimal")
    water = np.repeat(np.array(list(levels.values()), "float32"), DEKAD_DAYS)
    for name in ("wg", "wg_ol"):
        values = np.broadcast_to(water[:, None, None, None], analysis[name].shape).copy()
        values[(..., *SEA)] = np.nan
        analysis[name] = (analysis[name].dims, values)
    cycles = tuple(Provenance(datetime(d.year, d.month, d.day, 18, tzinfo=UTC), "0.1.0", "c0ffee") for d in days)
    return replace(pattern, analysis=analysis, cycles=cycles)


def _last(levels: dict[int, float], settings: DroughtSettings | None = None) -> dict[str, np.ndarray]:
    source = _history(levels)
    story = DroughtStory(source, settings or DroughtSettings(), Climatology("v"))
    if settings and settings.baseline:
        story.learn(Dekad(year, 1) for year in levels)
    for year in levels:
        maps = story.maps(Dekad(year, 1))
    return maps


def _levels(years: int, last: float) -> dict[int, float]:
    past = {2000 + k: 0.25 + 0.01 * (k % 5 - 2) for k in range(years)}
    return past | {2000 + years: last}


def test_anomaly_of_the_last_year_leaves_it_out() -> None:
    levels = _levels(5, 0.20)
    maps = _last(levels)
    past = np.array(list(levels.values()))[:-1]
    z = (0.20 - past.mean()) / past.std(ddof=1)
    assert maps["rzsm_zscore"][2, 2] == pytest.approx(z, rel=1e-4)
    assert maps["rzsm_zscore_se"][2, 2] == pytest.approx(np.sqrt(1 / 5 + z**2 / 8), rel=1e-4)
    assert maps["climatology_n_years"][2, 2] == 5
    assert maps["confidence"][2, 2] == Confidence.PROVISIONAL
    assert maps["moisture_class"][2, 2] == MoistureClass.DRY
    assert maps["drought_class"][2, 2] == DroughtClass.NOT_ISSUED
    assert maps["rzsm_change_year"][2, 2] == pytest.approx(0.20 - past[-1], abs=1e-6)


def test_long_records_issue_every_class() -> None:
    maps = _last(_levels(55, 0.10))
    assert maps["rzsm_percentile"][2, 2] == pytest.approx(100 / 56, rel=1e-4)
    assert maps["drought_class"][2, 2] == DroughtClass.D4
    assert maps["confidence"][2, 2] == Confidence.FULL
    past = list(_levels(55, 0.10).values())[:-1]
    for percent in (50, 30, 20, 10, 5, 2):
        expected = np.quantile(past, percent / 100, method="weibull")
        assert maps[f"rzsm_quantile_{percent}"][2, 2] == pytest.approx(expected, rel=1e-5)


def test_the_reference_is_published_with_what_it_can_tell() -> None:
    levels = _levels(10, 0.20)
    maps, past = _last(levels), np.array(list(levels.values()))[:-1]
    assert maps["rzsm_reference_mean"][2, 2] == pytest.approx(past.mean(), rel=1e-5)
    assert maps["rzsm_reference_deviation"][2, 2] == pytest.approx(past.std(ddof=1), rel=1e-4)
    assert maps["drought_class"][2, 2] == DroughtClass.D2 and maps["rzsm"][2, 2] < maps["rzsm_quantile_10"][2, 2]
    assert np.isnan(maps["rzsm_quantile_5"][2, 2]), "ten values cannot tell the lowest 5 %"


def test_two_years_give_a_difference_and_no_anomaly() -> None:
    maps = _last(_levels(2, 0.20))
    assert np.isnan(maps["rzsm_zscore"]).all() and np.isnan(maps["rzsm_percentile"]).all()
    assert maps["confidence"][2, 2] == Confidence.NONE
    assert np.isfinite(maps["rzsm_change_year"][2, 2])


def test_no_data_and_not_issued_differ() -> None:
    maps = _last(_levels(2, 0.20))
    assert maps["drought_class"][SEA] == -1 and maps["drought_class"][2, 2] == DroughtClass.NOT_ISSUED
    assert maps["confidence"].dtype == np.int8


def test_fixed_baseline_leaves_the_evaluated_year_out() -> None:
    levels = _levels(6, 0.25)
    maps = _last(levels, DroughtSettings(baseline=(2000, 2006)))
    assert maps["climatology_n_years"][2, 2] == 6


def test_constant_soil_moisture_and_masks_withhold_the_anomaly() -> None:
    constant = {2000 + k: 0.25 for k in range(6)}
    maps = _last(constant)
    assert np.isnan(maps["rzsm_zscore"]).all()
    assert maps["anomaly_mask"][2, 2] & AnomalyMask.RZSM_CONSTANT
    source = _history(_levels(5, 0.2))
    source.static["urban_fraction"][1, 1] = 0.5
    source.analysis["snow_water_equivalent"][-8:, 2, 3] = 20.0
    story = DroughtStory(source, DroughtSettings(), Climatology("v"))
    for year in range(2000, 2006):
        maps = story.maps(Dekad(year, 1))
    assert np.isnan(maps["rzsm_zscore"][1, 1]) and maps["anomaly_mask"][1, 1] & AnomalyMask.URBAN
    assert np.isnan(maps["lai_zscore"][2, 3]) and maps["anomaly_mask"][2, 3] & AnomalyMask.SNOW
    assert np.isfinite(maps["rzsm_zscore"][4, 4])


def test_sums_and_counts_over_the_dekad() -> None:
    source = _history({2000: 0.25})
    maps = DroughtStory(source, DroughtSettings(), Climatology("v")).maps(Dekad(2000, 1))
    expected = source.analysis["lai_increment"].values.sum(axis=0)
    assert maps["lai_increment"][2, 2] == pytest.approx(expected[2, 2], rel=1e-5)
    assert maps["n_ssm_obs"][2, 2] == source.analysis["n_ssm_obs"].values[:, 2, 2].sum()
    assert maps["n_days"][2, 2] == DEKAD_DAYS
