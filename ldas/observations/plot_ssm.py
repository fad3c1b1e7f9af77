"""Plot-scale volumetric SSM (S²MP-like, data document §1.6): moisture of fields on a fine grid, to 1 km in two steps.

The reference paper's order: first the mean inside each 100 m land-cover pixel, then the unweighted mean of the pixels
whose class is kept (LC100 codes 30 herbaceous and 40 cropland) inside each model cell, by pixel centre. The stored
integer is five times the moisture in vol.%, 0 is no data. Understands version 1.
"""

import numpy as np
import xarray as xr

from ldas.errors import InputError
from ldas.grid import Grid
from ldas.observations.dataset import observation_dataset
from ldas.observations.download import AssetReader
from ldas.observations.granule import Asset, GranuleRef
from ldas.observations.raster import RawField, read_geotiff, scale_of
from ldas.observations.settings import ProductSettings
from ldas.regrid import axis_edges, overlaps

SCALE = 0.2
"""vol.% a number."""
KEPT_CLASSES = (30, 40)
LEAST_SHARE, LEAST_PIXELS = 0.2, 10
FLAGS = {1: "too_few_pixels", 2: "class_not_kept"}


def read(reader: AssetReader, granule: GranuleRef, settings: ProductSettings, grid: Grid) -> xr.Dataset | None:
    """The granule on the grid in m3 m-3, with `spread` (standard deviation) and `crop_share` (of class 40) of the kept
    pixels; None when it does not touch the grid."""
    if granule.version[0] != 1:
        raise InputError(
            f"item {granule.id}: this reader understands version 1 of the product, not "
            f"{'.'.join(map(str, granule.version))}"
        )
    asset = granule.assets[next(iter(granule.assets))]
    ssm = read_geotiff(reader, asset, grid)
    cover = read_geotiff(reader, Asset(settings.land_cover_uri), grid)
    if ssm is None or cover is None:
        return None
    moisture = 0.01 * scale_of(ssm, asset, SCALE, granule.id) * ssm.number.astype(float)
    valid = ssm.number > 0
    pixels = mean_in_pixels(moisture, valid, ssm, cover)
    return aggregate(pixels, cover, grid, granule)


def mean_in_pixels(values: np.ndarray, valid: np.ndarray, fine: RawField, coarse: RawField) -> np.ndarray:
    """Step 1: area-weighted mean of the valid fine pixels inside each pixel of `coarse`, NaN where there is none."""
    rows = overlaps(axis_edges(fine.lat), axis_edges(coarse.lat))
    cols = overlaps(axis_edges(fine.lon), axis_edges(coarse.lon))
    area = rows @ valid.astype(float) @ cols.T
    total = rows @ np.where(valid, values, 0.0) @ cols.T
    return np.where(area > 0.0, total / np.where(area > 0.0, area, 1.0), np.nan)


def aggregate(pixels: np.ndarray, cover: RawField, grid: Grid, granule: GranuleRef) -> xr.Dataset:
    """Step 2: unweighted mean of the retrieved pixels of kept classes in each cell, by pixel centre."""
    row = np.round((grid.lat[0] - cover.lat) / grid.resolution).astype(int)
    col = np.round((cover.lon - grid.lon[0]) / grid.resolution).astype(int)
    inside = ((row >= 0) & (row < grid.shape[0]))[:, None] & ((col >= 0) & (col < grid.shape[1]))[None]
    cell = np.clip(row, 0, grid.shape[0] - 1)[:, None] * grid.shape[1] + np.clip(col, 0, grid.shape[1] - 1)[None]
    kept = np.isin(cover.number, KEPT_CLASSES)
    used = inside & kept & np.isfinite(pixels)

    def total(where: np.ndarray, values: np.ndarray) -> np.ndarray:
        return np.bincount(cell[where], weights=values[where], minlength=grid.size).reshape(grid.shape)

    ones = np.ones(pixels.shape)
    count, all_pixels = total(used, ones), total(inside, ones)
    safe = np.maximum(count, 1.0)
    mean = total(used, pixels) / safe
    spread = np.sqrt(np.maximum(total(used, pixels**2) / safe - mean**2, 0.0))
    enough = (count >= LEAST_SHARE * all_pixels) & (count >= LEAST_PIXELS)
    flags = np.where(enough, 0, 1) | np.where(total(inside & ~kept, ones) > 0.0, 2, 0)
    return observation_dataset(
        grid,
        value=np.where(enough, mean, np.nan),
        uncertainty=np.full(grid.shape, np.nan),
        flags=flags,
        count=100.0 * count / np.maximum(all_pixels, 1.0),
        units="m3 m-3",
        nominal=granule.nominal,
        provenance=[granule.provenance()],
        flag_meanings=FLAGS,
        extra={
            "spread": np.where(enough, spread, np.nan),
            "crop_share": np.where(count > 0.0, total(used & (cover.number == 40), ones) / safe, np.nan),
        },
    )
