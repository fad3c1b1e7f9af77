"""Restart files: the whole state of a run as NetCDF, float64, so that a split run equals the uninterrupted one."""

from pathlib import Path

import netCDF4
import numpy as np

from ldas.errors import InputError
from ldas.model.constants import SOIL_LAYERS
from ldas.model.parameters import Parameters
from ldas.model.state import State
from ldas.offline.setup import SiteColumns
from ldas.variables import variables

CONVENTIONS = "CF-1.11"
POSITION_TOLERANCE = 1e-9  # degrees


def write_restart(path: Path, state: State, time: np.datetime64, columns: SiteColumns) -> None:
    """Write the state at `time` (UTC) to a new NetCDF file."""
    table = variables("state")
    with netCDF4.Dataset(path, "w") as file:
        file.Conventions = CONVENTIONS
        file.title = "Restart state of ISBA-A-gs"
        file.time = str(np.datetime_as_string(time, unit="ns"))
        file.createDimension("soil_layer", SOIL_LAYERS)
        file.createDimension("snow_layer", state.snow_layers)
        file.createDimension("column", state.columns)
        write_columns(file, columns, "column")
        for name, values in state.as_dict().items():
            variable = file.createVariable(name, "f8", table[name].dims)
            variable.setncatts({**table[name].attributes(), "coordinates": "lat lon patch"})
            variable[:] = values


def write_columns(file: netCDF4.Dataset, columns: SiteColumns, dimension: str) -> None:
    """Patch, fraction and position of each column along `dimension`."""
    for name, values, attributes in (
        ("patch", columns.patch, {"long_name": "patch number"}),
        ("patch_fraction", columns.fraction, {"long_name": "fraction of the patch in its place", "units": "1"}),
        ("lat", columns.latitude, {"standard_name": "latitude", "units": "degrees_north"}),
        ("lon", columns.longitude, {"standard_name": "longitude", "units": "degrees_east"}),
    ):
        variable = file.createVariable(name, values.dtype, (dimension,))
        variable.setncatts(attributes)
        variable[:] = values


def read_restart(
    path: str | Path, parameters: Parameters, columns: SiteColumns, snow_layers: int
) -> tuple[State, np.datetime64]:
    """The state of a restart file and its time; raises InputError where it does not belong to these columns."""
    path = Path(path)
    try:
        with netCDF4.Dataset(path) as file:
            file.set_auto_mask(False)
            time = _time(path, file)
            _check_columns(path, file, columns)
            state = _state(path, file, columns, snow_layers)
    except OSError as error:
        raise InputError(f"{path}: cannot read the restart file ({error.strerror or error})") from error
    try:
        state.check(parameters.w_sat, parameters.n_water, columns.place)
    except InputError as error:
        raise InputError(f"{path}, {np.datetime_as_string(time, unit='s')}: {error}") from error
    return state, time


def _time(path: Path, file: netCDF4.Dataset) -> np.datetime64:
    text = file.getncattr("time") if "time" in file.ncattrs() else ""
    try:
        return np.datetime64(text, "ns")
    except ValueError as error:
        raise InputError(f"{path}: attribute time: expected an instant as 2017-01-01T00:00, got {text!r}") from error


def _check_columns(path: Path, file: netCDF4.Dataset, columns: SiteColumns) -> None:
    for name, expected in (("patch", columns.patch), ("lat", columns.latitude), ("lon", columns.longitude)):
        found = file.variables[name][:] if name in file.variables else np.empty(0)
        if found.shape != expected.shape or (np.abs(found - expected) > POSITION_TOLERANCE).any():
            raise InputError(
                f"{path}: {name}: expected the columns of the site file, {expected.tolist()}, got {found.tolist()}"
            )


def _state(path: Path, file: netCDF4.Dataset, columns: SiteColumns, snow_layers: int) -> State:
    state = State.empty(columns.patch.size, snow_layers)
    for name, values in state.as_dict().items():
        if name not in file.variables:
            raise InputError(f"{path}: {name} is missing")
        found = file.variables[name]
        if found.shape != values.shape or found.dtype != np.float64:
            raise InputError(
                f"{path}: {name}: expected float64 of shape {values.shape}, got {found.dtype} of {found.shape}"
            )
        values[...] = found[:]
    return state
