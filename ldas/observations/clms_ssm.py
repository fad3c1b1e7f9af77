"""CLMS surface soil moisture 1 km, Europe, daily, Sentinel-1 (data document §1.3): degree of saturation in %.

Understands versions 1.1 and 1.2. Raw integers 0…200 are valid, 241…255 are flags; the automatic decoding would turn
all but 255 into numbers. A number above 200 that is no known flag is never a value: it is left out, flagged and logged.
"""

import logging
from collections.abc import Mapping

import numpy as np
import xarray as xr

from ldas.errors import InputError
from ldas.grid import Grid
from ldas.observations.dataset import observation_dataset
from ldas.observations.download import AssetReader
from ldas.observations.granule import Asset, GranuleRef
from ldas.observations.onto_grid import Overlap
from ldas.observations.raster import RawField, check_registration, read_geotiff, read_netcdf, scale_of, variables_of
from ldas.observations.settings import ProductSettings
from ldas.remote import reading

VERSIONS = ((1, 1), (1, 2))
STEP, SCALE, LARGEST = 1.0 / 112.0, 0.5, 200
UNKNOWN_CODE = 64
FLAGS = {
    1: "exceeding_min",
    2: "exceeding_max",
    4: "water",
    8: "sensitivity",
    16: "slope",
    32: "missing",
    UNKNOWN_CODE: "unknown_code",
}
CODES = {241: 1, 242: 2, 251: 4, 252: 8, 253: 16, 255: 32}
_log = logging.getLogger(__name__)


def read(reader: AssetReader, granule: GranuleRef, settings: ProductSettings, grid: Grid) -> xr.Dataset | None:
    """The granule on the grid, None when it does not touch it; a granule without a valid pixel is a dataset of NaN."""
    if granule.version[:2] not in VERSIONS:
        raise InputError(
            f"item {granule.id}: this reader understands versions 1.1 and 1.2 of the product, not "
            f"{'.'.join(map(str, granule.version))}"
        )
    fields = read_layers(reader, granule, {"ssm": ("ssm",), "noise": ("ssm_noise",)}, settings.variant, grid)
    if fields is None:
        return None
    ssm = fields["ssm"]
    check_registration(ssm, granule.id, STEP, "edge")
    scale = scale_of(ssm, granule.assets[next(iter(granule.assets))], SCALE, granule.id)
    number = ssm.number.astype(int)
    codes = dict.fromkeys(set(np.unique(number[number > LARGEST]).tolist()) - set(CODES), UNKNOWN_CODE)
    if codes:
        pixels = np.isin(number, list(codes)).sum()
        _log.warning("item %s: %d pixels hold numbers of unknown meaning: %s", granule.id, pixels, sorted(codes))
    valid = number <= LARGEST
    overlap = Overlap.of(ssm.lat, ssm.lon, grid)
    share = overlap.share(valid)
    accepted = share >= settings.least_covered
    uncertainty = np.full(grid.shape, np.nan)
    if "noise" in fields:
        noise = fields["noise"].number.astype(int)
        uncertainty = overlap.mean(scale * noise, valid & (noise <= LARGEST))
    flags = np.zeros(grid.shape, int)
    for code, bit in (CODES | codes).items():
        flags |= np.where(overlap.share(number == code) > 1e-9, bit, 0)
    return observation_dataset(
        grid,
        value=np.where(accepted, overlap.mean(scale * number, valid), np.nan),
        uncertainty=np.where(accepted, uncertainty, np.nan),
        flags=flags,
        count=100.0 * share,
        units="%",
        nominal=granule.nominal,
        provenance=[granule.provenance()],
        flag_meanings=FLAGS,
    )


def read_layers(
    reader: AssetReader, granule: GranuleRef, variables: Mapping[str, tuple[str, ...]], variant: str, grid: Grid
) -> dict[str, RawField] | None:
    """The granule's layers, raw; `variables` gives the netCDF names of each layer. None where the grid is not touched.

    Raises InputError when the first layer is missing or layers differ in place.
    """
    found: dict[str, RawField] = {}
    for index, (layer, names) in enumerate(variables.items()):
        if variant == "nc":
            field = _from_netcdf(reader, granule.assets.get("file"), names, granule.id, grid, needed=index == 0)
        else:
            asset = granule.assets.get(layer)
            if asset is None and index == 0:
                raise InputError(f"item {granule.id}: expected an asset for the layer {layer!r}")
            field = None if asset is None else read_geotiff(reader, asset, grid)
        if field is None and index == 0:
            return None
        if field is not None:
            found[layer] = field
    first = next(iter(found.values()))
    for layer, field in found.items():
        if not (np.array_equal(field.lat, first.lat) and np.array_equal(field.lon, first.lon)):
            raise InputError(f"item {granule.id}: layer {layer!r} is not on the grid of the others")
    return found


def _from_netcdf(
    reader: AssetReader, asset: Asset | None, names: tuple[str, ...], item_id: str, grid: Grid, needed: bool
) -> RawField | None:
    if asset is None:
        raise InputError(f"item {item_id}: expected an asset for the layer 'file' (the netCDF granule)")
    path = reader.whole_file(asset)
    try:
        with reading(asset.href):
            present = variables_of(path)
            name = next((name for name in names if name in present), None)
            if name is not None:
                return read_netcdf(path, name, grid)
    except InputError:
        path.unlink(missing_ok=True)  # a broken file must not be kept in place of the whole one
        raise
    if needed:
        raise InputError(f"item {item_id}: expected a variable {' or '.join(names)}, got {', '.join(present)}")
    return None
