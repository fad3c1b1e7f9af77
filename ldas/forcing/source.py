"""The one protocol of weather sources, and the choice of the adapter a profile names."""

from datetime import datetime
from typing import Protocol

import xarray as xr

from ldas.forcing.settings import ForcingSettings
from ldas.grid import Grid

REQUIRED = ("Tair", "Qair", "Wind_E", "Wind_N", "PSurf", "Rainf", "Snowf", "SWdown")
"""Variables every source delivers; `LWdown` may be absent and `CO2air` usually is."""


class ForcingSource(Protocol):
    """A source of weather on its own grid."""

    def read(self, t0: datetime, t1: datetime, grid: Grid) -> xr.Dataset:
        """Hourly records t0 … t1 around the domain, ALMA names and units, on (time, lat, lon).

        Latitude descends, longitude ascends within -180 … 180, masked values are NaN. `Rainf`, `Snowf` and fields
        whose `cell_methods` is `time: mean` are means over the hour that ends at the record. `elevation` (lat, lon), m,
        is there when the source carries its terrain; `source`, `run_time`, `lead_hours`, `fallback` are on time.
        """
        ...

    def fingerprints(self, t0: datetime, t1: datetime, grid: Grid) -> dict[str, str]:
        """The files or chunks that the window is read from → what changes when one is written again; none is read."""
        ...


def open_source(settings: ForcingSettings) -> ForcingSource:
    """The adapter of `settings.adapter`."""
    if settings.adapter == "arome":
        from ldas.forcing.arome import AromeSource

        return AromeSource(settings)
    from ldas.forcing.alma import AlmaSource

    return AlmaSource(settings)
