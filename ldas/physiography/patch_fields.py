"""Per-patch fields given on the model grid instead of land-cover codes (ECOCLIMAP-like)."""

import numpy as np
import xarray as xr

from ldas.errors import InputError
from ldas.grid import PATCHES, Grid
from ldas.physiography.settings import PhysiographySettings
from ldas.remote import open_dataset, reading


def read_patch_fields(settings: PhysiographySettings, grid: Grid) -> xr.Dataset:
    """The dataset of `settings.patch_fields` on the grid: `patch_fraction` and any other (patch,) lat, lon field.

    Fractions are renormalised to 1 in every cell where they sum to more than `smallest_nature_fraction`. Raises
    InputError when the dataset is not on the grid, has no `patch_fraction` or not 12 patches.
    """
    assert settings.patch_fields is not None
    uri = settings.patch_fields.uri[0]
    with reading(uri), open_dataset(uri, settings.endpoint_url) as opened:
        dataset = opened.load()
    if "patch_fraction" not in dataset:
        raise InputError(f"{uri}: expected a variable 'patch_fraction', got {', '.join(map(str, dataset.data_vars))}")
    dataset = dataset.sortby("lat", ascending=False).sortby("lon")
    for axis, ours in (("lat", grid.lat), ("lon", grid.lon)):
        theirs = dataset[axis].values
        if theirs.shape != ours.shape or np.abs(theirs - ours).max() > 1e-3 * grid.resolution:
            raise InputError(f"{uri}: {axis} is not the model grid's ({len(theirs)} values, expected {len(ours)})")
    if dataset.sizes["patch"] != PATCHES:
        raise InputError(f"{uri}: expected {PATCHES} patches, got {dataset.sizes['patch']}")
    fraction = np.nan_to_num(dataset["patch_fraction"].transpose("patch", "lat", "lon").values.astype(np.float64))
    if fraction.min() < 0.0:
        raise InputError(f"{uri}: patch_fraction: expected values >= 0, got {fraction.min():g}")
    total = fraction.sum(axis=0)
    active = total >= max(settings.smallest_nature_fraction, 1e-6)
    dataset["patch_fraction"] = (
        ("patch", "lat", "lon"),
        np.where(active, fraction / np.where(active, total, 1.0), 0.0),
    )
    return dataset.assign_coords(lat=grid.lat, lon=grid.lon, patch=np.arange(1, PATCHES + 1))
