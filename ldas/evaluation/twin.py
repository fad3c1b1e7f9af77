"""Scores of a twin experiment: what the analysis gains over the open loop against a known truth (§7.2 to §7.4).

Series have shape (time, cell), one value a day; NaN where a cell or a time does not count. Nothing here knows how the
series were made.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

SEASONS = {"DJF": (12, 1, 2), "MAM": (3, 4, 5), "JJA": (6, 7, 8), "SON": (9, 10, 11)}
BLOCK_DAYS, DRAWS, INTERVAL = 30, 1000, (2.5, 97.5)
NAN = float("nan")


@dataclass(frozen=True)
class Gain:
    """RMSE against the truth and its reduction 1 - RMSE_analysis / RMSE_open_loop with a 95 % interval."""

    n: int
    rmse_open_loop: float
    rmse_analysis: float
    unbiased_open_loop: float
    unbiased_analysis: float
    correlation_open_loop: float
    correlation_analysis: float
    reduction: float
    low: float
    high: float


@dataclass(frozen=True)
class InnovationStatistics:
    """Consistency of the innovations of one kind of observation (§7.3)."""

    n: int
    mean: float
    relative_bias: float  # |mean d| / sqrt(mean S), wanted below 0.1 for SSM
    chi_square: float  # mean d^2 / S, accepted between 0.5 and 2
    lag_1: float  # autocorrelation of d / sqrt(S) between successive observations of a cell, wanted below 0.2 for SSM
    desroziers_r: float  # E[d_oa d_ob] / E[R]
    desroziers_b: float  # E[d_ab d_ob] / E[H B H^T]


@dataclass(frozen=True)
class Finding:
    """One expectation of §7.4: what was found and whether it holds."""

    statement: str
    value: float
    holds: bool


def in_season(time: np.ndarray, season: str) -> np.ndarray:
    """Times (datetime64) of a season, bool (time,)."""
    return np.isin(time.astype("datetime64[M]").astype(int) % 12 + 1, SEASONS[season])


def gain(analysis: np.ndarray, open_loop: np.ndarray, truth: np.ndarray, seed: int = 0) -> Gain:
    """Scores over all values present in all three series (time, cell), with a moving-block bootstrap in time."""
    present = np.isfinite(analysis) & np.isfinite(open_loop) & np.isfinite(truth)
    if not present.any():
        return Gain(0, *[NAN] * 9)
    errors = [np.where(present, series - truth, 0.0) for series in (open_loop, analysis)]
    squares = np.stack([(error**2).sum(axis=1) for error in errors])
    rmse_open_loop, rmse_analysis = np.sqrt(squares.sum(axis=1) / present.sum())
    low, high = bootstrap_reduction(squares, seed)
    return Gain(
        n=int(present.sum()),
        rmse_open_loop=float(rmse_open_loop),
        rmse_analysis=float(rmse_analysis),
        unbiased_open_loop=float(_unbiased(errors[0], present)),
        unbiased_analysis=float(_unbiased(errors[1], present)),
        correlation_open_loop=_correlation(open_loop, truth, present),
        correlation_analysis=_correlation(analysis, truth, present),
        reduction=1.0 - _ratio(float(rmse_analysis), float(rmse_open_loop)),
        low=low,
        high=high,
    )


def bootstrap_reduction(squares: np.ndarray, seed: int = 0) -> tuple[float, float]:
    """95 % interval of the RMSE reduction from daily sums of squared errors (2: open loop and analysis, time).

    Moving blocks of 30 days keep the errors' memory; whole days are drawn, so that cells stay together.
    """
    days = squares.shape[1]
    length = min(BLOCK_DAYS, days)
    random = np.random.default_rng(seed)
    first = random.integers(0, days - length + 1, (DRAWS, -(-days // length)))
    drawn = (first[:, :, None] + np.arange(length)).reshape(DRAWS, -1)[:, :days]
    open_loop, analysis = squares[:, drawn].sum(axis=2)
    usable = open_loop > 0.0
    if not usable.any():
        return NAN, NAN
    low, high = np.percentile(1.0 - np.sqrt(analysis[usable] / open_loop[usable]), INTERVAL)
    return float(low), float(high)


def score_table(
    analysis: Mapping[str, np.ndarray],
    open_loop: Mapping[str, np.ndarray],
    truth: Mapping[str, np.ndarray],
    time: np.ndarray,
    groups: Mapping[str, np.ndarray],
    burn_in_days: int = 90,
) -> dict[tuple[str, str, str], Gain]:
    """`gain` by (variable, group of cells, season or `all`); `groups` name boolean masks (cell,).

    The first `burn_in_days` after the start of `time` are left out.
    """
    late = time >= time[0] + np.timedelta64(burn_in_days, "D")
    table = {}
    for variable in analysis:
        for group, cells in groups.items():
            for season in ("all", *SEASONS):
                days = late if season == "all" else late & in_season(time, season)
                chosen = [series[variable][days][:, cells] for series in (analysis, open_loop, truth)]
                table[variable, group, season] = gain(*chosen)
    return table


def innovation_statistics(
    d: np.ndarray, spread: np.ndarray, deviation: np.ndarray, residual: np.ndarray
) -> InnovationStatistics:
    """Statistics of used innovations (time, cell), NaN where not used: d, sqrt(S), sigma_o and y - h(x_a)."""
    used = np.isfinite(d) & np.isfinite(spread) & np.isfinite(deviation) & np.isfinite(residual)
    n = int(used.sum())
    if n == 0:
        return InnovationStatistics(0, *[NAN] * 6)
    s, r = spread[used] ** 2, deviation[used] ** 2
    d_ob, d_oa = d[used], residual[used]
    mean = float(d_ob.mean())
    return InnovationStatistics(
        n=n,
        mean=mean,
        relative_bias=float(abs(mean) / np.sqrt(s.mean())),
        chi_square=float((d_ob**2 / s).mean()),
        lag_1=_lag_1(np.where(used, d / np.where(used, spread, 1.0), np.nan)),
        desroziers_r=float((d_oa * d_ob).mean() / r.mean()),
        desroziers_b=float(((d_ob - d_oa) * d_ob).mean() / (s - r).mean()),
    )


def thresholds(
    table: Mapping[tuple[str, str, str], Gain], cropland: str = "cropland", regions: tuple[str, ...] = ()
) -> list[Finding]:
    """The quantitative bar of §7.4 for the joint experiment, from a `score_table` with groups `all` and cropland.

    `regions` are further groups of the table, none of which may become worse by more than 10 %.
    """
    lai, wg2 = table["lai", "all", "all"], table["wg2", "all", "all"]
    wg5 = table["wg5", cropland, "all"]
    worst = min((table[v, g, "all"].reduction for v in ("lai", "wg2", "wg5") for g in regions), default=0.0)
    return [
        Finding("LAI RMSE reduced by at least 15 %", lai.reduction, lai.reduction >= 0.15),
        Finding("WG2 RMSE not increased by more than 2 %", wg2.reduction, wg2.reduction >= -0.02),
        Finding("WG5 RMSE reduced in cropland, interval above zero", wg5.low, wg5.reduction > 0.0 and wg5.low > 0.0),
        Finding("no region worse by more than 10 %", worst, worst >= -0.10),
    ]


def directions(
    series: Mapping[str, Mapping[str, np.ndarray]],
    open_loop: Mapping[str, np.ndarray],
    truth: Mapping[str, np.ndarray],
    time: np.ndarray,
    cropland: np.ndarray,
) -> list[Finding]:
    """Expected signs of §7.4 from the experiments `SSM`, `LAI`, `SSM_LAI` (name to variable to (time, cell))."""
    change = {
        name: {v: _mean(np.abs(values[v] - open_loop[v])) for v in ("wg5", "lai")} for name, values in series.items()
    }
    crops = {name: _mean(np.abs(values["wg5"] - open_loop["wg5"])[:, cropland]) for name, values in series.items()}
    ssm_wg2 = gain(series["SSM"]["wg2"], open_loop["wg2"], truth["wg2"]).reduction
    lai_gain = gain(series["LAI"]["lai"], open_loop["lai"], truth["lai"]).reduction
    wetter = _relation(series["LAI"], open_loop)
    leafier = _relation(series["SSM"], open_loop)
    late = in_season(time, "JJA") | in_season(time, "SON")
    lai_change = np.abs(series["LAI"]["lai"] - open_loop["lai"])
    season = _ratio(_mean(lai_change[late]), _mean(lai_change[~late]))
    return [
        Finding("SSM alone: WG2 score changes by less than 10 %", ssm_wg2, abs(ssm_wg2) < 0.10),
        Finding(
            "LAI alone changes WG5 more than SSM alone (ratio)",
            _ratio(change["LAI"]["wg5"], change["SSM"]["wg5"]),
            change["LAI"]["wg5"] > change["SSM"]["wg5"],
        ),
        Finding("LAI alone: LAI RMSE falls", lai_gain, lai_gain > 0.0),
        Finding(
            "SSM+LAI changes WG5 at least as much as LAI, in cropland (ratio)",
            _ratio(crops["SSM_LAI"], crops["LAI"]),
            crops["SSM_LAI"] >= crops["LAI"],
        ),
        Finding("LAI alone: less LAI, wetter WG5 (correlation over cells)", wetter, wetter < 0.0),
        Finding("SSM alone: wetter WG5, more LAI (correlation over cells)", leafier, leafier > 0.0),
        Finding("LAI alone acts more in summer and autumn (ratio)", season, season > 1.0),
    ]


def _unbiased(error: np.ndarray, present: np.ndarray) -> float:
    n = present.sum(axis=0)
    mean = error.sum(axis=0) / np.maximum(n, 1)
    return float(np.sqrt((np.where(present, error - mean, 0.0) ** 2).sum() / n.sum()))


def _correlation(series: np.ndarray, truth: np.ndarray, present: np.ndarray) -> float:
    """Mean over cells of the correlation in time."""
    scores = []
    for cell in np.flatnonzero(present.sum(axis=0) > 2):
        here = present[:, cell]
        a, b = series[here, cell], truth[here, cell]
        if a.std() > 0.0 and b.std() > 0.0:
            scores.append(np.corrcoef(a, b)[0, 1])
    return float(np.mean(scores)) if scores else NAN


def _lag_1(normalised: np.ndarray) -> float:
    """Autocorrelation between successive present values of each cell, pooled over cells."""
    first, second = [], []
    for column in normalised.T:
        values = column[np.isfinite(column)]
        first.append(values[:-1])
        second.append(values[1:])
    a, b = np.concatenate(first), np.concatenate(second)
    return float(np.corrcoef(a, b)[0, 1]) if len(a) > 2 and a.std() > 0.0 and b.std() > 0.0 else NAN


def _relation(experiment: Mapping[str, np.ndarray], open_loop: Mapping[str, np.ndarray]) -> float:
    """Correlation over cells of the mean changes of LAI and of WG5."""
    present = np.isfinite(experiment["lai"]).any(axis=0)
    lai = np.nanmean((experiment["lai"] - open_loop["lai"])[:, present], axis=0)
    wg5 = np.nanmean((experiment["wg5"] - open_loop["wg5"])[:, present], axis=0)
    return float(np.corrcoef(lai, wg5)[0, 1]) if lai.std() > 0.0 and wg5.std() > 0.0 else NAN


def _mean(values: np.ndarray) -> float:
    return float(np.nanmean(values)) if np.isfinite(values).any() else NAN


def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator > 0.0 else NAN
