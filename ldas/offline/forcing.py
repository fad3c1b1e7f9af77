"""ALMA forcing from NetCDF or Zarr to the model's arrays, refused whole when one number of it is not right."""

from pathlib import Path

import numpy as np
import xarray as xr

from ldas.errors import InputError
from ldas.forcing.derived import co2_concentration
from ldas.forcing.humidity import air_density
from ldas.model.forcing import Forcing
from ldas.offline.setup import SiteColumns
from ldas.offline.site import Heights
from ldas.variables import variables

PPM_RANGE = (100.0, 2000.0)
PPM_UNITS = ("ppm", "ppmv", "umol mol-1", "µmol mol-1", "1e-6")
SYNONYMS = {"kelvin": "K", "Kelvin": "K", "degK": "K", "pascal": "Pa", "degrees": "degree", "deg": "degree"}
DIRECTION_RANGE = (-360.0, 720.0)
PLAIN_FIELDS = {
    "tair": "Tair",
    "qair": "Qair",
    "psurf": "PSurf",
    "rainf": "Rainf",
    "snowf": "Snowf",
    "lwdown": "LWdown",
}
"""Fields of `ldas.model.forcing.Forcing` that are one variable of the file."""


def read_forcing(path: str | Path, columns: SiteColumns, heights: Heights) -> Forcing:
    """The weather of a site, float64, complete, in range and at regular instants.

    The file has a `time` dimension and, for weather that differs between the points, other dimensions of as many
    places as the site has points. Raises InputError naming the file, the variable, the time and the place.
    """
    path = Path(path)
    with _opened(path) as dataset:
        reader = _Reader(path, dataset, columns.names)
        fields = {name: reader.read(alma) for name, alma in PLAIN_FIELDS.items()}
        fields["wind_e"], fields["wind_n"] = reader.wind()
        fields["sw_direct"], fields["sw_diffuse"] = reader.shortwave()
        fields["co2air"] = reader.carbon_dioxide(
            air_density(fields["tair"], fields["qair"], fields["psurf"], heights.temperature)
        )
    shape = np.broadcast_shapes(*(value.shape for value in fields.values()))
    return Forcing(
        start=reader.times[0],
        interval=reader.interval,
        **{name: np.ascontiguousarray(np.broadcast_to(value, shape)) for name, value in fields.items()},
        cell=columns.point if shape[1] > 1 else np.zeros_like(columns.point),
        z_t=heights.temperature,
        z_u=heights.wind,
    )


def _opened(path: Path) -> xr.Dataset:
    try:
        return xr.open_zarr(path) if path.is_dir() else xr.open_dataset(path, engine="netcdf4")
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such forcing file") from error
    except (OSError, ValueError, KeyError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path}: expected NetCDF or Zarr with CF times, cannot read it ({reason})") from error


def canonical_units(text: str) -> str:
    """A unit string in the table's spelling: "W/m2", "W m^-2" and "W.m-2" all become "W m-2"."""
    first, *divisors = text.strip().replace("**", "").replace("^", "").split("/")
    parts = [SYNONYMS.get(part, part) for part in first.replace(".", " ").split()]
    for divisor in divisors:
        name = divisor.strip()
        base = name.rstrip("0123456789")
        parts.append(f"{base}-{name[len(base) :] or '1'}")
    return " ".join(parts)


class _Reader:
    """Variables of one dataset, each checked as it is read, as (record, cell)."""

    def __init__(self, path: Path, dataset: xr.Dataset, names: tuple[str, ...]) -> None:
        self.path, self.dataset, self.names = path, dataset, names
        self.times, self.interval = _regular_times(path, dataset)

    def wind(self) -> tuple[np.ndarray, np.ndarray]:
        """Eastward and northward wind; speed alone counts as eastward."""
        if "Wind_E" in self.dataset or "Wind_N" in self.dataset:
            return self.read("Wind_E"), self.read("Wind_N")
        speed = self.read("Wind", "or Wind_E and Wind_N")
        if "Wind_DIR" not in self.dataset:
            return speed, np.zeros_like(speed)
        degrees = self._values("Wind_DIR")
        self._check_units("Wind_DIR", ("degree",))
        self._check_range("Wind_DIR", degrees, DIRECTION_RANGE, "degree")
        direction = np.deg2rad(degrees)
        return speed * np.sin(direction), speed * np.cos(direction)

    def shortwave(self) -> tuple[np.ndarray, np.ndarray]:
        """Direct and diffuse shortwave; the sum alone counts as direct."""
        if "DIR_SWdown" in self.dataset or "SCA_SWdown" in self.dataset:
            return self.read("DIR_SWdown"), self.read("SCA_SWdown")
        total = self.read("SWdown", "or DIR_SWdown and SCA_SWdown")
        return total, np.zeros_like(total)

    def carbon_dioxide(self, density: np.ndarray) -> np.ndarray:
        """CO2 in kg m-3, from ppm with the air density where its units say so."""
        units = self._check_units("CO2air", (variables("forcing")["CO2air"].units, *PPM_UNITS))
        if units not in PPM_UNITS:
            return self.read("CO2air")
        ppm = self._values("CO2air")
        self._check_range("CO2air", ppm, PPM_RANGE, "ppm")
        return co2_concentration(ppm, density)

    def read(self, name: str, alternative: str = "") -> np.ndarray:
        """A variable of the table, in its units and valid range."""
        row = variables("forcing")[name]
        values = self._values(name, alternative)
        self._check_units(name, (row.units,))
        self._check_range(name, values, row.valid_range or (-np.inf, np.inf), row.units)
        return values

    def _values(self, name: str, alternative: str = "") -> np.ndarray:
        if name not in self.dataset:
            raise InputError(f"{self.path}: {name} is missing; expected it{' ' + alternative if alternative else ''}")
        variable = self.dataset[name]
        if "time" not in variable.dims:
            raise InputError(f"{self.path}: {name}: expected a time dimension, got {variable.dims}")
        if variable.dtype.kind not in "fiu":
            raise InputError(f"{self.path}: {name}: expected numbers, got {variable.dtype}")
        values = variable.transpose("time", ...).values.astype(np.float64)
        places = values.reshape(values.shape[0], -1)
        if places.shape[1] not in (1, len(self.names)):
            raise InputError(
                f"{self.path}: {name}: expected one place or the {len(self.names)} of the site file, "
                f"got {places.shape[1]} in dimensions {variable.dims}"
            )
        return np.ascontiguousarray(places)

    def _check_units(self, name: str, expected: tuple[str, ...]) -> str:
        if name not in self.dataset:
            raise InputError(f"{self.path}: {name} is missing")
        found = self.dataset[name].attrs.get("units")
        if not isinstance(found, str) or canonical_units(found) not in expected:
            raise InputError(f"{self.path}: {name}: expected units {' or '.join(expected)}, got {found!r}")
        return canonical_units(found)

    def _check_range(self, name: str, values: np.ndarray, valid: tuple[float, float], units: str) -> None:
        low, high = valid
        self._refuse(name, values, np.isnan(values), "expected a number")
        self._refuse(name, values, (values < low) | (values > high), f"expected {low:g} to {high:g} {units}")

    def _refuse(self, name: str, values: np.ndarray, wrong: np.ndarray, expectation: str) -> None:
        if wrong.any():
            record, place = np.argwhere(wrong)[0]
            when = np.datetime_as_string(self.times[record], unit="s")
            where = self.names[place] if values.shape[1] == len(self.names) else "all points"
            raise InputError(
                f"{self.path}: {name} at {when}, {where}: {expectation}, got {values[record, place]:.6g} "
                f"({int(wrong.sum())} such values)"
            )


def _regular_times(path: Path, dataset: xr.Dataset) -> tuple[np.ndarray, float]:
    """The instants and their distance, s; raises InputError where they do not increase or leave a gap."""
    if "time" not in dataset.coords:
        raise InputError(f"{path}: time: expected a coordinate of this name")
    times = dataset["time"].values
    if times.ndim != 1 or times.size < 2 or times.dtype.kind != "M":
        raise InputError(f"{path}: time: expected at least two instants of the standard calendar")
    if np.isnat(times).any():
        raise InputError(f"{path}: time: record {int(np.argmax(np.isnat(times))) + 1} has no time")
    times = times.astype("datetime64[ns]")
    steps = np.diff(times)
    words = np.datetime_as_string(times, unit="s")
    zero = np.timedelta64(0, "ns")
    if (steps <= zero).any():
        record = int(np.argmax(steps <= zero))
        raise InputError(
            f"{path}: time: expected instants that increase, got {words[record + 1]} after {words[record]} "
            f"(record {record + 2})"
        )
    lengths, counts = np.unique(steps, return_counts=True)
    usual = lengths[np.argmax(counts)]
    if (steps != usual).any():
        record = int(np.argmax(steps != usual))
        seconds = usual / np.timedelta64(1, "s")
        raise InputError(
            f"{path}: time: expected a record every {seconds:g} s, got a gap or odd step from {words[record]} "
            f"to {words[record + 1]}"
        )
    return times, float(usual / np.timedelta64(1, "s"))
