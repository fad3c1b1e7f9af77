"""CLMS leaf area index 300 m and 1 km, global, ten-daily (data document §1.5), in m2 m-2.

Understands versions 1 (PROBA-V and OLCI) and 2, near-real-time to consolidated. Pixel centres lie on multiples of the
step, half a pixel off the SSM grid. 300 m pixels are averaged by area, 1 km pixels interpolated bilinearly.
"""

import numpy as np
import xarray as xr

from ldas.errors import InputError
from ldas.grid import Grid
from ldas.observations.clms_ssm import read_layers
from ldas.observations.dataset import observation_dataset
from ldas.observations.download import AssetReader
from ldas.observations.granule import GranuleRef
from ldas.observations.onto_grid import Overlap, bilinear
from ldas.observations.raster import RawField, check_registration, scale_of
from ldas.observations.settings import ProductSettings

MAJOR_VERSIONS = (1, 2)
STEPS = {"300 m": 1.0 / 336.0, "1 km": 1.0 / 112.0}
SCALE, LARGEST = 1.0 / 30.0, 210
LONGEST_LBEFORE = 210
"""Days; larger numbers of LBEFORE are no days."""
FLAGS = {1: "missing", 2: "no_clear_observation", 4: "observations_too_old", 8: "quality_refused"}
VARIABLES = {
    "lai": ("LAI",),
    "rmse": ("RMSE",),
    "nobs": ("NOBS",),
    "lbefore": ("LBEFORE", "LENGTH_BEFORE"),
    "qflag": ("QFLAG",),
}


def read(reader: AssetReader, granule: GranuleRef, settings: ProductSettings, grid: Grid) -> xr.Dataset | None:
    """The granule on the grid, None when it does not touch it; dekads are named by their last day."""
    if granule.version[0] not in MAJOR_VERSIONS:
        raise InputError(
            f"item {granule.id}: this reader understands versions 1 and 2 of the product, not "
            f"{'.'.join(map(str, granule.version))}"
        )
    fields = read_layers(reader, granule, VARIABLES, settings.variant, grid)
    if fields is None:
        return None
    lai = fields["lai"]
    step = abs(lai.lat[1] - lai.lat[0])
    resolution = min(STEPS, key=lambda name: abs(STEPS[name] - step))
    check_registration(lai, granule.id, STEPS[resolution], "centre")
    scale = scale_of(lai, granule.assets[next(iter(granule.assets))], SCALE, granule.id)
    number = lai.number.astype(int)
    left_out = {1: number > LARGEST} | _left_out(fields, settings)
    valid = ~np.any(list(left_out.values()), axis=0)
    overlap = Overlap.of(lai.lat, lai.lon, grid)
    share = overlap.share(valid)
    if resolution == "300 m":
        value = np.where(share >= settings.least_covered, overlap.mean(scale * number, valid), np.nan)
    else:
        value = bilinear(scale * number, valid, lai.lat, lai.lon, grid)
    uncertainty = np.full(grid.shape, np.nan)
    if "rmse" in fields:
        rmse = fields["rmse"].number.astype(int)
        uncertainty = np.where(np.isfinite(value), overlap.mean(scale * rmse, valid & (rmse <= LARGEST)), np.nan)
    flags = np.zeros(grid.shape, int)
    for bit, pixels in left_out.items():
        flags |= np.where(overlap.share(pixels) > 1e-9, bit, 0)
    return observation_dataset(
        grid,
        value=value,
        uncertainty=uncertainty,
        flags=flags,
        count=100.0 * share,
        units="m2 m-2",
        nominal=granule.nominal,
        provenance=[granule.provenance()],
        flag_meanings=FLAGS,
    )


def _left_out(fields: dict[str, RawField], settings: ProductSettings) -> dict[int, np.ndarray]:
    """Pixels that a sibling layer refuses, by flag bit; a layer that the item lacks refuses none."""
    refused = {}
    if "nobs" in fields:
        refused[2] = fields["nobs"].number == 0
    if "lbefore" in fields:
        days = fields["lbefore"].number.astype(int)
        refused[4] = (days > settings.longest_lbefore_days) & (days <= LONGEST_LBEFORE)
    if "qflag" in fields:
        refused[8] = (fields["qflag"].number.astype(int) & settings.refused_quality_bits) != 0
    return refused
