"""Pixels onto cells: constants, areas and masks are kept."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldas.grid import Grid
from ldas.observations.onto_grid import Overlap, bilinear
from ldas.regrid import axis_edges

GRID = Grid(4.0, 43.95, 4.1, 44.05)


def pixels(step: float, offset: float) -> tuple[np.ndarray, np.ndarray]:
    """Pixel centres at (k + offset) steps, wider than the grid."""
    rows = np.arange(int(44.05 / step) + 4, int(43.95 / step) - 4, -1)
    cols = np.arange(int(4.0 / step) - 4, int(4.1 / step) + 4)
    return (rows + offset) * step, (cols + offset) * step


@given(
    value=st.floats(-1e3, 1e3),
    per_degree=st.sampled_from([112.0, 336.0, 100.0, 1000.0, 73.0]),
    offset=st.sampled_from([0.0, 0.5, 0.31]),
    seed=st.integers(0, 99),
)
def test_a_constant_stays_a_constant_whatever_is_masked(
    value: float, per_degree: float, offset: float, seed: int
) -> None:
    lat, lon = pixels(1.0 / per_degree, offset)
    valid = np.random.default_rng(seed).random((len(lat), len(lon))) < 0.6
    values = np.where(valid, value, 1e30)
    overlap = Overlap.of(lat, lon, GRID)
    mean = overlap.mean(values, valid)
    covered = overlap.share(valid) > 1e-9
    np.testing.assert_allclose(mean[covered], value, rtol=1e-9, atol=1e-9)
    assert np.isnan(mean[overlap.share(valid) == 0.0]).all()
    interpolated = bilinear(values, valid, lat, lon, GRID)
    np.testing.assert_allclose(interpolated[np.isfinite(interpolated)], value, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("per_degree", [112.0, 336.0])
def test_the_area_integral_is_kept(per_degree: float) -> None:
    """A field that is zero outside the box has the same integral over pixels (on the sphere) and over cells."""
    lat, lon = pixels(1.0 / per_degree, 0.0)
    inside = ((lat > 43.97) & (lat < 44.03))[:, None] & ((lon > 4.02) & (lon < 4.08))[None]
    field = np.where(inside, np.random.default_rng(3).random(inside.shape), 0.0)

    def integral(lat: np.ndarray, lon: np.ndarray, values: np.ndarray) -> float:
        heights = np.abs(np.diff(np.sin(np.radians(axis_edges(lat)))))
        return float(heights @ values @ np.abs(np.diff(axis_edges(lon))))

    cells = Overlap.of(lat, lon, GRID).mean(field, np.ones(field.shape, bool))
    assert integral(GRID.lat, GRID.lon, cells) == pytest.approx(integral(lat, lon, field), rel=1e-12)


def test_every_cell_inside_is_wholly_covered_once() -> None:
    lat, lon = pixels(1.0 / 112.0, 0.5)
    np.testing.assert_allclose(Overlap.of(lat, lon, GRID).share(np.ones((len(lat), len(lon)), bool)), 1.0, rtol=1e-12)


def test_the_spread_of_two_halves_is_half_their_difference() -> None:
    lat, lon = pixels(1.0 / 1000.0, 0.5)
    stripes = np.repeat((np.arange(len(lon)) % 2).astype(float)[None], len(lat), axis=0)
    spread = Overlap.of(lat, lon, GRID).deviation(10.0 * stripes, np.ones(stripes.shape, bool))
    np.testing.assert_allclose(spread, 5.0, rtol=1e-6)


def test_bilinear_needs_the_nearest_pixel_and_a_second_one() -> None:
    lat, lon = np.array([44.06, 43.94]), np.array([3.99, 4.11])
    values = np.array([[1.0, 2.0], [3.0, 4.0]])
    one = Grid(4.0, 44.03, 4.01, 44.04)  # its centre lies in the north-western quarter
    assert np.isnan(bilinear(values, np.array([[False, True], [True, True]]), lat, lon, one)).all()
    assert np.isnan(bilinear(values, np.array([[True, False], [False, False]]), lat, lon, one)).all()
    found = bilinear(values, np.array([[True, True], [False, False]]), lat, lon, one)
    assert found.item() == pytest.approx(1.0 + (one.lon[0] - 3.99) / 0.12)
