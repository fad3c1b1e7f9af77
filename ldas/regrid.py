"""Exact overlaps of regular longitude-latitude pixels with model cells, axis by axis."""

import numpy as np
from scipy.sparse import csr_array

from ldas.errors import InputError


def axis_edges(centres: np.ndarray) -> np.ndarray:
    """Edges of the pixels of a regular axis, (n + 1,); raises InputError when its steps differ."""
    if len(centres) < 2:
        raise InputError("map: expected at least two pixels along each axis")
    steps = np.diff(centres)
    step = (centres[-1] - centres[0]) / (len(centres) - 1)
    if np.abs(steps - step).max() > 1e-3 * abs(step):
        raise InputError(f"map: expected a regular axis, got steps from {steps.min():.6g} to {steps.max():.6g}")
    return np.concatenate([centres - 0.5 * step, [centres[-1] + 0.5 * step]])


def overlaps(source: np.ndarray, target: np.ndarray) -> csr_array:
    """Length shared by each target interval and each source interval of two monotonic edge lists, (target, source)."""
    low, high = np.sort([source[:-1], source[1:]], axis=0)
    target_low, target_high = np.sort([target[:-1], target[1:]], axis=0)
    rows, cols, lengths = [], [], []
    order = np.argsort(low)
    for i, (start, end) in enumerate(zip(target_low, target_high, strict=True)):
        first = np.searchsorted(high[order], start, side="right")
        last = np.searchsorted(low[order], end, side="left")
        touched = order[first:last]
        rows.append(np.full(len(touched), i))
        cols.append(touched)
        lengths.append(np.minimum(high[touched], end) - np.maximum(low[touched], start))
    return csr_array(
        (np.concatenate(lengths), (np.concatenate(rows), np.concatenate(cols))), shape=(len(target_low), len(low))
    )
