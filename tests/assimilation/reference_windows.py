"""The column of the reference filter's twelve windows: parameters, first state, weather and stored runs."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from ldas.assimilation.control import CONTROL
from ldas.assimilation.domain import AnalysisDomain
from ldas.assimilation.quality_control import CellObservations
from ldas.assimilation.settings import AssimilationSettings, ErrorSettings
from ldas.grid import Columns
from ldas.model.derive import derive_parameters
from ldas.model.forcing import Forcing
from ldas.model.options import ModelOptions
from ldas.model.parameters import Parameters
from ldas.model.state import State

PATCHES = (4, 7, 10)
FRACTIONS = (0.2, 0.5, 0.3)
SAND, CLAY, LATITUDE, LONGITUDE = 0.45, 0.25, 43.484, 1.3
MISSING = 999.0
FIRST = np.datetime64("1985-05-20T00:00")
OPTIONS = ModelOptions(soil_albedo="given", recompute_assimilation_reference=True)
SETTINGS = AssimilationSettings(
    strict=True, errors=ErrorSettings(background_wg2=0.4, background_deep=0.2, observation_ssm=0.4, observation_lai=0.2)
)
STORED_STATE = {
    "wr": "WR",
    "resa": "RESA",
    "le": "LE_AGS",
    "lai": "LAI",
    "biomass_leaf": "BIOMA1",
    "biomass_structural": "BIOMA2",
    "biomass_deep": "BIOMA3",
    "assimilation_day": "ANDAY",
    "assimilation_max": "ANFM",
    "respiration_structural": "RESPI2",
    "respiration_deep": "RESPI3",
}


def read_windows(folder: Path) -> list[dict[str, Any]]:
    return json.loads((folder / "cycles.json").read_text())


def values(stored: dict[str, float], name: str) -> np.ndarray:
    """One quantity of a stored run on the three columns."""
    return np.array([stored[f"{name}P{patch}"] for patch in PATCHES])


def control(stored: dict[str, float]) -> np.ndarray:
    """Control values of a stored run, (8, 3)."""
    return np.stack([values(stored, name) for name in CONTROL])


def table(window: dict[str, Any], form: str, group: str) -> np.ndarray:
    """A (2, 8, 3) table stored under keys such as `dWG2/dLAI`."""
    stored = window[group]
    return np.array(
        [[[stored[form.format(o=o, v=v)][str(p)] for p in PATCHES] for v in CONTROL] for o in ("WG2", "LAI")]
    )


def increments(window: dict[str, Any]) -> np.ndarray:
    return np.array([[window["increment"][str(p)][v] for p in PATCHES] for v in CONTROL])


def observations(window: dict[str, Any]) -> CellObservations:
    given = {kind: np.array([np.nan if value == MISSING else value]) for kind, value in window["obs"].items()}
    return CellObservations.on_cells(1, ssm=given["WG2"], lai=given["LAI"])


def read_parameters(folder: Path) -> Parameters:
    stored = json.loads((folder / "params.json").read_text())
    roots = {patch: np.array(stored[str(patch)]["XROOTFRAC"]) for patch in PATCHES}
    return derive_parameters(
        np.array(PATCHES),
        np.full(3, LATITUDE),
        np.full(3, LONGITUDE),
        np.full(3, SAND),
        np.full(3, CLAY),
        OPTIONS,
        overrides={
            "cumulative_roots": roots,
            "soil_depth": {patch: stored[str(patch)]["XDG2"] for patch in PATCHES},
            "height": {4: 15.0},
            "albedo_nir_soil": 0.30,
            "albedo_vis_soil": 0.15,
        },
    )


def read_domain(parameters: Parameters) -> AnalysisDomain:
    columns = Columns((1, 1), np.zeros(3, np.int64), np.array(PATCHES), np.array(FRACTIONS))
    return AnalysisDomain.from_parameters(columns, parameters, np.full((1, 1), CLAY))


def read_first_state(folder: Path, parameters: Parameters) -> State:
    """The full start state of the first window; there is no snow in any of the twelve."""
    state = State.empty(3, OPTIONS.snow_layers)
    state.leaf_nitrogen[:] = parameters.leaf_nitrogen
    with xr.open_dataset(folder / "STATE_1985052000.nc", decode_times=False) as stored:

        def read(name: str) -> list[float]:
            return [float(stored[f"{name}P{patch}"].values.squeeze()) for patch in PATCHES]

        for field, name in STORED_STATE.items():
            getattr(state, field)[:] = read(name)
        for layer in range(14):
            state.tg[layer] = read(f"TG{layer + 1}")
            if layer < 11:
                state.wg[layer], state.wgi[layer] = read(f"WG{layer + 1}"), read(f"WGI{layer + 1}")
    below = np.arange(14)[:, None] >= parameters.n_water
    state.wg[below], state.wgi[below] = 0.0, 0.0
    return state


def read_weather(folder: Path, window: int) -> Forcing:
    """The half-hourly weather of a window; the wind always comes from the south."""
    with xr.open_dataset(folder / "forcing.nc", decode_times=False) as stored:
        day = stored.isel(time=slice(48 * window, 48 * (window + 1) + 1)).load()

    def records(name: str) -> np.ndarray:
        return day[name].values.astype(float)[:, None]

    return Forcing(
        start=FIRST + np.timedelta64(window, "D"),
        interval=1800.0,
        tair=records("Tair"),
        qair=records("Qair"),
        wind_e=np.zeros_like(records("Wind")),
        wind_n=records("Wind"),
        psurf=records("PSurf"),
        rainf=records("Rainf"),
        snowf=records("Snowf"),
        sw_direct=records("DIR_SWdown"),
        sw_diffuse=records("SCA_SWdown"),
        lwdown=records("LWdown"),
        co2air=records("CO2air"),
        cell=np.zeros(3, np.int64),
    )
