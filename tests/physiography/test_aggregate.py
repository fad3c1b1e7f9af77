"""Area-weighted aggregation: constants stay, totals are conserved, nothing leaks across masks."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from ldas.errors import InputError
from ldas.grid import Grid
from ldas.physiography.aggregate import axis_edges, cell_mean, code_shares, fill_from_neighbours, overlaps

GRID = Grid(4.0, 44.0, 4.05, 44.04)


def pixels(step: float, offset: float = 0.0) -> xr.DataArray:
    lat = np.arange(44.1, 43.9, -step) + offset
    lon = np.arange(3.9, 4.15, step) + offset
    return xr.DataArray(np.zeros((len(lat), len(lon))), dims=("lat", "lon"), coords={"lat": lat, "lon": lon})


@settings(max_examples=25, deadline=None)
@given(step=st.floats(0.0009, 0.02), offset=st.floats(0.0, 0.01), value=st.floats(-50.0, 50.0))
def test_a_constant_stays_a_constant(step: float, offset: float, value: float) -> None:
    np.testing.assert_allclose(cell_mean([pixels(step, offset) + value], GRID), value, atol=1e-9)


def test_the_area_integral_is_conserved() -> None:
    rng = np.random.default_rng(1)
    # 0.0025-degree pixels whose edges coincide with the domain's
    lat, lon = 44.04 - (np.arange(16) + 0.5) * 0.0025, 4.0 + (np.arange(20) + 0.5) * 0.0025
    field = xr.DataArray(rng.random((16, 20)), dims=("lat", "lon"), coords={"lat": lat, "lon": lon})
    fine = np.sum(field.values * np.cos(np.radians(lat))[:, None])
    coarse = np.sum(cell_mean([field], GRID) * np.cos(np.radians(GRID.lat))[:, None]) * 16
    assert coarse == pytest.approx(fine, rel=1e-8)


def test_half_pixels_count_by_half() -> None:
    # an SSM-like pixel of 3 units over centre-registered pixels of 1 unit: weights 0.5, 1, 1, 0.5 (data document §1.5)
    weights = overlaps(axis_edges(np.arange(4.0)), np.array([0.0, 3.0])).toarray()
    np.testing.assert_allclose(weights, [[0.5, 1.0, 1.0, 0.5]])


def test_unknown_pixels_weigh_nothing() -> None:
    field = pixels(0.0025) + 1.0
    masked = field.where(field["lon"] > 4.0251, np.nan)
    mean = cell_mean([masked], GRID)
    known = ~np.isnan(mean)
    assert not known[:, :2].any() and known[:, 3:].all()
    np.testing.assert_allclose(mean[known], 1.0)


def test_two_tiles_equal_one_map() -> None:
    rng = np.random.default_rng(2)
    field = pixels(0.0025).copy(data=rng.random(pixels(0.0025).shape))
    west, east = field.isel(lon=slice(0, 51)), field.isel(lon=slice(51, None))
    np.testing.assert_allclose(cell_mean([west, east], GRID), cell_mean([field], GRID), rtol=1e-12)


def test_code_shares_sum_to_one_over_the_known_part() -> None:
    rng = np.random.default_rng(3)
    field = pixels(0.001)
    code = field.copy(data=rng.choice([30.0, 40.0, 80.0, np.nan], field.shape))
    shares = code_shares([code], (30, 40, 80, 111), GRID)
    assert set(shares) == {30, 40, 80}
    np.testing.assert_allclose(sum(shares.values()), 1.0)


def test_unknown_cells_take_the_nearest_known_one() -> None:
    field = np.full((3, 4), np.nan)
    field[0, 0], field[2, 3] = 1.0, 2.0
    filled, count = fill_from_neighbours(field, "sand")
    assert count == 10 and filled[0, 1] == 1.0 and filled[2, 2] == 2.0
    with pytest.raises(InputError, match="sand: no value in the domain"):
        fill_from_neighbours(np.full((3, 4), np.nan), "sand")


def test_a_domain_of_one_cell_is_a_domain() -> None:
    field = pixels(0.0025)
    field = field.copy(data=np.broadcast_to(field["lon"].values, field.shape))
    assert cell_mean([field], Grid(4.02, 44.01, 4.03, 44.02)) == pytest.approx(np.array([[4.025]]))


def test_an_irregular_axis_is_refused() -> None:
    with pytest.raises(InputError, match="regular axis"):
        axis_edges(np.array([0.0, 1.0, 3.0]))
