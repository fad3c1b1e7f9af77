"""Windows of integer rasters: only the blocks of a remote GeoTIFF that touch the domain are read, or a netCDF field."""

import logging
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
import xarray as xr
from rasterio.windows import Window

from ldas.errors import InputError
from ldas.grid import Grid
from ldas.observations.download import AssetReader, check_magic
from ldas.observations.granule import Asset
from ldas.remote_raster import open_blocks, open_raster

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RawField:
    """Raw integers on pixel centres, latitude descending, longitude ascending in -180…180; scale, offset as stored."""

    number: np.ndarray  # (lat, lon), as stored
    lat: np.ndarray
    lon: np.ndarray
    scale: float | None
    offset: float | None = None


def read_geotiff(reader: AssetReader, asset: Asset, grid: Grid) -> RawField | None:
    """The part of a GeoTIFF that touches the grid, with one pixel more around; None where they do not meet.

    The size is checked against the catalogue; the MD5 of a file of which only a window is read is not.
    """

    def read() -> RawField | None:
        fs, path = reader.filesystem(asset.href)
        with open_blocks(fs, path) as file:
            size = file.seek(0, os.SEEK_END)
            if asset.size is not None and size != asset.size:
                raise InputError(f"{asset.href}: expected {asset.size} bytes as the catalogue says, got {size}")
            file.seek(0)
            check_magic(asset.href, file.read(8))
            file.seek(0)
            try:
                with open_raster(file, Path(path).name) as source:
                    return _window(source, asset, grid)
            finally:
                cache = getattr(file, "cache", None)
                reader.bytes_read += size if cache is None else cache.total_requested_bytes

    return reader.patiently(asset.href, read)


def _window(source: rasterio.DatasetReader, asset: Asset, grid: Grid) -> RawField | None:
    if source.crs is None or not source.crs.is_geographic or source.count != 1:
        raise InputError(
            f"{asset.href}: expected one band on longitude and latitude, got {source.count} on {source.crs}"
        )
    transform = source.transform
    if transform.b or transform.d or transform.a <= 0 or transform.e >= 0:
        raise InputError(f"{asset.href}: expected a north-up raster, got {tuple(transform)[:6]}")
    if transform.c + transform.a * source.width > 180.5:
        raise InputError(f"{asset.href}: expected longitudes from -180 to 180, got up to {source.bounds.right:.3f}")
    half = 0.5 * grid.resolution
    west, east = grid.lon[0] - half, grid.lon[-1] + half
    north, south = grid.lat[0] + half, grid.lat[-1] - half
    first_col = max(int(np.floor((west - transform.c) / transform.a)) - 1, 0)
    last_col = min(int(np.ceil((east - transform.c) / transform.a)) + 1, source.width)
    first_row = max(int(np.floor((north - transform.f) / transform.e)) - 1, 0)
    last_row = min(int(np.ceil((south - transform.f) / transform.e)) + 1, source.height)
    if first_col >= last_col or first_row >= last_row:
        return None
    number = source.read(1, window=Window.from_slices((first_row, last_row), (first_col, last_col)))
    tagged = source.scales[0]
    return RawField(
        number,
        transform.f + (np.arange(first_row, last_row) + 0.5) * transform.e,
        transform.c + (np.arange(first_col, last_col) + 0.5) * transform.a,
        None if tagged == 1.0 else float(tagged),
        float(source.offsets[0]),
    )


def variables_of(path: Path) -> list[str]:
    """Names of the variables of a netCDF file."""
    with xr.open_dataset(path, engine="netcdf4", mask_and_scale=False, decode_times=False) as dataset:
        return [str(name) for name in dataset.data_vars]


def read_netcdf(path: Path, variable: str, grid: Grid) -> RawField | None:
    """The part of a netCDF variable on ([time,] lat, lon) that touches the grid, as stored: no masking, no scaling.

    Coordinates alone give the place: `crs:GeoTransform` of a cut file still describes its parent.
    """
    with xr.open_dataset(path, engine="netcdf4", mask_and_scale=False, decode_times=False) as dataset:
        if variable not in dataset:
            raise InputError(f"{path.name}: expected a variable {variable!r}, got {', '.join(map(str, dataset))}")
        field = dataset[variable].squeeze(drop=True)
        if set(field.dims) != {"lat", "lon"}:
            raise InputError(f"{path.name}: expected {variable} on (lat, lon), got {tuple(field.dims)}")
        if float(field["lon"].max()) > 180.0:
            field = field.assign_coords(lon=(field["lon"] + 180.0) % 360.0 - 180.0)
        field = field.sortby("lon").sortby("lat", ascending=False).transpose("lat", "lon")
        margin = 2.0 * abs(float(field["lat"][1] - field["lat"][0])) + 0.5 * grid.resolution
        inside = field.sel(
            lat=slice(grid.lat[0] + margin, grid.lat[-1] - margin),
            lon=slice(grid.lon[0] - margin, grid.lon[-1] + margin),
        )
        if 0 in inside.shape:
            return None
        number = inside.values
        if field.attrs.get("_Unsigned") == "true" and number.dtype.kind == "i":
            number = number.view(number.dtype.str.replace("i", "u"))
        scale = field.attrs.get("scale_factor")
        return RawField(
            number,
            inside["lat"].values.astype(float),
            inside["lon"].values.astype(float),
            None if scale is None else float(scale),
            float(field.attrs.get("add_offset", 0.0)),
        )


def check_registration(field: RawField, name: str, step: float, registration: str) -> None:
    """Raise InputError unless pixel `edge`s or `centre`s lie on multiples of `step` degrees (to 5 % of a pixel)."""
    offset = 0.5 if registration == "edge" else 0.0
    for axis, centres in (("latitude", field.lat), ("longitude", field.lon)):
        steps = np.abs(np.diff(centres))
        if len(steps) == 0 or np.abs(steps - step).max() > 0.01 * step:
            raise InputError(f"{name}: expected a {axis} step of {step:.6f} degrees")
        departure = centres / step - offset
        if np.abs(departure - np.round(departure)).max() > 0.05:
            raise InputError(f"{name}: expected pixel {registration}s on multiples of {step:.6f} degrees in {axis}")


def scale_of(field: RawField, asset: Asset, expected: float, name: str) -> float:
    """The product's scale, checked against what file and catalogue say; if neither says it, a warning is logged.

    The products have no offset: one that is stated and is not 0 is refused like another scale.
    """
    if field.scale is None and asset.scale is None:
        _log.warning("%s: neither file nor catalogue states a scale; the product's %g is taken", name, expected)
    for origin, scale, offset in (("file", field.scale, field.offset), ("catalogue", asset.scale, asset.offset)):
        if scale is not None and abs(scale - expected) > 1e-4 * expected:
            raise InputError(f"{name}: the {origin} states a scale of {scale:g}, the product's is {expected:g}")
        if offset:
            raise InputError(f"{name}: the {origin} states an offset of {offset:g}, the product has none")
    return expected
