"""The output file: ALMA variables of each column, written stretch by stretch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import netCDF4
import numpy as np

from ldas.errors import ConfigurationError
from ldas.model.constants import L_S, L_V, M_C, M_CO2, SOIL_LAYERS
from ldas.model.outputs import DIAGNOSTICS, OutputRequest
from ldas.model.parameters import Parameters
from ldas.model.state import SNOW_FIELDS, State
from ldas.offline.restart import CONVENTIONS, write_columns
from ldas.offline.setup import SiteColumns
from ldas.variables import Variable, variables

Interval = Literal["step", "hourly", "3-hourly", "daily"]
Statistic = Literal["mean", "instant"]
SECONDS: dict[str, float] = {"hourly": 3600.0, "3-hourly": 10800.0, "daily": 86400.0}
CHUNK_BYTES = 1_000_000
FILL = 9.969209968386869e36

CARBON = M_C / M_CO2
ALMA: dict[str, dict[str, float]] = {
    "SoilMoist": {"wg": 1.0},
    "SoilIce": {"wgi": 1.0},
    "SoilTemp": {"tg": 1.0},
    "SWE": {"swe": 1.0},
    "SnowDepth": {"snow_depth": 1.0},
    "LAI": {"lai": 1.0},
    "Qle": {"qle": 1.0},
    "Qh": {"qh": 1.0},
    "Qg": {"qg": 1.0},
    "Rnet": {"rnet": 1.0},
    "Evap": {"evap": 1.0},
    "TVeg": {"le_transpiration": 1.0 / L_V},
    "ESoil": {"le_soil": 1.0 / L_V, "le_ice": 1.0 / L_S},
    "Qs": {"runoff": 1.0},
    "Qsb": {"drainage": 1.0},
    "GPP": {"gpp": CARBON},
    "Reco": {"ecosystem_respiration": CARBON},
}
"""Output variables as sums of model outputs with factors."""
HYDROLOGICAL = ("SoilMoist", "SoilIce", "wg", "wgi")
"""Variables that mean nothing below the hydrological layers of a column and are missing there."""


@dataclass(frozen=True)
class OutputPlan:
    """What goes into the file: interval in steps, statistic, and model outputs asked for by name."""

    interval: Interval
    statistic: Statistic
    every: int
    extra: tuple[str, ...] = ()

    @property
    def request(self) -> OutputRequest:
        """The model outputs that the file needs."""
        names = dict.fromkeys(name for terms in ALMA.values() for name in terms)
        return OutputRequest((*names, *(name for name in self.extra if name not in names)), self.every, self.statistic)


def plan_output(interval: Interval, statistic: Statistic, time_step: float, extra: Sequence[str] = ()) -> OutputPlan:
    """Check the interval against the time step and the extra names; raises ConfigurationError."""
    steps = SECONDS.get(interval, time_step) / time_step
    if steps != round(steps) or steps < 1:
        raise ConfigurationError(
            f"--interval {interval}: expected a whole number of model steps, but time_step is {time_step:g} s"
        )
    for name in extra:
        if name not in State.names() and name not in DIAGNOSTICS:
            raise ConfigurationError(f"--extra {name}: neither a state variable nor a diagnostic of the model")
    return OutputPlan(interval, statistic, int(steps), tuple(dict.fromkeys(extra)))


class OutputFile:
    """A new NetCDF file with an unlimited time; times stand at the end of each interval."""

    def __init__(
        self,
        path: Path,
        plan: OutputPlan,
        columns: SiteColumns,
        parameters: Parameters,
        snow_layers: int,
        start: np.datetime64,
        time_step: float,
        attributes: Mapping[str, str],
    ) -> None:
        self.plan, self.start, self.seconds = plan, start, plan.every * time_step
        self.missing = np.arange(SOIL_LAYERS)[:, None] >= parameters.n_water
        self.file = netCDF4.Dataset(path, "w")
        self.file.setncatts({"Conventions": CONVENTIONS, **attributes})
        self._dimensions(columns, parameters, snow_layers)
        self._times()
        for name in (*ALMA, *plan.extra):
            self._variable(name, columns)

    def __enter__(self) -> "OutputFile":
        return self

    def __exit__(self, *exception: object) -> None:
        self.file.close()

    def append(self, outputs: Mapping[str, np.ndarray]) -> None:
        """Add the rows of one integration."""
        rows = len(outputs["wg"])
        first = len(self.file.dimensions["time"])
        ends = np.arange(first + 1, first + rows + 1) * self.seconds
        self.file["time"][first:] = ends
        if self.plan.statistic == "mean":
            self.file["time_bnds"][first:] = np.stack([ends - self.seconds, ends], axis=1)
        for name in (*ALMA, *self.plan.extra):
            terms = ALMA.get(name, {name: 1.0})
            values = sum(factor * outputs[source] for source, factor in terms.items())
            if name in HYDROLOGICAL:
                values = np.where(self.missing, FILL, values)
            self.file[name][first:] = values

    def _dimensions(self, columns: SiteColumns, parameters: Parameters, snow_layers: int) -> None:
        self.column = "patch" if columns.single else "column"
        self.layers = {"soil_layer": SOIL_LAYERS, "snow_layer": snow_layers}
        self.columns = columns.patch.size
        for name, size in (("time", None), ("bnds", 2), (self.column, self.columns), *self.layers.items()):
            self.file.createDimension(name, size)
        write_columns(self.file, columns, self.column)
        bottom = self.file.createVariable("layer_bottom", "f8", ("soil_layer", self.column))
        bottom.setncatts({"long_name": "depth of the bottom of the soil layer", "units": "m", "positive": "down"})
        bottom[:] = parameters.layer_bottom
        if not columns.single:
            place = self.file.createVariable("place", str, (self.column,))
            place.setncatts({"long_name": "name of the place"})
            place[:] = np.array([columns.names[i] for i in columns.point], dtype=object)

    def _times(self) -> None:
        time = self.file.createVariable("time", "f8", ("time",))
        since = np.datetime_as_string(self.start, unit="s").replace("T", " ")
        time.setncatts(
            {"standard_name": "time", "units": f"seconds since {since}", "calendar": "standard", "axis": "T"}
        )
        if self.plan.statistic == "mean":
            time.bounds = "time_bnds"
            self.file.createVariable("time_bnds", "f8", ("time", "bnds"))

    def _variable(self, name: str, columns: SiteColumns) -> None:
        row = variables("output")[name] if name in ALMA else _model_row(name)
        layer = [dim for dim in row.dims if dim in self.layers]
        dims = ("time", *layer, self.column)
        width = self.columns * (self.layers[layer[0]] if layer else 1)
        rows = max(1, min(1024, CHUNK_BYTES // (8 * width)))
        chunks = (rows, *(self.layers[dim] for dim in layer), self.columns)
        variable = self.file.createVariable(
            name, "f8", dims, compression="zlib", complevel=1, fill_value=FILL, chunksizes=chunks
        )
        coordinates = "lat lon patch_fraction" if columns.single else "lat lon patch patch_fraction place"
        method = "time: mean" if self.plan.statistic == "mean" else "time: point"
        variable.setncatts({**row.attributes(), "cell_methods": method, "coordinates": coordinates})


def _model_row(name: str) -> Variable:
    """The table's row of a state or of something computed in a step."""
    table = variables("state") if name in State.names() else variables("step")
    return table[name]


def width_of_row(columns: int, snow_layers: int, extra: Sequence[str]) -> int:
    """Numbers in memory for one output time."""
    layered = sum(snow_layers if name in SNOW_FIELDS else SOIL_LAYERS for name in extra)
    return columns * (3 * SOIL_LAYERS + len(ALMA) + 2 + layered)
