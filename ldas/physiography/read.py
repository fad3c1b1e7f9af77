"""Windows of static maps from COG, GeoTIFF, VRT, Zarr or NetCDF addresses, as (lat descending, lon ascending)."""

from collections.abc import Iterator

import numpy as np
import rasterio
import rioxarray
import xarray as xr
from rasterio.enums import Resampling
from rasterio.vrt import WarpedVRT

from ldas.errors import ConfigurationError, InputError
from ldas.grid import Grid
from ldas.physiography.settings import MapLayer
from ldas.remote import filesystem, open_dataset, reading

_RASTER = (".tif", ".tiff", ".vrt")
_FACTORS = {
    "fraction": {"1": 1.0, "kg kg-1": 1.0, "kg/kg": 1.0, "%": 0.01, "percent": 0.01, "g/kg": 0.001, "g kg-1": 0.001}
    | {"dg/kg": 1e-4, "dg kg-1": 1e-4},
    "metre": {"m": 1.0, "metre": 1.0, "meter": 1.0, "km": 1000.0},
    "degree": {"degree": 1.0, "degrees": 1.0, "radian": 180.0 / np.pi},
    "code": {"": 1.0, "1": 1.0},
}


def read_tiles(layer: MapLayer, grid: Grid, quantity: str, endpoint_url: str = "") -> Iterator[xr.DataArray]:
    """The parts of each tile of a layer that touch the domain, float64 with NaN where unknown, in our units.

    `quantity` is `fraction`, `metre`, `degree` or `code`. A tile that does not touch the domain yields nothing. Raises
    InputError naming the file for an unknown unit or a map that is not on (lat, lon), AccessError, TransientError.
    """
    for uri in layer.uri:
        with reading(uri):
            field = _open(uri, layer.variable, endpoint_url)
            window = _window(_geographic(field, uri), grid)
            if 0 in window.shape:
                continue
            values = window.astype(np.float64).load()
        yield values * _factor(layer, uri, str(field.attrs.get("units", "")), quantity)


def _open(uri: str, variable: str, endpoint_url: str) -> xr.DataArray:
    if uri.lower().endswith(_RASTER):
        fs, path = filesystem(uri, endpoint_url)
        source = rasterio.open(path, opener=fs)
        if source.crs is not None and not source.crs.is_geographic:
            source = WarpedVRT(source, crs="EPSG:4326", resampling=Resampling.nearest)
        field = rioxarray.open_rasterio(source, mask_and_scale=True)
        if not isinstance(field, xr.DataArray) or field.sizes["band"] != 1:
            raise InputError(f"{uri}: expected a raster of one band")
        return field.squeeze("band", drop=True)
    dataset = open_dataset(uri, endpoint_url)
    if variable and variable not in dataset:
        raise InputError(f"{uri}: expected a variable {variable!r}, got {', '.join(map(str, dataset.data_vars))}")
    names = [variable] if variable else [str(name) for name, field in dataset.data_vars.items() if field.ndim >= 2]
    if len(names) != 1:
        raise ConfigurationError(f"{uri}: expected `variable` to name one of {', '.join(names) or 'no maps'}")
    return dataset[names[0]].squeeze(drop=True)


def _geographic(field: xr.DataArray, uri: str) -> xr.DataArray:
    """The field on (lat, lon), latitude descending, longitude ascending within -180 … 180."""
    renames = {
        name: ours
        for name, ours in (("y", "lat"), ("x", "lon"), ("latitude", "lat"), ("longitude", "lon"))
        if name in field.dims
    }
    field = field.rename(renames)
    if set(field.dims) != {"lat", "lon"}:
        raise InputError(f"{uri}: expected a map on (lat, lon), got dimensions {tuple(field.dims)}")
    if float(field["lon"].max()) > 180.0:
        field = field.assign_coords(lon=(field["lon"] + 180.0) % 360.0 - 180.0)
    return field.sortby("lon").sortby("lat", ascending=False).transpose("lat", "lon")


def _window(field: xr.DataArray, grid: Grid) -> xr.DataArray:
    """The pixels that touch the domain, with one pixel more on each side."""
    step = [abs(float(field[axis][1] - field[axis][0])) if field.sizes[axis] > 1 else 0.0 for axis in ("lat", "lon")]
    half = 0.5 * grid.resolution
    return field.sel(
        lat=slice(grid.lat[0] + half + step[0], grid.lat[-1] - half - step[0]),
        lon=slice(grid.lon[0] - half - step[1], grid.lon[-1] + half + step[1]),
    )


def _factor(layer: MapLayer, uri: str, stated: str, quantity: str) -> float:
    if layer.units and stated and stated != layer.units:
        raise InputError(f"{uri}: the file states units {stated!r}, the profile {layer.units!r}")
    units = layer.units or stated
    if quantity == "code":
        return 1.0
    if units not in _FACTORS[quantity]:
        raise InputError(f"{uri}: unknown units {units!r}, expected one of {', '.join(_FACTORS[quantity])}")
    return _FACTORS[quantity][units]
