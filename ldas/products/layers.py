"""Daily layers derived from the stored analysis: surface and root-zone soil moisture, water content and index."""

import numpy as np
import xarray as xr

from ldas.errors import InputError
from ldas.variables import variables

WATER_DENSITY = 1000.0
SURFACE_LAYER = 1
"""WG2, 0.01-0.04 m: the proxy of surface soil moisture."""
ROOT_ZONE_PROXY_LAYER = 4
"""WG5, 0.20-0.40 m: the reference paper's proxy of root-zone soil moisture."""
ROOT_ZONE_BOTTOM = 1.0


def thickness_within(depth_bounds: np.ndarray, top: float, bottom: float) -> np.ndarray:
    """Thickness (m) of each layer between `top` and `bottom`; `depth_bounds` has shape (layer, 2), m downwards."""
    if depth_bounds[-1, 1] < bottom - 1e-9:
        raise InputError(f"depth_bnds: expected layers down to {bottom} m, got {depth_bounds[-1, 1]} m")
    return np.clip(np.minimum(depth_bounds[:, 1], bottom) - np.maximum(depth_bounds[:, 0], top), 0.0, None)


def depth_mean(water: xr.DataArray, thickness: np.ndarray) -> xr.DataArray:
    """Sum(w dz) / sum(dz) over the layers of `water` (..., depth, ...) (method document §6.1)."""
    weight = xr.DataArray(thickness, dims="depth")
    used = weight > 0.0
    weight = weight[used.values]
    return (water.isel(depth=used.values) * weight).sum("depth", skipna=False) / weight.sum()


def soil_moisture_index(water: xr.DataArray, w_wilt: xr.DataArray, w_fc: xr.DataArray) -> xr.DataArray:
    """SMI = (w - w_wilt) / (w_fc - w_wilt): 0 at the wilting point, 1 at field capacity, not bounded (§6.1)."""
    return (water - w_wilt) / (w_fc - w_wilt)


def daily_layers(analysis: xr.Dataset, w_wilt: xr.DataArray, w_fc: xr.DataArray) -> xr.Dataset:
    """All `product` rows of the variable table from the `analysis` rows; lazy when `analysis` is lazy.

    `analysis` needs `wg`, `wg_ol`, `wg_increment` on (time, depth, lat, lon) and `depth_bnds` (depth, 2);
    `w_wilt` and `w_fc` are maps (lat, lon).
    """
    thickness = thickness_within(analysis["depth_bnds"].values, 0.0, ROOT_ZONE_BOTTOM)
    layers = {}
    for suffix in ("", "_ol"):
        water = analysis[f"wg{suffix}"]
        root_zone = depth_mean(water, thickness)
        layers[f"ssm{suffix}"] = water.isel(depth=SURFACE_LAYER, drop=True)
        layers[f"rzsm{suffix}"] = root_zone
        layers[f"rzsm_wg5{suffix}"] = water.isel(depth=ROOT_ZONE_PROXY_LAYER, drop=True)
        layers[f"rz_water{suffix}"] = root_zone * (thickness.sum() * WATER_DENSITY)
        layers[f"smi_linear{suffix}"] = soil_moisture_index(root_zone, w_wilt, w_fc)
    increment = analysis["wg_increment"]
    layers["ssm_increment"] = increment.isel(depth=SURFACE_LAYER, drop=True)
    layers["rz_water_increment"] = depth_mean(increment, thickness) * (thickness.sum() * WATER_DENSITY)
    table = variables("product")
    return xr.Dataset(
        {name: layers[name].astype(row.dtype).assign_attrs(row.attributes()) for name, row in table.items()}
    )
