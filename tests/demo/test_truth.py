"""The demo's hidden errors are those of the twin experiment's design (method document §7.1)."""

import numpy as np
import pytest
import xarray as xr

from ldas.demo.fields import correlated_field, generator, within
from ldas.demo.truth import hidden_parameters, hidden_physiography, hidden_weather, irrigated_cells, stretched_roots
from ldas.grid import Columns, Grid
from ldas.model.derive import derive_parameters
from ldas.model.options import ModelOptions
from ldas.model.parameters import Parameters

GRID = Grid(4.0, 43.95, 4.3, 44.25)


@pytest.fixture(scope="module")
def columns() -> Columns:
    fraction = np.zeros((12, *GRID.shape))
    fraction[3], fraction[6], fraction[9] = 0.2, 0.5, 0.3
    return Columns.from_fractions(fraction)


@pytest.fixture(scope="module")
def parameters(columns: Columns) -> Parameters:
    n = len(columns)
    return derive_parameters(
        columns.patch, np.full(n, 44.0), np.full(n, 4.1), np.full(n, 0.4), np.full(n, 0.2), ModelOptions()
    )


def test_fields_keep_their_length_at_every_resolution() -> None:
    for resolution, lag in ((0.01, 9), (0.03, 3)):  # 0.09 degree of longitude, 8 km of the mean kilometre
        grid = Grid(0.0, 43.0, 2.0, 45.0, resolution)
        field = correlated_field(grid, 8.5, generator(1, "length"))
        correlation = np.corrcoef(field[:, lag:].ravel(), field[:, :-lag].ravel())[0, 1]
        assert correlation == pytest.approx(np.exp(-1.0), abs=0.12)


def test_limits_are_filled_and_kept() -> None:
    values = within(0.2, np.random.default_rng(0).standard_normal(20_000))
    assert np.abs(values).max() <= 0.2
    assert values.std() == pytest.approx(0.2 / np.sqrt(3.0), rel=0.02)


def test_hidden_parameters_stay_within_a_fifth(columns: Columns, parameters: Parameters) -> None:
    hidden = hidden_parameters(parameters, columns, GRID, 5)
    vegetated = parameters.vegetated
    for name in ("g_m", "tau_m", "lai_min"):
        ratio = (getattr(hidden, name) / getattr(parameters, name))[vegetated]
        assert 0.8 <= ratio.min() < 0.9 and 1.1 < ratio.max() <= 1.2, name


def test_roots_are_drawn_out_and_none_is_lost(columns: Columns, parameters: Parameters) -> None:
    def mean_depth(fraction: np.ndarray) -> np.ndarray:
        top = np.vstack([np.zeros((1, len(columns))), parameters.layer_bottom[:-1]])
        return np.asarray((fraction * (top + parameters.layer_bottom) / 2.0).sum(axis=0))

    factor = np.full(len(columns), 0.8)
    shallow = stretched_roots(parameters, factor)
    np.testing.assert_allclose(shallow.sum(axis=0), parameters.root_fraction.sum(axis=0), rtol=1e-9)
    np.testing.assert_allclose(
        mean_depth(shallow) / mean_depth(parameters.root_fraction), 0.8, atol=0.06
    )  # whole layers
    deep = stretched_roots(parameters, 1.2 * np.ones(len(columns)))
    below = np.arange(14)[:, None] >= parameters.n_water
    assert (mean_depth(deep) > mean_depth(parameters.root_fraction)).all() and not deep[below].any()
    same = stretched_roots(parameters, np.ones(len(columns)))
    np.testing.assert_allclose(same, parameters.root_fraction, atol=1e-12)


def test_texture_and_fractions_move_as_designed() -> None:
    fraction = np.zeros((12, *GRID.shape))
    fraction[6], fraction[9] = 0.6, 0.4
    dims = ("lat", "lon")
    known = xr.Dataset(
        {
            "sand": (dims, np.full(GRID.shape, 0.4)),
            "clay": (dims, np.full(GRID.shape, 0.25)),
            "patch_fraction": (("patch", *dims), fraction),
        },
        coords={"lat": GRID.lat, "lon": GRID.lon, "patch": np.arange(1, 13)},
    )
    hidden = hidden_physiography(known, GRID, 5)
    assert 0.05 < np.abs(hidden["sand"] - 0.4).max() <= 0.10
    moved = (hidden["patch_fraction"] != known["patch_fraction"]).any("patch")
    assert 0.05 < float(moved.mean()) < 0.15
    np.testing.assert_allclose(hidden["patch_fraction"].sum("patch"), 1.0)
    assert float(np.abs(hidden["patch_fraction"] - known["patch_fraction"]).max()) <= 0.2


def test_weather_errors_are_unbiased_bounded_and_last_two_days() -> None:
    hours = np.arange(np.datetime64("2026-01-01T00"), np.datetime64("2026-12-31T00"), np.timedelta64(24, "h"))
    small = Grid(4.0, 44.0, 4.02, 44.02)
    known = xr.Dataset(
        {
            name: (("time", "lat", "lon"), np.full((len(hours), *small.shape), value))
            for name, value in {"Rainf": 1.0, "Snowf": 0.0, "SWdown": 100.0, "LWdown": 300.0, "Tair": 280.0}.items()
        },
        coords={"time": hours.astype("datetime64[ns]"), "lat": small.lat, "lon": small.lon},
    )
    true = hidden_weather(known, small, 5)
    log_rain = np.log(true["Rainf"].values[:, 0, 0])
    assert log_rain.std() == pytest.approx(0.4, abs=0.06)
    assert float(true["Rainf"].mean()) == pytest.approx(1.0, abs=0.1)
    assert np.corrcoef(log_rain[1:], log_rain[:-1])[0, 1] == pytest.approx(0.5, abs=0.15)
    assert abs(np.corrcoef(log_rain[2:], log_rain[:-2])[0, 1]) < 0.15
    for name, limit in (("SWdown", 10.0), ("LWdown", 15.0), ("Tair", 1.0)):
        change = (true[name] - known[name]).values
        assert 0.8 * limit < np.abs(change).max() <= limit and abs(change.mean()) < 0.15 * limit, name


def test_the_irrigated_block_lies_where_the_crops_are() -> None:
    fraction = np.zeros((12, *GRID.shape))
    fraction[9] = 1.0
    fraction[9, :, 20:], fraction[6, :, 20:] = 0.0, 1.0
    watered = irrigated_cells(GRID, fraction)
    assert watered[-1, -1] and not watered[-1, 0] and not watered[0].any()
