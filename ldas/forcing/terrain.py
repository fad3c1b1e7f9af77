"""The terrain height of a weather source, from a file of its own: NetCDF, Zarr, or a GRIB constant file."""

import tempfile
from pathlib import Path

import numpy as np
import xarray as xr

from ldas.errors import InputError
from ldas.forcing.axes import around, canonical_axes
from ldas.forcing.grib import read_messages
from ldas.forcing.settings import ForcingSettings
from ldas.grid import Grid
from ldas.model.constants import GRAVITY
from ldas.remote import filesystem, fingerprints, open_dataset, reading

NAMES = ("elevation", "orog", "h", "z")
_HEIGHT_UNITS = {"m": 1.0, "gpm": 1.0, "m**2 s**-2": 1.0 / GRAVITY, "m2 s-2": 1.0 / GRAVITY}


def add_terrain(dataset: xr.Dataset, settings: ForcingSettings, grid: Grid) -> xr.Dataset:
    """The weather with `elevation` (lat, lon), m, from `source_elevation_uri`; unchanged when that is empty.

    Raises InputError when the file has no terrain height on the weather's own nodes.
    """
    uri = settings.source_elevation_uri
    if not uri:
        return dataset
    read = _from_grib if ".grib" in uri or ".grb" in uri else _from_dataset
    with reading(uri):
        found = read(uri, settings, grid)
    if found.shape != dataset["Tair"].shape[1:] or not all(
        np.allclose(found[axis], dataset[axis], atol=1e-4) for axis in ("lat", "lon")
    ):
        raise InputError(f"{uri}: expected the terrain on the weather's own nodes")
    units = str(found.attrs.get("units"))
    if units not in _HEIGHT_UNITS:
        raise InputError(f"{uri}: unknown units {units!r}, expected one of {', '.join(_HEIGHT_UNITS)}")
    return dataset.assign(elevation=(("lat", "lon"), found.values * _HEIGHT_UNITS[units], {"units": "m"}))


def terrain_fingerprint(settings: ForcingSettings) -> dict[str, str]:
    """`source_elevation_uri` → fingerprint of that file; empty without one."""
    uris = [settings.source_elevation_uri] if settings.source_elevation_uri else []
    return fingerprints(uris, settings.endpoint_url, settings.patience)


def _from_dataset(uri: str, settings: ForcingSettings, grid: Grid) -> xr.DataArray:
    with open_dataset(uri, settings.endpoint_url, settings.patience) as dataset:
        terrain = around(canonical_axes(dataset, uri), grid)
        name = next((name for name in NAMES if name in terrain), None)
        if name is None:
            raise InputError(
                f"{uri}: expected a variable {' or '.join(NAMES)}, got {', '.join(map(str, terrain.data_vars))}"
            )
        field = terrain[name].load()
    return field.isel(time=0, drop=True) if "time" in field.dims else field


def _from_grib(uri: str, settings: ForcingSettings, grid: Grid) -> xr.DataArray:
    fs, path = filesystem(uri, settings.endpoint_url, patience=settings.patience)
    with tempfile.TemporaryDirectory(prefix="ldas-terrain-") as scratch:
        local = Path(path)
        if "file" not in fs.protocol:
            local = Path(scratch) / "terrain.grib2"
            fs.get_file(path, str(local))
        for key, field in read_messages(local, lambda key: key.short_name in NAMES, grid):
            return field.assign_attrs(units=key.units)
    raise InputError(f"{uri}: expected a message {' or '.join(NAMES)} over the domain, found none")
