"""A small site, two days of made-up weather, and the command."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import xarray as xr

import ldas.cli

UNITS = {
    "Tair": "K",
    "Qair": "kg kg-1",
    "Wind": "m s-1",
    "PSurf": "Pa",
    "Rainf": "kg m-2 s-1",
    "Snowf": "kg m-2 s-1",
    "SWdown": "W m-2",
    "LWdown": "W m-2",
    "CO2air": "kg m-3",
}
SITE = """
name: meadow
latitude: 43.6
longitude: 1.4
texture: {sand: 0.45, clay: 0.20}
patches: {4: 0.3, 10: 0.7}
initial: {temperature: 276.0, wetness: 0.6, lai: 1.5}
model: {time_step: 900, threads: 1}
"""


class Finished(NamedTuple):
    """What a call of the command came to."""

    code: int
    out: str
    err: str


@pytest.fixture
def weather() -> xr.Dataset:
    """Hourly records of two spring days: sun, a shower, a little snow at night."""
    hours = np.arange(49)
    noon = np.clip(np.sin((hours % 24 - 6) / 12 * np.pi), 0.0, None)
    values = {
        "Tair": 275.0 + 8.0 * noon,
        "Qair": np.full(49, 0.0045),
        "Wind": 3.0 + np.sin(hours),
        "PSurf": np.full(49, 98000.0),
        "Rainf": np.where((hours > 30) & (hours < 34), 3e-4, 0.0),
        "Snowf": np.where((hours > 2) & (hours < 6), 2e-4, 0.0),
        "SWdown": 700.0 * noon,
        "LWdown": np.full(49, 300.0),
        "CO2air": np.full(49, 7.5e-4),
    }
    times = np.datetime64("2017-03-01T00:00", "ns") + hours * np.timedelta64(1, "h")
    return xr.Dataset(
        {name: ("time", series, {"units": UNITS[name]}) for name, series in values.items()}, coords={"time": times}
    )


@pytest.fixture
def site_file(tmp_path: Path) -> Path:
    path = tmp_path / "site.yaml"
    path.write_text(SITE)
    return path


@pytest.fixture
def forcing_file(tmp_path: Path, weather: xr.Dataset) -> Path:
    path = tmp_path / "forcing.nc"
    weather.to_netcdf(path)
    return path


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Finished]:
    """`ldas offline` as a user calls it, in this process: exit code and what it printed."""

    def call(*arguments: object) -> Finished:
        monkeypatch.setattr("sys.argv", ["ldas", "offline", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            ldas.cli.main()
        printed = capsys.readouterr()
        return Finished(int(ended.value.code or 0), printed.out, printed.err)

    return call
