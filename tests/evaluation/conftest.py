"""Two synthetic years on a small grid: a truth, an open loop with errors, analyses that are better by a known part."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from ldas.evaluation.experiments import Experiments, gather_experiments
from ldas.evaluation.ismn_reader import StationSeries

LAT = np.round(np.arange(44.2, 44.0, -0.01) - 0.005, 3)[:8]
LON = np.round(np.arange(4.0, 4.3, 0.01) + 0.005, 3)[:6]
TIMES = pd.date_range("2018-01-01 18:00", "2019-12-31 18:00", freq="D")
ORIGIN = "synthetic series of a test"


def truth() -> np.ndarray:
    """Soil moisture (time, lat, lon) with a season and weather, drier in the second summer."""
    rng = np.random.default_rng(1)
    day = TIMES.day_of_year.to_numpy()
    weather = np.convolve(rng.normal(0.0, 0.02, len(TIMES) + 20), np.ones(10) / 3.0, mode="same")[: len(TIMES)]
    series = 0.22 + 0.07 * np.cos(2 * np.pi * (day - 15) / 365) + weather - 0.03 * (TIMES.year == 2019)
    return series[:, None, None] + 0.01 * np.arange(8)[:, None] + 0.005 * np.arange(6)


def analysis_rows(part: float, seed: int = 2, sea: bool = True) -> xr.Dataset:
    """A record's `analysis` rows; `part` of the open loop's error is left in the analysis."""
    rng = np.random.default_rng(seed)
    true = truth()
    error = np.random.default_rng(3).normal(0.0, 0.04, true.shape) + 0.05
    depth = [0.005, 0.025, 0.07, 0.15, 0.30, 0.50, 0.70, 0.90]
    wg_ol = np.repeat((true + error)[:, None], len(depth), axis=1)
    wg = np.repeat((true + part * error)[:, None], len(depth), axis=1)
    lai_ol = 2.0 + 8.0 * (true - 0.2)
    observed = np.where(rng.random(true.shape) < 0.3, true + rng.normal(0.0, 0.03, true.shape), np.nan)
    if sea:
        for field in (wg, wg_ol):
            field[..., 0, 0] = np.nan
        lai_ol[:, 0, 0] = observed[:, 0, 0] = np.nan
    plane = ("time", "lat", "lon")
    return xr.Dataset(
        {
            "wg": (("time", "depth", "lat", "lon"), wg),
            "wg_ol": (("time", "depth", "lat", "lon"), wg_ol),
            "lai": (plane, lai_ol - 3.0 * (wg[:, 4] - wg_ol[:, 4])),
            "lai_ol": (plane, lai_ol),
            "ssm_observed": (plane, observed),
            "ssm_retrieved": (plane, 0.5 * observed + 0.02),
        },
        coords={"time": TIMES, "depth": depth, "lat": LAT, "lon": LON},
    )


@pytest.fixture(scope="module")
def experiments() -> Experiments:
    return gather_experiments({"SSM": analysis_rows(0.9), "SSM_LAI": analysis_rows(0.5)}, ORIGIN)


def station(row: int, col: int, name: str = "Alès", depth: float = 0.05, east: float = 0.0) -> StationSeries:
    """A station that measures the truth of a cell every hour."""
    hours = pd.date_range("2018-01-01", "2019-12-31 23:00", freq="h")
    daily = pd.Series(truth()[:, row, col], index=TIMES)
    values = daily.reindex(hours, method="nearest")
    return StationSeries(
        network="NET",
        station=name,
        latitude=float(LAT[row]),
        longitude=float(LON[col]) + east,
        elevation=100.0,
        variable="soil_moisture",
        depth_from=depth,
        depth_to=depth,
        sensor="probe",
        values=values,
        counts={"G": len(values)},
    )
