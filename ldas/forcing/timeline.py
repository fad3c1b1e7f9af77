"""From a source's records to the hours of a window: instants interpolated, means and accumulations kept in total.

All functions work on float64 arrays whose first axis is time; times are seconds (float64), ascending.
"""

from collections.abc import Callable

import numpy as np

from ldas.errors import InputError


def increments(times: np.ndarray, accumulated: np.ndarray, since: str) -> np.ndarray:
    """Amount of each interval that ends at a record, from sums `since` the `start` or since 00 UTC of the `day`.

    Sums since the start: the first record has no predecessor and becomes NaN. Sums of a day: the first record after
    00 UTC is kept as it is, and the record stamped 00 UTC closes the day before it (ERA5-Land).
    """
    step = np.diff(times, prepend=np.nan)
    amount = np.full_like(accumulated, np.nan)
    amount[1:] = np.diff(accumulated, axis=0)
    if since == "day":
        seconds_of_day = np.mod(times, 86400.0)
        width = np.nanmin(step) if len(times) > 1 else seconds_of_day[0]
        first_of_day = np.isclose(seconds_of_day, width)
        amount[first_of_day] = accumulated[first_of_day]
    return amount


def undo_running_mean(times: np.ndarray, means: np.ndarray, period: float) -> np.ndarray:
    """Means over each interval from means since the last multiple of `period` seconds.

    (A2 t2 - A1 t1) / (t2 - t1) with t counted from the start of the period (data document §2.2).
    """
    elapsed = np.mod(times, period)
    elapsed = np.where(elapsed == 0.0, period, elapsed)
    result = np.full_like(means, np.nan)
    for i in range(len(times)):
        previous = elapsed[i] - (times[i] - times[i - 1]) if i else np.nan
        if i and abs(previous - elapsed[i - 1]) < 1.0:
            result[i] = (means[i] * elapsed[i] - means[i - 1] * previous) / (elapsed[i] - previous)
        elif i and abs(previous) < 1.0:
            result[i] = means[i]
    return result


def clip_small_negatives(values: np.ndarray, smallest: float, item: str) -> tuple[np.ndarray, int]:
    """(values with packing noise below 0 set to 0, how many they were); raises InputError below `smallest`."""
    negative = values < 0.0
    if (values < smallest).any():
        raise InputError(f"{item}: {np.nanmin(values):.4g} after de-accumulation, expected at least {smallest:g}")
    return np.where(negative, 0.0, values), int(negative.sum())


def hourly_instants(times: np.ndarray, hours: np.ndarray, largest_gap: float) -> Callable[[np.ndarray], np.ndarray]:
    """Linear interpolation to `hours`; NaN where the records around an hour are more than `largest_gap` s apart."""
    weights = np.zeros((len(hours), len(times)))
    for row, hour in zip(weights, hours, strict=True):
        after = int(np.searchsorted(times, hour))
        if after < len(times) and times[after] == hour:
            row[after] = 1.0
        elif 0 < after < len(times) and times[after] - times[after - 1] <= largest_gap:
            row[after] = (hour - times[after - 1]) / (times[after] - times[after - 1])
            row[after - 1] = 1.0 - row[after]
    return _weighted(weights)


def hourly_means(times: np.ndarray, hours: np.ndarray, largest_gap: float) -> Callable[[np.ndarray], np.ndarray]:
    """Means over the hours that end at `hours`, of values that are means over the intervals ending at `times`.

    An interval is as long as the distance to the record before (for the first record, to the one after). NaN where an
    hour is not wholly covered by intervals of at most `largest_gap` s. The first hour ends where the window starts and
    drives nothing in it: where a source does not reach back to it, it repeats the second.
    """
    steps = np.diff(times)
    width = np.concatenate([steps[:1], steps]) if len(times) > 1 else np.full(1, 3600.0)
    usable = width <= largest_gap
    start = times - width
    overlap = np.minimum(times, hours[:, None]) - np.maximum(start, hours[:, None] - 3600.0)
    weights = np.where(usable, np.maximum(overlap, 0.0), 0.0) / 3600.0
    weights[np.abs(weights.sum(axis=1) - 1.0) > 1e-6] = 0.0
    if len(hours) > 1 and not weights[0].any():
        weights[0] = weights[1]
    return _weighted(weights)


def _weighted(weights: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    def apply(values: np.ndarray) -> np.ndarray:
        result = np.full((len(weights), *values.shape[1:]), np.nan)
        for i, row in enumerate(weights):
            used = np.flatnonzero(row)
            if len(used):
                result[i] = np.tensordot(row[used], values[used], axes=1)
        return result

    return apply
