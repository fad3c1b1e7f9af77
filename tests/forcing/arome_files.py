"""AROME-like GRIB2 packages with known weather: the real grid's step, longitudes from 0 to 360, a masked corner."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import eccodes
import numpy as np

FIRST_LAT, LAST_LAT, FIRST_LON, LAST_LON, STEP = 43.7, 43.4, 359.85, 0.15, 0.025
NLAT, NLON = 13, 13
RANGES = ("00H06H", "07H12H", "13H18H", "19H24H", "25H30H", "31H36H", "37H42H", "43H48H")

LAT = np.round(np.linspace(FIRST_LAT, LAST_LAT, NLAT), 6)
LON = np.round(np.linspace(FIRST_LON - 360.0, LAST_LON, NLON), 6)
PLANE = (LAT - 43.5)[:, None] + 2.0 * LON[None]

# name: package, discipline, category, number, surface, level, whether it is a sum since the run's start
FIELDS: dict[str, tuple[str, int, int, int, int, int, bool]] = {
    "2t": ("SP1", 0, 0, 0, 103, 2, False),
    "10u": ("SP1", 0, 2, 2, 103, 10, False),
    "10v": ("SP1", 0, 2, 3, 103, 10, False),
    "ssrd": ("SP1", 0, 4, 7, 1, 0, True),
    "tp": ("SP1", 0, 1, 52, 1, 0, True),
    "tsnowp": ("SP1", 0, 1, 66, 1, 0, True),
    "tgrp": ("SP1", 0, 1, 75, 1, 0, True),
    "2sh": ("SP2", 0, 1, 0, 103, 2, False),
    "sp": ("SP2", 0, 3, 0, 1, 0, False),
    "2r": ("SP1", 0, 1, 1, 103, 2, False),
    "2d": ("SP2", 0, 0, 6, 103, 2, False),
    "strd": ("SP3", 0, 5, 3, 1, 0, True),
}
# fields that must not be taken: maximum temperature, wind at another height, a cloud cover of unknown name
DECOYS = {"2t_max": ("SP1", 0, 0, 0, 103, 2, "max"), "20u": ("SP1", 0, 2, 2, 103, 20, "instant")}


TRUTH: dict[str, Callable[[float], np.ndarray]] = {
    "2t": lambda hour: 285.0 + 0.2 * hour + PLANE,
    "10u": lambda hour: 3.0 + PLANE,
    "10v": lambda hour: -2.0 + 0.0 * PLANE,
    "2sh": lambda hour: 0.008 + 1e-3 * PLANE,
    "sp": lambda hour: 98_000.0 + 10.0 * PLANE + hour,
    "2r": lambda hour: 60.0 + PLANE,
    "2d": lambda hour: 280.0 + PLANE,
    "ssrd": lambda hour: 30.0 * (hour % 24) + 0.0 * PLANE,
    "strd": lambda hour: 300.0 + hour + PLANE,
    "tp": lambda hour: 1e-3 * (hour % 3 == 0) * (1.0 + PLANE),
    "tsnowp": lambda hour: 2e-4 * (hour % 6 == 0) * (1.0 + PLANE),
    "tgrp": lambda hour: 1e-4 * (hour % 6 == 0) * (1.0 + PLANE),
}
"""Instantaneous values, or mean rates over the hour that ends at `hour` (counted from the origin of a test)."""


def write_run(
    folder: Path,
    run: datetime,
    origin: datetime,
    ranges: tuple[str, ...] = RANGES,
    leave_out: Callable[[str, int], bool] = lambda name, lead: name in ("2r", "2d"),
    sum_label: str = "accum",
) -> None:
    """Write the three packages of a run; `leave_out(name, lead)` drops single messages."""
    since = (run - origin).total_seconds() / 3600.0
    for package in ("SP1", "SP2", "SP3"):
        for name in ranges:
            low, high = int(name[:2]), int(name[3:5])
            with file_path(folder, run, package, name).open("wb") as file:
                for lead in range(low, high + 1):
                    for field, (owner, *key, accumulated) in FIELDS.items():
                        if owner != package or (accumulated and lead == 0) or leave_out(field, lead):
                            continue
                        if accumulated:
                            values = 3600.0 * np.sum([TRUTH[field](since + h) for h in range(1, lead + 1)], axis=0)
                            write_message(file, run, lead, key, values, sum_label)
                        else:
                            write_message(file, run, lead, key, TRUTH[field](since + lead), "instant")
                    for owner, *key, label in DECOYS.values():
                        if owner == package and lead > 0:
                            write_message(file, run, lead, key, np.full((NLAT, NLON), 999.0), str(label))


def file_path(folder: Path, run: datetime, package: str, name: str) -> Path:
    stamp = f"{run:%Y-%m-%dT%H:00:00Z}"
    path = folder / stamp / "arome" / "0025" / package / f"arome__0025__{package}__{name}__{stamp}.grib2"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def write_message(file, run: datetime, lead: int, key: list, values: np.ndarray, label: str) -> None:
    handle = eccodes.codes_grib_new_from_samples("regular_ll_sfc_grib2")
    discipline, category, number, surface, level = key
    for name, value in {
        "centre": "lfpw",
        "generatingProcessIdentifier": 204,
        "dataDate": int(f"{run:%Y%m%d}"),
        "dataTime": 100 * run.hour,
        "Ni": NLON,
        "Nj": NLAT,
        "latitudeOfFirstGridPointInDegrees": FIRST_LAT,
        "latitudeOfLastGridPointInDegrees": LAST_LAT,
        "longitudeOfFirstGridPointInDegrees": FIRST_LON,
        "longitudeOfLastGridPointInDegrees": LAST_LON,
        "iDirectionIncrementInDegrees": STEP,
        "jDirectionIncrementInDegrees": STEP,
        "productDefinitionTemplateNumber": 0 if label == "instant" else 8,
        "discipline": discipline,
        "parameterCategory": category,
        "parameterNumber": number,
        "typeOfFirstFixedSurface": surface,
        "scaleFactorOfFirstFixedSurface": 0,
        "scaledValueOfFirstFixedSurface": level,
    }.items():
        eccodes.codes_set(handle, name, value)
    if label == "instant":
        eccodes.codes_set(handle, "stepRange", str(lead))
    else:
        eccodes.codes_set(handle, "typeOfStatisticalProcessing", {"accum": 1, "max": 2}[label])
        eccodes.codes_set(handle, "stepRange", f"{0 if label == 'accum' else lead - 1}-{lead}")
    eccodes.codes_set(handle, "packingType", "grid_ccsds")
    eccodes.codes_set(handle, "bitsPerValue", 24)
    eccodes.codes_set(handle, "bitmapPresent", 1)
    eccodes.codes_set(handle, "missingValue", 9999.0)
    masked = values.copy()
    masked[-2:, :2] = 9999.0
    eccodes.codes_set_values(handle, masked.ravel())
    eccodes.codes_write(handle, file)
    eccodes.codes_release(handle)
