"""Daily layers against profiles whose means are known."""

import numpy as np
import pytest
import xarray as xr

from ldas.errors import InputError
from ldas.products.layers import daily_layers, thickness_within
from ldas.variables import variables

BOTTOMS = np.array([0.01, 0.04, 0.10, 0.20, 0.40, 0.60, 0.80, 1.00, 1.50, 2.00, 3.00, 5.00, 8.00, 12.00])
BOUNDS = np.stack([np.r_[0.0, BOTTOMS[:-1]], BOTTOMS], axis=1)


def _analysis(profile: np.ndarray) -> xr.Dataset:
    water = np.broadcast_to(profile[None, :, None, None], (2, len(profile), 3, 4)).astype("float32")
    dims = ("time", "depth", "lat", "lon")
    return xr.Dataset(
        {"wg": (dims, water), "wg_ol": (dims, water / 2), "wg_increment": (dims, water / 10)},
        coords={"depth_bnds": (("depth", "bnds"), BOUNDS)},
    )


def _map(value: float) -> xr.DataArray:
    return xr.DataArray(np.full((3, 4), value), dims=("lat", "lon"))


def test_uniform_profile_gives_its_value_everywhere() -> None:
    layers = daily_layers(_analysis(np.full(14, 0.25)), _map(0.15), _map(0.35))
    assert set(layers.data_vars) == set(variables("product"))
    for name, value in {"ssm": 0.25, "rzsm": 0.25, "rzsm_wg5": 0.25, "rz_water": 250.0, "smi_linear": 0.5}.items():
        np.testing.assert_allclose(layers[name], value, rtol=1e-6)
    np.testing.assert_allclose(layers["smi_linear_ol"], (0.125 - 0.15) / 0.2, rtol=1e-5)
    np.testing.assert_allclose(layers["rz_water_increment"], 25.0, rtol=1e-6)


def test_layers_weigh_by_thickness() -> None:
    profile = np.arange(14) / 100
    layers = daily_layers(_analysis(profile), _map(0.1), _map(0.3))
    expected = (profile[:8] * np.diff(np.r_[0.0, BOTTOMS[:8]])).sum()
    np.testing.assert_allclose(layers["rzsm"], expected, rtol=1e-6)
    np.testing.assert_allclose(layers["ssm"], 0.01, rtol=1e-6)
    np.testing.assert_allclose(layers["rzsm_wg5"], 0.04, rtol=1e-6)
    assert layers["ssm"].attrs["units"] == "m3 m-3"


def test_missing_layer_makes_the_root_zone_missing() -> None:
    profile = np.full(14, 0.2)
    profile[5] = np.nan
    layers = daily_layers(_analysis(profile), _map(0.1), _map(0.3))
    assert np.isnan(layers["rzsm"]).all() and np.isfinite(layers["ssm"]).all()


def test_a_layer_across_the_root_zone_counts_in_part() -> None:
    thickness = thickness_within(np.array([[0.0, 0.7], [0.7, 1.5]]), 0.0, 1.0)
    np.testing.assert_allclose(thickness, [0.7, 0.3])


def test_shallow_soil_is_refused() -> None:
    with pytest.raises(InputError, match=r"expected layers down to 1.0 m, got 0.8 m"):
        thickness_within(BOUNDS[:7], 0.0, 1.0)
