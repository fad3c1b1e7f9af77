"""What a window gets from the satellites, and what a catalogue holds now for the late-data check."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import xarray as xr

from ldas.errors import AccessError, InputError, TransientError
from ldas.grid import Grid
from ldas.observations import clms_lai, clms_ssm, plot_ssm, surface_state
from ldas.observations.discovery import find_granules
from ldas.observations.download import AssetReader
from ldas.observations.granule import GranuleRef
from ldas.observations.settings import ObservationSettings, ProductSettings

PRODUCTS = ("ssm", "lai", "surface_state")
Reader = Callable[[AssetReader, GranuleRef, ProductSettings, Grid], xr.Dataset | None]
READERS: dict[str, Reader] = {
    "clms_ssm": clms_ssm.read,
    "clms_lai": clms_lai.read,
    "plot_ssm": plot_ssm.read,
    "surface_state": surface_state.read,
}


@dataclass(frozen=True)
class Observations:
    """Observations of one window. `ssm`, `lai` and `surface_state` are None when the catalogue has none for it.

    `used` are the granules read; `seen` those and the ones that turned out to be unusable for good, so that neither
    counts as new later. `degraded` says in sentences what could not be had; `transient` is true when trying again
    later may help.
    """

    ssm: xr.Dataset | None = None
    lai: xr.Dataset | None = None
    surface_state: xr.Dataset | None = None
    used: list[GranuleRef] = field(default_factory=list)
    seen: list[GranuleRef] = field(default_factory=list)
    degraded: list[str] = field(default_factory=list)
    transient: bool = False


def collect(settings: ObservationSettings, grid: Grid, t0: datetime, t1: datetime, cache: str | Path) -> Observations:
    """The granules whose nominal date is that of `t1` (the window's end, aware UTC), read onto the grid.

    A product that cannot be found or read becomes None and a sentence in `degraded`: no data and no access are
    different sentences, and the window is run without the product either way.
    """
    if not t0 < t1:
        raise InputError(f"window: expected its start before its end, got {t0} and {t1}")
    reader = AssetReader(settings, cache)
    datasets: dict[str, xr.Dataset | None] = dict.fromkeys(PRODUCTS)
    used: list[GranuleRef] = []
    seen: list[GranuleRef] = []
    degraded: list[str] = []
    transient = False
    for product in PRODUCTS:
        wanted: ProductSettings | None = getattr(settings, product)
        if wanted is None:
            continue
        if product in settings.suspended:
            degraded.append(f"{product}: suspended in the profile")
            continue
        found: list[GranuleRef] = []
        try:
            found = find_granules(settings, product, grid, t1.date(), t1.date())
            for granule in found:
                datasets[product] = READERS[wanted.reader](reader, granule, wanted, grid)
                if datasets[product] is not None:
                    used.append(granule)
            seen.extend(found)
        except TransientError as error:
            transient = True
            degraded.append(f"{product}: {error}")
        except AccessError as error:
            degraded.append(f"{product}: {error}")
        except InputError as error:
            seen.extend(found)
            degraded.append(f"{product}: {error}")
    if not settings.stac_url and any(getattr(settings, product) is not None for product in PRODUCTS):
        degraded.append("observations.stac_url is empty: no catalogue was asked")
    return Observations(**datasets, used=used, seen=seen, degraded=degraded, transient=transient)


def available(settings: ObservationSettings, grid: Grid, since: date, until: date) -> list[GranuleRef]:
    """The best granule of each product and nominal date in [since, until] that the catalogue holds now.

    Raises TransientError, AccessError or InputError when it cannot be asked.
    """
    return [granule for product in PRODUCTS for granule in find_granules(settings, product, grid, since, until)]
