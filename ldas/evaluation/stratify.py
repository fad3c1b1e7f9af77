"""Parts of a series: seasons, hours, pairs without frost, and the monthly contrasts of the reference paper's Eq. 2."""

import numpy as np
import pandas as pd

SEASONS = {"DJF": (12, 1, 2), "MAM": (3, 4, 5), "JJA": (6, 7, 8), "SON": (9, 10, 11)}
FROST_LIMIT = 4.0
MINIMUM_DAYS, MINIMUM_MEAN = 20, 0.02


def in_season(times: pd.DatetimeIndex, season: str) -> np.ndarray:
    """Times in a season of `SEASONS`, or all of them for `all`, bool (time,)."""
    return np.ones(len(times), dtype=bool) if season == "all" else np.isin(times.month, SEASONS[season])


def at_times(series: pd.Series, times: pd.DatetimeIndex, tolerance: pd.Timedelta | None = None) -> np.ndarray:
    """Values of a station at the model's times, (time,): at that instant, or the mean within ± `tolerance`.

    NaN where the station has nothing there.
    """
    if tolerance is None:
        return series.reindex(times).to_numpy(dtype=np.float64)
    first = series.index.searchsorted(times - tolerance, side="left")
    last = series.index.searchsorted(times + tolerance, side="right")
    values = series.to_numpy(dtype=np.float64)
    return np.array([values[a:b].mean() if b > a else np.nan for a, b in zip(first, last, strict=True)])


def without_frost(values: np.ndarray, soil_temperature: np.ndarray) -> np.ndarray:
    """Values without those of a soil colder than 4 degrees Celsius at 5 cm; an unknown temperature keeps the value."""
    return np.where(soil_temperature < FROST_LIMIT, np.nan, values)


def monthly_contrasts(reference: pd.Series, evaluated: pd.Series, reference_year: int) -> pd.DataFrame:
    """Relative monthly anomalies of Eq. 2, (x̄_month − x̄_ref)/x̄_ref, of both series on their common days.

    One row a (year, month) other than the reference year's, with columns `reference` and `evaluated`. Both months need
    20 common days and both reference means more than 0.02.
    """
    pairs = pd.DataFrame({"reference": reference, "evaluated": evaluated}).dropna()
    daily = pairs.groupby(pd.DatetimeIndex(pairs.index).floor("D")).mean()
    day = pd.DatetimeIndex(daily.index)
    groups = daily.groupby([day.year, day.month])
    means, days = groups.mean(), groups.size()
    rows = []
    for year, month in means.index:
        base = (reference_year, month)
        if year == reference_year or base not in means.index:
            continue
        enough = days[year, month] >= MINIMUM_DAYS and days[base] >= MINIMUM_DAYS
        if enough and (means.loc[[base]] > MINIMUM_MEAN).to_numpy().all():
            contrast = means.loc[[(year, month)]].to_numpy()[0] / means.loc[[base]].to_numpy()[0] - 1.0
            rows.append((int(year), int(month), *contrast))
    return pd.DataFrame(rows, columns=["year", "month", "reference", "evaluated"])
