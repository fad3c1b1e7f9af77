"""Reference columns as the integrator takes them: parameters, first state and weather."""

import importlib.util
import json
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np

from ldas.model.derive import Override, derive_parameters
from ldas.model.forcing import Forcing
from ldas.model.options import ModelOptions
from ldas.model.parameters import Parameters
from ldas.model.state import State

MOUNTAIN = {"dtemp": -8.0, "fprecip": 1.4, "zs": 1400.0}
START = np.datetime64("2017-01-01T00:00:00")
STATE_FIELDS = {
    "wr": "XWR",
    "resa": "XRESA",
    "le": "XLE",
    "lai": "XLAI",
    "assimilation_day": "XANDAY",
    "assimilation_max": "XANFM",
}


@dataclass
class Case:
    """A reference column: its parameters, what the model stored at the start, and its hourly weather."""

    folder: Path
    patch: str
    parameters: Parameters
    stored: dict
    weather: dict[str, np.ndarray]
    options: ModelOptions

    @property
    def multilayer(self) -> bool:
        return self.options.canopy_radiation == "multilayer"


def weather_module(folder: Path) -> ModuleType:
    """The generator of the reference weather."""
    spec = importlib.util.spec_from_file_location("make_weather", folder / "make_weather.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def load_case(reference: Path, name: str, rooted: bool = True, start: str = "params") -> Case:
    """A case as `synthetic-weather/A_c3crop_loam`, from the start of `<start>_initstate.json`.

    With `rooted` its rounded root fractions replace the formula.
    """
    folder = reference / name
    config = json.loads((folder / "config.json").read_text())["options"]
    stored = json.loads((folder / f"{start}_initstate.json").read_text())
    patch = next(key for key in stored if key.isdigit())
    options = ModelOptions(
        pedotransfer=config.get("pedo", "CH78"),
        runoff="WSAT" if name.endswith("WSAT") else "DT92",
        canopy_radiation="multilayer" if name.endswith("trml") else "gauss",
        soil_albedo="given",
    )
    overrides: dict[str, Override] = {
        "soil_depth": {4: 3.0, 5: 3.0, 7: 2.0, 8: 2.0, 10: 2.0},
        "height": {4: 15.0, 5: 15.0},
        "albedo_nir_soil": 0.30,
        "albedo_vis_soil": 0.15,
    }
    if rooted:
        overrides["cumulative_roots"] = np.array(stored[patch]["XROOTFRAC"])
    parameters = derive_parameters(
        np.array([int(patch)]),
        np.array([config["lat"]]),
        np.array([config["lon"]]),
        np.array([config["sand"]]),
        np.array([config["clay"]]),
        options,
        overrides=overrides,
    )
    module = weather_module(reference / "synthetic-weather")
    weather = module.make(**(MOUNTAIN if "mountain" in name else {}))
    return Case(folder, patch, parameters, stored[patch], weather, options)


def case_forcing(case: Case, hours: int, first_hour: int = 0) -> Forcing:
    """`hours` hours of the case's weather from `first_hour` on, one cell."""
    rows = slice(first_hour, first_hour + hours + 1)
    w = {name: records[rows, None] for name, records in case.weather.items()}
    direction = np.deg2rad(w["Wind_DIR"])
    return Forcing(
        start=START + np.timedelta64(first_hour, "h"),
        interval=3600.0,
        tair=w["Tair"],
        qair=w["Qair"],
        wind_e=w["Wind"] * np.sin(direction),
        wind_n=w["Wind"] * np.cos(direction),
        psurf=w["PSurf"],
        rainf=w["Rainf"],
        snowf=w["Snowf"],
        sw_direct=w["DIR_SWdown"],
        sw_diffuse=w["SCA_SWdown"],
        lwdown=w["LWdown"],
        co2air=w["CO2air"],
        cell=np.zeros(1, dtype=np.int64),
    )


def case_state(case: Case) -> State:
    """The state of the case's start file; A_n,ref is left to the first record, as the reference does."""
    stored = case.stored
    state = State.empty(1, len(stored["WSNOW"]))

    def numbers(name: str) -> np.ndarray:
        return np.array([0.0 if value is None else value for value in stored[name]])

    state.tg[:, 0] = numbers("XTG")
    state.wg[:, 0] = numbers("XWG")
    state.wgi[:, 0] = numbers("XWGI")
    for ours, theirs in STATE_FIELDS.items():
        getattr(state, ours)[0] = stored[theirs]
    state.biomass_leaf[0], state.biomass_structural[0], state.biomass_deep[0] = stored["XBIOMASS"]
    state.respiration_structural[0], state.respiration_deep[0] = stored["XRESP_BIOMASS"][1:]
    state.leaf_nitrogen[0] = case.parameters.leaf_nitrogen[0]
    swe = numbers("WSNOW")
    if swe.sum() > 0.0:
        state.snow_swe[:, 0] = swe
        state.snow_density[:, 0] = numbers("RHOSN")
        state.snow_enthalpy[:, 0] = numbers("HEATSN")
        state.snow_age[:, 0] = numbers("SAGSN")
        state.snow_albedo[0] = stored["ALBSN"]
    return state
