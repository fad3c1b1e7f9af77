"""GRIB messages as they are: keys, values on a regular grid, missing points as NaN; nothing is guessed from names."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import eccodes
import numpy as np
import xarray as xr

from ldas.errors import InputError
from ldas.forcing.axes import near, wrap_longitude
from ldas.grid import Grid

_MISSING = 1.0e100


@dataclass(frozen=True)
class MessageKey:
    """What identifies a field of one message; GRIB1 has no parameter triple and carries (-1, -1, -1)."""

    parameter: tuple[int, int, int]  # discipline, category, number
    surface: int  # type of the first fixed surface
    level: int
    step_type: str  # instant, accum, avg, max, ...
    start_step: int  # h
    end_step: int  # h
    run: datetime  # aware UTC
    short_name: str
    units: str


def count_messages(path: Path) -> int:
    """Number of messages of a file."""
    return sum(1 for _ in _handles(path))


def read_messages(
    path: Path, wanted: Callable[[MessageKey], bool], grid: Grid
) -> Iterator[tuple[MessageKey, xr.DataArray]]:
    """The wanted messages whose grid covers the domain, cut to it: float64 (lat descending, lon ascending), masked NaN.

    A file may hold several grids: those that do not reach the domain are passed over. Raises InputError for a file
    without messages, a broken message or a wanted field that is not on a regular longitude-latitude grid.
    """
    for handle in _handles(path):
        key = _key(handle)
        if wanted(key):
            field = _field(handle, path, grid)
            if field is not None:
                yield key, field


def _handles(path: Path) -> Iterator[int]:
    count = 0
    try:
        with path.open("rb") as file:
            while (handle := eccodes.codes_grib_new_from_file(file)) is not None:
                count += 1
                try:
                    yield handle
                finally:
                    eccodes.codes_release(handle)
    except eccodes.CodesInternalError as error:
        raise InputError(f"{path.name}: broken GRIB message {count + 1} ({error})") from error
    if not count:
        raise InputError(f"{path.name}: expected GRIB messages, found none")


def _key(handle: int) -> MessageKey:
    eccodes.codes_set(handle, "stepUnits", 1)
    date, time = (eccodes.codes_get_long(handle, name) for name in ("dataDate", "dataTime"))
    edition2 = eccodes.codes_get_long(handle, "editionNumber") == 2
    names = ("discipline", "parameterCategory", "parameterNumber")
    return MessageKey(
        parameter=tuple(eccodes.codes_get_long(handle, name) for name in names) if edition2 else (-1, -1, -1),
        surface=eccodes.codes_get_long(handle, "typeOfFirstFixedSurface") if edition2 else -1,
        level=eccodes.codes_get_long(handle, "level"),
        step_type=eccodes.codes_get_string(handle, "stepType"),
        start_step=eccodes.codes_get_long(handle, "startStep"),
        end_step=eccodes.codes_get_long(handle, "endStep"),
        run=datetime.strptime(f"{date:08d}{time:04d}", "%Y%m%d%H%M").replace(tzinfo=UTC),
        short_name=eccodes.codes_get_string(handle, "shortName"),
        units=eccodes.codes_get_string(handle, "units"),
    )


def _field(handle: int, path: Path, grid: Grid) -> xr.DataArray | None:
    """The nodes around the domain, or None when the message's grid does not reach it."""
    kind = eccodes.codes_get_string(handle, "gridType")
    if kind != "regular_ll" or eccodes.codes_get_long(handle, "jPointsAreConsecutive"):
        raise InputError(f"{path.name}: expected a regular longitude-latitude grid in rows, got {kind}")
    shape = eccodes.codes_get_long(handle, "Nj"), eccodes.codes_get_long(handle, "Ni")
    lat, lon = _axis(handle, "latitude", shape[0]), _axis(handle, "longitude", shape[1])
    if lon[-1] < lon[0] and not eccodes.codes_get_long(handle, "iScansNegatively"):
        lon = np.linspace(lon[0] - 360.0, lon[-1], shape[1])
    lat, lon = np.round(lat, 6), np.round(wrap_longitude(lon), 6)
    rows, cols = np.argsort(-lat), np.argsort(lon)
    rows, cols = rows[near(lat[rows], grid.lat)], cols[near(lon[cols], grid.lon)]
    if not len(rows) or not len(cols):
        return None
    eccodes.codes_set(handle, "missingValue", _MISSING)
    values = eccodes.codes_get_values(handle).reshape(shape)[np.ix_(rows, cols)]
    return xr.DataArray(
        np.where(values == _MISSING, np.nan, values),
        dims=("lat", "lon"),
        coords={"lat": lat[rows], "lon": lon[cols]},
    )


def _axis(handle: int, name: str, count: int) -> np.ndarray:
    first, last = (eccodes.codes_get_double(handle, f"{name}Of{end}GridPointInDegrees") for end in ("First", "Last"))
    return np.linspace(first, last, count)
