"""Imported by the fork server of the kill and race tests, so that its processes start with the compiled model."""

import distributed  # noqa: F401
import numpy as np
import typer  # noqa: F401
import xarray  # noqa: F401
import zarr  # noqa: F401

import ldas.forcing
import ldas.observations
import ldas.physiography  # noqa: F401
from ldas.model.cold_start import cold_start
from ldas.model.derive import derive_parameters
from ldas.model.forcing import FIELDS, Forcing
from ldas.model.integrate import integrate
from ldas.model.options import ModelOptions

CONSTANT_WEATHER = {
    "tair": 290.0,
    "qair": 0.008,
    "wind_e": 2.0,
    "wind_n": 1.0,
    "psurf": 98000.0,
    "rainf": 1e-5,
    "snowf": 0.0,
    "sw_direct": 400.0,
    "sw_diffuse": 0.0,
    "lwdown": 330.0,
    "co2air": 7.5e-4,
}


def run_one_hour() -> None:
    """Run the model in this thread: a process that forks must have no other, which is why Icechunk is not here."""
    options, patch = ModelOptions(threads=1), np.array([4, 7, 10])
    parameters = derive_parameters(patch, np.full(3, 44.0), np.full(3, 4.0), np.full(3, 0.2), np.full(3, 0.2), options)
    records = {name: np.full((2, 1), CONSTANT_WEATHER[name]) for name in FIELDS}
    forcing = Forcing(
        start=np.datetime64("2026-05-01T18:00:00", "ns"),
        interval=3600.0,
        cell=np.zeros(parameters.columns, np.int64),
        **records,
    )
    integrate(parameters, [cold_start(parameters, options)] * 2, forcing, options)


run_one_hour()
