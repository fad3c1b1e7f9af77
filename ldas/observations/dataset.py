"""The one form in which every reader hands out a granule on the model grid."""

from collections.abc import Mapping
from datetime import date

import numpy as np
import xarray as xr

from ldas.grid import Grid


def observation_dataset(
    grid: Grid,
    *,
    value: np.ndarray,
    uncertainty: np.ndarray,
    flags: np.ndarray,
    count: np.ndarray,
    units: str,
    nominal: date,
    provenance: list[dict],
    flag_meanings: Mapping[int, str],
    extra: Mapping[str, np.ndarray] | None = None,
) -> xr.Dataset:
    """A dataset on (lat, lon): `value` and `uncertainty` in `units` (NaN: none), `flags` (bits of why pixels of the
    cell were left out), `count` (valid 100 m pixels of a full cell's hundred, or the number the product gives); the
    attributes `units`, `nominal_date`, `provenance`."""
    maps = {
        "value": value,
        "uncertainty": uncertainty,
        "flags": flags.astype(np.int16),
        "count": count,
        **(extra or {}),
    }
    dataset = xr.Dataset(
        {name: (("lat", "lon"), field) for name, field in maps.items()},
        coords={"lat": grid.lat, "lon": grid.lon},
        attrs={"units": units, "nominal_date": nominal.isoformat(), "provenance": provenance},
    )
    dataset["flags"].attrs = {
        "flag_masks": list(flag_meanings),
        "flag_meanings": " ".join(flag_meanings.values()),
    }
    return dataset
