"""A small synthetic weather whose every value is known, and settings that read it."""

from datetime import UTC, datetime

import numpy as np
import pytest
import xarray as xr

from ldas.grid import Grid
from ldas.variables import variables

T0 = datetime(2017, 6, 1, 18, tzinfo=UTC)
T1 = datetime(2017, 6, 2, 18, tzinfo=UTC)


@pytest.fixture
def grid() -> Grid:
    """A box of 10 x 12 cells across the Greenwich meridian, so that raw longitudes wrap."""
    return Grid(-0.06, 43.50, 0.06, 43.60)


def make_weather(hours: int = 27, first: str = "2017-06-01T17:00", step: float = 0.025) -> xr.Dataset:
    """ALMA weather on (time, lat, lon): linear in space and time, so that interpolation is exact."""
    lat = np.round(np.arange(43.70, 43.39, -step), 6)
    lon = np.round(np.arange(-0.15, 0.1501, step), 6)
    time = np.datetime64(first, "ns") + np.arange(hours) * np.timedelta64(1, "h")
    plane = (lat - 43.5)[:, None] + 2.0 * lon[None]
    hour = np.arange(hours, dtype=float)[:, None, None]
    fields = {
        "Tair": 285.0 + plane + 0.1 * hour,
        "Qair": 0.008 + 1e-3 * plane + 0.0 * hour,
        "Wind_E": 3.0 + plane + 0.0 * hour,
        "Wind_N": -1.0 + plane + 0.0 * hour,
        "PSurf": 98_000.0 + 10.0 * plane + hour,
        "Rainf": 1e-4 * (1.0 + plane) * (hour % 5 == 0),
        "Snowf": 1e-5 * (1.0 + plane) * (hour % 7 == 0),
        "SWdown": 20.0 * hour + plane,
        "LWdown": 300.0 + plane + hour,
    }
    table = variables("forcing")
    return xr.Dataset(
        {
            name: (
                ("time", "lat", "lon"),
                values,
                {"units": table[name].units, "cell_methods": table[name].cell_methods or "time: mean"},
            )
            for name, values in fields.items()
        }
        | {"elevation": (("lat", "lon"), 200.0 + 100.0 * plane, {"units": "m"})},
        coords={"time": time, "lat": lat, "lon": lon},
        attrs={"source": "synthetic plane"},
    )


@pytest.fixture
def weather() -> xr.Dataset:
    return make_weather()
