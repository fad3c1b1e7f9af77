"""The weather of one window: read, brought to the model grid, corrected, completed, checked, kept."""

from datetime import datetime
from pathlib import Path

import xarray as xr

from ldas.errors import ConfigurationError
from ldas.forcing.cache import WindowCache
from ldas.forcing.checks import check_hours, check_window
from ldas.forcing.correction import correct_elevation
from ldas.forcing.derived import add_co2, add_longwave
from ldas.forcing.regrid import to_grid
from ldas.forcing.settings import ForcingSettings
from ldas.forcing.source import open_source
from ldas.forcing.terrain import add_terrain, terrain_fingerprint
from ldas.grid import Grid


def window_forcing(
    settings: ForcingSettings,
    grid: Grid,
    t0: datetime,
    t1: datetime,
    cache: str | Path | None = None,
    elevation: xr.DataArray | None = None,
) -> xr.Dataset:
    """Weather from t0 to t1 (aware UTC datetimes, whole hours) on the grid, one record an hour, both ends included.

    Variables on (time, lat, lon), float64: `Tair` K, `Qair` kg kg-1, `Wind_E`, `Wind_N` m s-1, `PSurf` Pa valid at the
    record; `Rainf`, `Snowf` kg m-2 s-1, means over the hour that ends at the record; `SWdown`, `LWdown` W m-2, whose
    attribute `cell_methods` says `time: mean` (over that hour) or `time: point`; `CO2air` kg m-3. On time: `source`,
    `run_time`, `lead_hours` (both missing for sources without runs) and `fallback` (the record is not from the
    run that the rule names). `forcing_mask` (lat, lon) is true where there is weather; elsewhere fields are NaN.
    `z_t`, `z_u` are the reference heights, m.

    `elevation` (lat, lon), m, is the model's terrain; it is needed when the settings ask for an elevation correction.
    `cache` is a local folder in which complete windows are kept. Raises ForcingUnavailable naming the hour and the
    variable that is missing, TransientError or AccessError when the source does not answer or refuses.
    """
    if settings.elevation_correction is not None and elevation is None:
        raise ConfigurationError("forcing.elevation_correction: expected the model's elevation map, got none")
    source = open_source(settings)
    kept = WindowCache(cache, settings, grid, t0, t1, elevation)
    content: dict[str, str] = {}
    if cache is not None:
        content = source.fingerprints(t0, t1, grid) | terrain_fingerprint(settings)
    found = kept.read(content)
    if found is not None:
        return found
    dataset = source.read(t0, t1, grid)
    check_hours(dataset, t0, t1)
    dataset = add_longwave(dataset, settings)
    dataset = to_grid(add_terrain(dataset, settings, grid), grid)
    if settings.elevation_correction is not None and elevation is not None:
        dataset = correct_elevation(dataset, elevation, settings.elevation_correction, settings.precipitation_split)
    dataset = add_co2(dataset, settings)
    check_window(dataset, t0, t1)
    kept.write(dataset, content)
    return dataset
