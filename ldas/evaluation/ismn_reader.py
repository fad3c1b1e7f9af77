"""In situ series of ISMN archives (data document §4), either layout, any line ends, read by the `ismn` package."""

import contextlib
import io
import tempfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from ismn.components import Sensor, Station
from ismn.interface import ISMN_Interface

from ldas.errors import InputError

GOOD = ("G",)
UNKNOWN_ELEVATION = -99.0


class NothingMeasured(InputError):
    """An archive that holds series, but none of the variable at the depth."""


@dataclass(frozen=True)
class StationSeries:
    """One sensor's values that passed the flags, in time order, UTC; `counts` tells every flag's values before that."""

    network: str
    station: str
    latitude: float  # degrees north
    longitude: float  # degrees east
    elevation: float  # m, NaN where the archive has none
    variable: str  # soil_moisture (m3 m-3) or soil_temperature (degrees Celsius)
    depth_from: float  # m
    depth_to: float  # m
    sensor: str
    values: pd.Series  # float64 on naive UTC times, without duplicates
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.network}/{self.station}"


@dataclass(frozen=True)
class Archive:
    """What a folder or zip file of ISMN holds for one variable and depth; `skipped` names files that are malformed."""

    series: tuple[StationSeries, ...]
    skipped: tuple[str, ...]


def read_archive(
    path: str | Path,
    variable: str = "soil_moisture",
    depth: float = 0.05,
    tolerance: float = 0.05,
    flags: tuple[str, ...] = GOOD,
) -> Archive:
    """The sensor of each station whose depth range comes closest to `depth` m, within `tolerance` m.

    A value is kept when all of its flags (`D05,D10` are two) are among `flags`. A range that holds `depth` has
    distance 0; of equal ones the thinner wins, then the one with more values. Raises InputError for a folder that is
    no archive or holds nothing of the variable.
    """
    path = Path(path)
    files = _series_files(path)
    if not files:
        raise InputError(f"{path}: expected an ISMN archive, found no .stm file")
    with tempfile.TemporaryDirectory(prefix="ldas-ismn-") as scratch, contextlib.redirect_stdout(io.StringIO()):
        try:
            archive = ISMN_Interface(path, meta_path=Path(scratch) / "metadata", temp_root=scratch)
        except (OSError, ValueError, IndexError, KeyError) as error:
            raise InputError(f"{path}: expected an ISMN archive ({type(error).__name__}: {error})") from error
        stations = [
            (network.name, station) for network in archive.networks.values() for station in network.stations.values()
        ]
        read = {
            Path(sensor.filehandler.file_path).as_posix()
            for _, station in stations
            for sensor in station.sensors.values()
        }
        series = [
            chosen
            for network, station in stations
            if (chosen := _choose(station, network, variable, depth, tolerance, flags)) is not None
        ]
    if not series:
        raise NothingMeasured(f"{path}: no {variable} within {tolerance:g} m of {depth:g} m depth")
    return Archive(tuple(series), tuple(sorted(set(files) - read)))


def read_optional(path: str | Path, variable: str, depth: float, flags: tuple[str, ...]) -> tuple[StationSeries, ...]:
    """The series of a variable and depth that an archive need not have, within 5 cm; empty when it has none."""
    try:
        return read_archive(path, variable, depth, flags=flags).series
    except NothingMeasured:
        return ()


def _choose(
    station: Station,
    network: str,
    variable: str,
    depth: float,
    tolerance: float,
    flags: tuple[str, ...],
) -> StationSeries | None:
    candidates = []
    for sensor in station.sensors.values():
        if sensor.variable != variable:
            continue
        low, high = sorted((float(sensor.depth.start), float(sensor.depth.end)))
        distance = max(low - depth, depth - high, 0.0)
        if distance <= tolerance:
            candidates.append((distance, high - low, sensor))
    if not candidates:
        return None
    nearest = min(candidate[:2] for candidate in candidates)
    read = [_read(sensor, station, network, flags) for *place, sensor in candidates if tuple(place) == nearest]
    return max(read, key=lambda series: len(series.values))


def _read(sensor: Sensor, station: Station, network: str, flags: tuple[str, ...]) -> StationSeries:
    data = sensor.data
    name = sensor.variable
    flag = data[f"{name}_flag"].astype(str)
    good = flag.map(lambda text: set(text.split(",")) <= set(flags)).to_numpy(dtype=bool)
    values = pd.Series(data[name].to_numpy(dtype=np.float64), index=pd.DatetimeIndex(data.index).as_unit("ns"))
    values = values[good & np.isfinite(values.to_numpy())].sort_index()
    elevation = float(station.elev)
    return StationSeries(
        network=network,
        station=station.name,
        latitude=float(station.lat),
        longitude=float(station.lon),
        elevation=elevation if elevation > UNKNOWN_ELEVATION else float("nan"),
        variable=name,
        depth_from=float(sensor.depth.start),
        depth_to=float(sensor.depth.end),
        sensor=str(sensor.instrument),
        values=values[~values.index.duplicated()],
        counts={str(key): int(count) for key, count in flag.value_counts().items()},
    )


def _series_files(path: Path) -> list[str]:
    if path.is_dir():
        return [file.relative_to(path).as_posix() for file in path.rglob("*.stm")]
    if not zipfile.is_zipfile(path):
        return []
    with zipfile.ZipFile(path) as archive:
        return [name for name in archive.namelist() if name.endswith(".stm")]
