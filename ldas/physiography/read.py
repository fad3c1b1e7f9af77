"""Windows of static maps from COG, GeoTIFF, VRT, Zarr or NetCDF addresses, as (lat descending, lon ascending)."""

from collections.abc import Iterator
from contextlib import contextmanager

import fsspec
import numpy as np
import rasterio
import xarray as xr
from rasterio.enums import Resampling
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window

from ldas.errors import ConfigurationError, InputError
from ldas.grid import Grid
from ldas.physiography.settings import MapLayer
from ldas.remote import filesystem, open_dataset, reading
from ldas.remote_raster import open_blocks, open_mosaic, open_raster

_RASTER = (".tif", ".tiff", ".vrt")
_FACTORS = {
    "fraction": {"1": 1.0, "kg kg-1": 1.0, "kg/kg": 1.0, "%": 0.01, "percent": 0.01, "g/kg": 0.001, "g kg-1": 0.001}
    | {"dg/kg": 1e-4, "dg kg-1": 1e-4},
    "metre": {"m": 1.0, "metre": 1.0, "meter": 1.0, "km": 1000.0},
    "degree": {"degree": 1.0, "degrees": 1.0, "radian": 180.0 / np.pi},
    "code": {},
}


def read_tiles(layer: MapLayer, grid: Grid, quantity: str, endpoint_url: str = "") -> Iterator[xr.DataArray]:
    """The parts of each tile of a layer that touch the domain, float64 with NaN where unknown, in our units.

    `quantity` is `fraction`, `metre`, `degree` or `code`. A tile that does not touch the domain yields nothing. Raises
    InputError naming the file for an unknown unit or a map that is not on (lat, lon), AccessError, TransientError.
    """
    for uri in layer.uri:
        read = _raster if uri.lower().endswith(_RASTER) else _dataset
        try:
            with reading(uri):
                window = read(uri, layer.variable, endpoint_url, grid)
        except FileNotFoundError as error:
            raise InputError(f"{uri}: does not exist") from error
        if window is not None:
            yield window * _factor(layer, uri, str(window.attrs.get("units", "")), quantity)


def _raster(uri: str, variable: str, endpoint_url: str, grid: Grid) -> xr.DataArray | None:
    """The pixels of a raster that touch the domain; a projected one is seen through a nearest-neighbour warp."""
    fs, path = filesystem(uri, endpoint_url)
    with _opened(fs, path) as source:
        if source.crs is None or source.crs.is_geographic:
            return _raster_window(source, uri, grid)
        with WarpedVRT(source, crs="EPSG:4326", resampling=Resampling.nearest) as warped:
            return _raster_window(warped, uri, grid)


@contextmanager
def _opened(fs: fsspec.AbstractFileSystem, path: str) -> Iterator[rasterio.DatasetReader]:
    if path.lower().endswith(".vrt"):
        fs.info(path)  # a refusal or a missing file shows here; GDAL would call both an unreadable file
        local = "file" in fs.protocol  # the operator's own VRT may name files anywhere
        with rasterio.open(path) if local else open_mosaic(fs, path) as source:
            yield source
    else:
        with open_blocks(fs, path) as file, open_raster(file, path) as source:
            yield source


def _raster_window(source: rasterio.DatasetReader | WarpedVRT, uri: str, grid: Grid) -> xr.DataArray | None:
    transform = source.transform
    if source.count != 1 or transform.b or transform.d or transform.a <= 0 or transform.e >= 0:
        raise InputError(f"{uri}: expected a north-up raster of one band, got {source.count} on {tuple(transform)[:6]}")
    lat = transform.f + (np.arange(source.height) + 0.5) * transform.e
    lon = transform.c + (np.arange(source.width) + 0.5) * transform.a
    rows, cols = (np.flatnonzero(inside) for inside in _touching(lat, lon, grid))
    if not len(rows) or not len(cols):
        return None
    window = Window.from_slices((rows[0], rows[-1] + 1), (cols[0], cols[-1] + 1))
    values = source.read(1, window=window, masked=True).astype(np.float64).filled(np.nan)
    return xr.DataArray(
        values * source.scales[0] + source.offsets[0],
        dims=("lat", "lon"),
        coords={"lat": lat[rows], "lon": lon[cols]},
        attrs={"units": source.units[0] or ""},
    )


def _dataset(uri: str, variable: str, endpoint_url: str, grid: Grid) -> xr.DataArray | None:
    """The pixels of a Zarr or NetCDF variable that touch the domain."""
    with open_dataset(uri, endpoint_url) as dataset:
        if variable and variable not in dataset:
            raise InputError(f"{uri}: expected a variable {variable!r}, got {', '.join(map(str, dataset.data_vars))}")
        names = [variable] if variable else [str(name) for name, field in dataset.data_vars.items() if field.ndim >= 2]
        if len(names) != 1:
            raise ConfigurationError(f"{uri}: expected `variable` to name one of {', '.join(names) or 'no maps'}")
        field = _geographic(dataset[names[0]].squeeze(drop=True), uri)
        rows, cols = _touching(field["lat"].values, field["lon"].values, grid)
        if not rows.any() or not cols.any():
            return None
        return field.isel(lat=rows, lon=cols).astype(np.float64).load()


def _touching(lat: np.ndarray, lon: np.ndarray, grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns whose pixels touch the domain, and one more on each side, bool."""
    inside = []
    for centres, targets in ((lat, grid.lat), (lon, grid.lon)):
        margin = 0.5 * grid.resolution + 1.5 * (float(np.abs(np.diff(centres)).max()) if len(centres) > 1 else 0.0)
        inside.append((centres > targets.min() - margin) & (centres < targets.max() + margin))
    return inside[0], inside[1]


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


def _factor(layer: MapLayer, uri: str, stated: str, quantity: str) -> float:
    """Factor from the file's units, or the profile's, to ours; both may speak if they mean the same."""
    table = _FACTORS[quantity]
    if quantity == "code":
        return 1.0
    for units in filter(None, (stated, layer.units)):
        if units not in table:
            raise InputError(f"{uri}: unknown units {units!r}, expected one of {', '.join(table)}")
    if stated and layer.units and table[stated] != table[layer.units]:
        raise InputError(f"{uri}: the file states units {stated!r}, the profile {layer.units!r}")
    if not stated and not layer.units:
        raise InputError(f"{uri}: the file states no units; expected them in the profile's `units`")
    return table[stated or layer.units]
