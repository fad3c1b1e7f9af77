"""Seeded random fields: every draw of the demo world is a function of (seed, name), never of call order."""

import zlib

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.special import erf

from ldas.grid import Grid

KM_PER_DEGREE = 111.2 * np.sqrt(np.cos(np.radians(44.0)))  # root of a square degree at the demo's latitude


def generator(seed: int, *names: str | int) -> np.random.Generator:
    """A random generator that depends on the seed and the names only."""
    return np.random.default_rng([seed, *(zlib.crc32(str(name).encode()) for name in names)])


def smooth_field(shape: tuple[int, int], scale: float, rng: np.random.Generator) -> np.ndarray:
    """A field of zero mean and unit standard deviation, correlated over `scale` pixels; shape `shape`."""
    margin = int(np.ceil(3 * scale))
    noise = rng.standard_normal((shape[0] + 2 * margin, shape[1] + 2 * margin))
    field = gaussian_filter(noise, scale)[margin : margin + shape[0], margin : margin + shape[1]]
    return field / max(float(gaussian_spread(scale)), 1e-12)


def correlated_field(grid: Grid, length: float, rng: np.random.Generator) -> np.ndarray:
    """A field of zero mean and unit deviation on the grid whose correlation falls to 1/e within `length` km."""
    return smooth_field(grid.shape, length / 2.0 / (KM_PER_DEGREE * grid.resolution), rng)


def within(limit: float, normal: np.ndarray) -> np.ndarray:
    """Standard normal values mapped to uniform ones between -limit and limit."""
    return limit * erf(normal / np.sqrt(2.0))


def gaussian_spread(scale: float) -> float:
    """Standard deviation that a Gaussian filter of `scale` pixels leaves of white noise (2-D)."""
    return 1.0 / (2.0 * np.sqrt(np.pi) * scale) if scale > 0.3 else 1.0
