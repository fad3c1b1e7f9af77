"""Seasonal linear rescaling of SSM to the climatology of the open loop (§3.4, §3.5; Scipal et al. 2008).

SSM' = a + b SSM with b = sigma_m / sigma_o and a = mu_m - b mu_o, per cell and dekad, from the moments of a
three-month window over all years. Where the own cell and season cannot give them, fall-backs follow in a fixed order.
"""

from dataclasses import dataclass, fields
from enum import IntEnum

import numpy as np
from scipy.spatial import KDTree

from ldas.assimilation.moments import DEKADS, PairMoments, pool_cells, season
from ldas.assimilation.quality_control import Flag
from ldas.assimilation.settings import RescalingSettings
from ldas.errors import InputError

EARTH_RADIUS_KM = 6371.0
GAUSS_5_PERCENT = 1.6448536269514722
"""Half width, in standard deviations, of the 5 to 95 % range of a normal distribution."""
DAYS_A_YEAR = 365.25


class Method(IntEnum):
    """How the parameters of a cell and dekad were found; `RANGE` is for monitoring and never assimilated."""

    OWN_SEASON = 1
    OWN_YEAR = 2
    NEIGHBOURS = 3
    RANGE = 4
    NONE = 5


@dataclass(frozen=True)
class RescalingParameters:
    """Parameters of one version, (36, cell), with what they were made from.

    `version` numbers the fits of a record; `identity` names what a change of which invalidates them (model version,
    soil maps, forcing, retrieval version).
    """

    version: str
    identity: str
    intercept: np.ndarray  # a, m3 m-3; NaN with method NONE
    slope: np.ndarray  # b
    method: np.ndarray  # int8, Method
    n: np.ndarray  # pairs used
    years: np.ndarray  # different years used
    mean_observed: np.ndarray
    mean_modelled: np.ndarray
    deviation_observed: np.ndarray
    deviation_modelled: np.ndarray

    @classmethod
    def none(cls, cells: int, identity: str = "") -> "RescalingParameters":
        """Parameters before the first fit: method NONE everywhere."""
        numbers = {f.name: np.full((DEKADS, cells), np.nan) for f in fields(cls)[2:]}
        zeros = np.zeros((DEKADS, cells))
        return cls(
            "none",
            identity,
            **{**numbers, "method": np.full((DEKADS, cells), Method.NONE, np.int8), "n": zeros, "years": zeros.copy()},
        )


@dataclass(frozen=True)
class RescaledSsm:
    """Rescaled SSM of a window, (cell,)."""

    value: np.ndarray  # SSM', m3 m-3, NaN where there is no observation or no parameter; RANGE gives a value too
    deviation: np.ndarray  # b times the product's uncertainty, NaN where it gives none
    inflation: np.ndarray  # factor on sigma_o
    method: np.ndarray  # int8, Method
    flags: np.ndarray  # int32, bits of quality_control.Flag


def to_volumetric(values: np.ndarray, units: str, w_sat: np.ndarray) -> np.ndarray:
    """SSM (or its uncertainty) in m3 m-3 from volumetric units or per cent of saturation; `w_sat` is (cell,)."""
    if units in ("m3 m-3", "m3/m3", "m^3 m^-3"):
        return np.asarray(values, dtype=float)
    if units in ("%", "percent"):
        return 0.01 * np.asarray(values, dtype=float) * w_sat
    raise InputError(f"surface soil moisture: expected units 'm3 m-3' or '%' (degree of saturation), got {units!r}")


def fit(
    moments: PairMoments,
    settings: RescalingSettings,
    *,
    version: str,
    identity: str,
    lat: np.ndarray,
    lon: np.ndarray,
    cell_class: np.ndarray,
    w_wilt: np.ndarray,
    w_fc: np.ndarray,
) -> RescalingParameters:
    """Parameters of every cell and dekad from the stored moments, by the first method of `Method` that succeeds.

    `lat`, `lon` (degrees), `cell_class` (any integer: cells of one class may stand in for each other), `w_wilt` and
    `w_fc` of layer 2 (m3 m-3) are (cell,).
    """
    seasonal = moments.pool([season(dekad, settings.half_width_days) for dekad in range(DEKADS)])
    yearly = moments.pool([np.arange(DEKADS)])
    found = RescalingParameters.none(moments.n.shape[1], identity)
    found = RescalingParameters(**{**vars(found), "version": version})
    enough_years = seasonal.number_of_years() >= settings.minimum_years
    _take(found, Method.OWN_SEASON, seasonal, (seasonal.n >= settings.minimum_pairs) & enough_years, settings)
    _take(found, Method.OWN_YEAR, _repeat(yearly), _repeat(yearly).n >= settings.minimum_pairs, settings)
    if (found.method == Method.NONE).any():
        near = _pool_neighbours(seasonal, found.method == Method.NONE, settings, lat, lon, cell_class)
        _take(found, Method.NEIGHBOURS, near, near.n >= settings.neighbour_minimum_pairs, settings)
        _take_range(found, _repeat(yearly), w_wilt, w_fc, settings)
    return found


def rescale(
    parameters: RescalingParameters,
    ssm: np.ndarray,
    deviation: np.ndarray,
    day_of_year: float,
    identity: str,
    settings: RescalingSettings,
) -> RescaledSsm:
    """SSM' of a window from volumetric SSM and its uncertainty (NaN: none), (cell,), interpolated in day of year.

    `identity` is that of the running system: parameters made for another one rescale nothing and flag every cell.
    Between dekads with and without parameters the nearer dekad that has some counts alone.
    """
    lower, upper, later = _dekads_around(day_of_year)
    has_lower = parameters.method[lower] < Method.NONE
    has_upper = parameters.method[upper] < Method.NONE
    weight = np.where(has_lower & has_upper, later, np.where(has_upper, 1.0, 0.0))
    use_lower, use_upper = weight < 1.0, weight > 0.0
    method = np.maximum(
        np.where(use_lower, parameters.method[lower], 0), np.where(use_upper, parameters.method[upper], 0)
    ).astype(np.int8)
    intercept = _interpolate(parameters.intercept, lower, upper, weight)
    slope = _interpolate(parameters.slope, lower, upper, weight)
    observed = np.isfinite(ssm)
    flags = np.zeros(len(ssm), np.int32)
    if parameters.identity != identity:
        flags[observed] |= Flag.RESCALING_VERSION
        method = np.full(len(ssm), Method.NONE, np.int8)
        intercept, slope = np.full(len(ssm), np.nan), np.full(len(ssm), np.nan)
    else:
        flags[observed & (method >= Method.RANGE)] |= Flag.NO_RESCALING
    fallback = (method == Method.OWN_YEAR) | (method == Method.NEIGHBOURS)
    return RescaledSsm(
        value=intercept + slope * ssm,
        deviation=slope * deviation,
        inflation=np.where(fallback, settings.fallback_inflation, 1.0),
        method=method,
        flags=flags,
    )


def drift(difference: np.ndarray, number: np.ndarray, settings: RescalingSettings) -> tuple[np.ndarray, np.ndarray]:
    """Rolling mean of SSM' - WG2 of the open loop per region and whether it is an alarm, (region,) each (§3.5).

    `difference` and `number` hold the sums of the differences and of the pairs of each of the last days, (day,
    region); only the last `drift_days` count. Regions without a pair give NaN and no alarm.
    """
    total = number[-settings.drift_days :].sum(axis=0)
    summed = difference[-settings.drift_days :].sum(axis=0)
    mean = np.divide(summed, total, out=np.full(total.shape, np.nan), where=total > 0)
    return mean, np.abs(np.nan_to_num(mean)) > settings.drift_limit


def _dekads_around(day_of_year: float) -> tuple[int, int, float]:
    """The dekads whose centres enclose a day (1 = 1 January) and the weight of the later one."""
    position = (day_of_year - 1.0) / (DAYS_A_YEAR / DEKADS) - 0.5
    lower = int(np.floor(position))
    return lower % DEKADS, (lower + 1) % DEKADS, position - lower


def _interpolate(table: np.ndarray, lower: int, upper: int, weight: np.ndarray) -> np.ndarray:
    below, above = table[lower], table[upper]
    between = (1.0 - weight) * below + weight * above
    return np.where(weight <= 0.0, below, np.where(weight >= 1.0, above, between))


def _deviation(square: np.ndarray, n: np.ndarray) -> np.ndarray:
    return np.sqrt(square / np.maximum(n - 1.0, 1.0))


def _repeat(row: PairMoments) -> PairMoments:
    """One pooled row used for all dekads."""
    return PairMoments(**{f.name: np.broadcast_to(getattr(row, f.name), (DEKADS, row.n.shape[1])) for f in fields(row)})


def _take(
    found: RescalingParameters, method: Method, pool: PairMoments, enough: np.ndarray, settings: RescalingSettings
) -> None:
    """Enter the linear fit of `pool` where nothing was found yet, pairs are `enough` and the fit is sound."""
    observed = _deviation(pool.square_observed, pool.n)
    modelled = _deviation(pool.square_modelled, pool.n)
    slope = modelled / np.maximum(observed, settings.observation_deviation_minimum)
    sound = (observed >= settings.observation_deviation_minimum) & (slope >= settings.slope_limits[0])
    sound &= slope <= settings.slope_limits[1]
    where = (found.method == Method.NONE) & enough & sound
    _enter(found, method, pool, where, slope, pool.mean_modelled - slope * pool.mean_observed)


def _take_range(
    found: RescalingParameters,
    pool: PairMoments,
    w_wilt: np.ndarray,
    w_fc: np.ndarray,
    settings: RescalingSettings,
) -> None:
    """Match the observed 5 to 95 % (mean -+ 1.645 standard deviations) to w_wilt to w_fc; for monitoring only."""
    deviation = _deviation(pool.square_observed, pool.n)
    enough = (pool.n >= 2) & (deviation >= settings.observation_deviation_minimum)
    width = 2.0 * GAUSS_5_PERCENT * np.maximum(deviation, settings.observation_deviation_minimum)
    slope = (w_fc - w_wilt) / width
    intercept = w_wilt - slope * (pool.mean_observed - GAUSS_5_PERCENT * deviation)
    _enter(found, Method.RANGE, pool, (found.method == Method.NONE) & enough, slope, intercept)


def _enter(
    found: RescalingParameters,
    method: Method,
    pool: PairMoments,
    where: np.ndarray,
    slope: np.ndarray,
    intercept: np.ndarray,
) -> None:
    for table, values in (
        (found.slope, slope),
        (found.intercept, intercept),
        (found.n, pool.n),
        (found.years, pool.number_of_years()),
        (found.mean_observed, pool.mean_observed),
        (found.mean_modelled, pool.mean_modelled),
        (found.deviation_observed, _deviation(pool.square_observed, pool.n)),
        (found.deviation_modelled, _deviation(pool.square_modelled, pool.n)),
    ):
        table[where] = values[where]
    found.method[where] = method


def _pool_neighbours(
    seasonal: PairMoments,
    wanted: np.ndarray,
    settings: RescalingSettings,
    lat: np.ndarray,
    lon: np.ndarray,
    cell_class: np.ndarray,
) -> PairMoments:
    """Seasonal moments of all cells of the same class within reach, for the `wanted` (36, cell); zeros elsewhere."""
    pooled = PairMoments.empty(seasonal.n.shape[1])
    places = _unit_vectors(lat, lon)
    reach = 2.0 * np.sin(0.5 * settings.neighbour_distance_km / EARTH_RADIUS_KM)
    sampled = np.flatnonzero((seasonal.n > 0).any(axis=0))
    if len(sampled) == 0:
        return pooled
    tree = KDTree(places[sampled])
    for cell in np.flatnonzero(wanted.any(axis=0)):
        near = sampled[tree.query_ball_point(places[cell], reach, return_sorted=True)]
        members = near[cell_class[near] == cell_class[cell]]
        if len(members):
            dekads = np.flatnonzero(wanted[:, cell])
            together = pool_cells(seasonal, dekads, members)
            for f in fields(together):
                getattr(pooled, f.name)[dekads, cell] = getattr(together, f.name)
    return pooled


def _unit_vectors(lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
    phi, theta = np.radians(lat), np.radians(lon)
    return np.stack([np.cos(phi) * np.cos(theta), np.cos(phi) * np.sin(theta), np.sin(phi)], axis=1)
