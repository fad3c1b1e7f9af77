"""A handful of columns of all kinds in synthetic weather, for tests of the filter with the real model."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from ldas.assimilation.domain import AnalysisDomain
from ldas.demo.weather import make_weather
from ldas.grid import Columns, Grid
from ldas.model.cold_start import cold_start
from ldas.model.derive import derive_parameters
from ldas.model.forcing import Forcing
from ldas.model.integrate import integrate
from ldas.model.options import ModelOptions
from ldas.model.parameters import Parameters
from ldas.model.state import State

GRID = Grid(4.0, 44.0, 4.03, 44.02)
PATCHES = (1, 4, 5, 7, 8, 10)
FRACTIONS = (0.1, 0.2, 0.1, 0.3, 0.1, 0.2)
HOUR = np.timedelta64(1, "h")


@dataclass(frozen=True)
class SmallWorld:
    """Six cells, each with six patches: 36 columns."""

    columns: Columns
    parameters: Parameters
    domain: AnalysisDomain
    weather: xr.Dataset
    options: ModelOptions

    def forcing(self, start: np.datetime64, hours: int = 24) -> Forcing:
        """Weather of each cell from the nearest node of the synthetic weather grid."""
        part = self.weather.sel(time=slice(start, start + hours * HOUR))
        lat, lon = np.meshgrid(GRID.lat, GRID.lon, indexing="ij")
        node = {"lat": xr.DataArray(lat.ravel(), dims="cell"), "lon": xr.DataArray(lon.ravel(), dims="cell")}
        near = part.sel(node, method="nearest")

        def records(name: str) -> np.ndarray:
            return np.ascontiguousarray(near[name].transpose("time", "cell").values.astype(float))

        zeros = np.zeros_like(records("Tair"))
        return Forcing(
            start=start.astype("datetime64[ns]"),
            interval=3600.0,
            tair=records("Tair"),
            qair=records("Qair"),
            wind_e=records("Wind"),
            wind_n=zeros,
            psurf=records("PSurf"),
            rainf=records("Rainf"),
            snowf=records("Snowf"),
            sw_direct=records("SWdown"),
            sw_diffuse=zeros,
            lwdown=records("LWdown"),
            co2air=zeros + 7.5e-4,
            cell=self.columns.cell,
        )

    def run(self, states: list[State], start: np.datetime64, hours: int = 24) -> list[State]:
        return integrate(self.parameters, states, self.forcing(start, hours), self.options)[0]

    def select(self, index: np.ndarray) -> "SmallWorld":
        """The same weather for some of the columns."""
        return SmallWorld(
            self.columns.select(index),
            self.parameters.select(index),
            self.domain.select(index),
            self.weather,
            self.options,
        )


def make_world(options: ModelOptions | None = None, year: int = 2021) -> SmallWorld:
    options = options or ModelOptions()
    fractions = np.zeros((12, *GRID.shape))
    for patch, fraction in zip(PATCHES, FRACTIONS, strict=True):
        fractions[patch - 1] = fraction
    columns = Columns.from_fractions(fractions)
    clay, sand = (np.linspace(*span, GRID.size).reshape(GRID.shape) for span in ((0.10, 0.45), (0.70, 0.25)))
    lat, lon = np.meshgrid(GRID.lat, GRID.lon, indexing="ij")
    parameters = derive_parameters(
        columns.patch, columns.gather(lat), columns.gather(lon), columns.gather(sand), columns.gather(clay), options
    )
    domain = AnalysisDomain.from_parameters(columns, parameters, clay)
    weather = make_weather(GRID, 7, np.datetime64(f"{year}-01-01"), np.datetime64(f"{year}-12-31"))
    return SmallWorld(columns, parameters, domain, weather, options)


def warm_start(world: SmallWorld, window: np.datetime64, days: int = 4) -> State:
    """A moist spring or summer state after some days of the model's own weather up to the window's start."""
    lai = np.where(world.parameters.vegetated, 2.0, 0.0)
    state = cold_start(world.parameters, world.options, temperature=288.0, wetness=0.7, lai=lai)
    (state,) = world.run([state], window - 24 * days * HOUR, 24 * days)
    return state
