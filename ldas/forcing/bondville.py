"""The plain-text site files of Bondville, Illinois (single-point files of NCAR's HRLDAS): forcing and observations.

A forcing file opens with namelists (`&location`, `&conversion`, …), then a ruled table whose second line names the
units of each column; times are UTC. An observation file has daily rows `YYYYMMDDHH LAI SM1 SM2 SIF` with -999 missing.
"""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from ldas.errors import InputError
from ldas.forcing.correction import split_precipitation
from ldas.forcing.humidity import saturation_vapour_pressure, specific_humidity
from ldas.forcing.settings import PrecipitationSplit
from ldas.variables import variables

COLUMNS = ("Wind", "Tair", "Qair", "PSurf", "SWdown", "LWdown", "precipitation")
_UNITS = {
    "Wind": {"m s{-1}": (1.0, 0.0)},
    "Tair": {"K": (1.0, 0.0), "C": (1.0, 273.15)},
    "Qair": {"kg/kg": (1.0, 0.0), "%": (0.01, 0.0)},
    "PSurf": {"mb": (100.0, 0.0)},
    "SWdown": {"W m{-2}": (1.0, 0.0)},
    "LWdown": {"W m{-2}": (1.0, 0.0)},
    "precipitation": {"mm/timestep": (1.0, 0.0), "Inches/timestep": (25.4, 0.0)},
}
_MEANS = ("SWdown", "LWdown", "Rainf", "Snowf")
_MISSING = -999.0


def read_forcing(path: str | Path, split: PrecipitationSplit | None = None) -> xr.Dataset:
    """ALMA weather on (time, lat, lon) of one cell, in our units, at the file's half hours from the second on.

    The file stamps the start of the half hour over which radiation and precipitation are taken: the shortwave of a row
    follows the sun of 15 minutes later. Here they stand at the end of it, means as ALMA wants them; the other columns
    are instantaneous. Precipitation is split into rain and snow by temperature. Raises InputError for a file without
    table, an unknown unit or a broken row.
    """
    path = Path(path)
    lines = path.read_text(encoding="utf-8").splitlines()
    head = next((i for i, line in enumerate(lines) if re.match(r"\s*yyyy mm dd hh mi", line)), None)
    if head is None:
        raise InputError(f"{path}: expected a table headed by 'yyyy mm dd hh mi', found none")
    units = [text.strip() for text in lines[head].split("|")[1:]]
    table = _table(path, lines[head + 2 :])
    columns = {}
    for name, stated, values in zip(COLUMNS, units, table[:, 5:].T, strict=True):
        if stated not in _UNITS[name]:
            raise InputError(f"{path}: {name}: unknown units {stated!r}, expected one of {', '.join(_UNITS[name])}")
        factor, offset = _UNITS[name][stated]
        columns[name] = values * factor + offset
    year, month, day, hour, minute = table[:, :5].astype(int).T
    parts = {"year": year, "month": month, "day": day, "hour": hour, "minute": minute}
    time = pd.to_datetime(pd.DataFrame(parts)).to_numpy("datetime64[ns]")
    steps = np.diff(time) / np.timedelta64(1, "s")
    if len(steps) == 0 or (steps != steps[0]).any() or steps[0] <= 0:
        raise InputError(f"{path}: expected records at one regular step")
    if units[2] == "%":
        vapour = columns["Qair"] * saturation_vapour_pressure(columns["Tair"])
        columns["Qair"] = specific_humidity(vapour, columns["PSurf"])
    rate = columns.pop("precipitation") / steps[0]
    columns["Rainf"], columns["Snowf"] = split_precipitation(rate, columns["Tair"], split or PrecipitationSplit())
    columns = {name: values[:-1] if name in _MEANS else values[1:] for name, values in columns.items()}
    return _dataset(path, columns, time[1:], _namelist(lines[:head]))


def read_observations(path: str | Path) -> xr.Dataset:
    """Daily `lai` (m2 m-2) and `soil_moisture_1`, `soil_moisture_2` (m3 m-3, upper and lower layer) on (time,); NaN
    where missing. The stamp is the file's (00 UTC of the day).
    """
    path = Path(path)
    frame = pd.read_csv(path, sep=r"\s+", dtype={"TIMESTAMP": str})
    missing = {"TIMESTAMP", "LAI", "SM1", "SM2"} - set(frame.columns)
    if missing:
        raise InputError(f"{path}: expected columns TIMESTAMP LAI SM1 SM2, missing {', '.join(sorted(missing))}")
    time = pd.to_datetime(frame["TIMESTAMP"], format="%Y%m%d%H").to_numpy("datetime64[ns]")
    names = {"LAI": ("lai", "1"), "SM1": ("soil_moisture_1", "m3 m-3"), "SM2": ("soil_moisture_2", "m3 m-3")}
    return xr.Dataset(
        {
            ours: ("time", frame[theirs].where(frame[theirs] != _MISSING).to_numpy(np.float64), {"units": units})
            for theirs, (ours, units) in names.items()
        },
        coords={"time": time},
        attrs={"title": "Bondville, Illinois: measured leaf area index and soil moisture", "source": path.name},
    )


def _table(path: Path, lines: list[str]) -> np.ndarray:
    rows = [line.split() for line in lines if line.strip()]
    wrong = next((i for i, row in enumerate(rows) if len(row) != 5 + len(COLUMNS)), None)
    if wrong is not None or not rows:
        raise InputError(f"{path}: row {(wrong or 0) + 1} of the table: expected {5 + len(COLUMNS)} numbers")
    try:
        return np.array(rows, dtype=np.float64)
    except ValueError as error:
        raise InputError(f"{path}: expected numbers in the table ({error})") from error


def _namelist(lines: list[str]) -> dict[str, float]:
    found = (re.match(r"\s*(\w+)\s*=\s*([-+\d.eE]+)\s*(!|$)", line) for line in lines)
    return {match[1]: float(match[2]) for match in found if match}


def _dataset(path: Path, columns: dict[str, np.ndarray], time: np.ndarray, site: dict[str, float]) -> xr.Dataset:
    absent = {"latitude", "longitude", "elevation"} - set(site)
    if absent:
        raise InputError(f"{path}: expected {', '.join(sorted(absent))} in the namelist &location")
    table = variables("forcing")
    data = {
        name: (
            ("time", "lat", "lon"),
            values[:, None, None],
            {**table[name].attributes(), "cell_methods": "time: mean" if name in _MEANS else "time: point"},
        )
        for name, values in columns.items()
    }
    elevation = (("lat", "lon"), np.full((1, 1), site["elevation"]), {"units": "m"})
    return xr.Dataset(
        {**data, "elevation": elevation},
        coords={
            "time": time,
            "lat": ("lat", [site["latitude"]], {"units": "degrees_north"}),
            "lon": ("lon", [site["longitude"]], {"units": "degrees_east"}),
        },
        attrs={"title": "Bondville, Illinois: measured weather", "source": f"measured at Bondville ({path.name})"},
    )
