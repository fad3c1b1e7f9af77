"""What an integration can hand out: the names, their rows in a block's memory, and the request for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ldas.errors import InputError
from ldas.model.constants import SOIL_LAYERS
from ldas.model.state import SNOW_FIELDS, SOIL_FIELDS, State

LAYERED = {"soil_conductivity": SOIL_LAYERS, "soil_heat_capacity": SOIL_LAYERS}
"""Diagnostics with a layer axis, and its length."""

DIAGNOSTICS = (
    # weather of the step
    "tair",
    "qair",
    "wind",
    "psurf",
    "rainf",
    "snowf",
    "swdown",
    "lwdown",
    "air_density",
    "zenith",
    # energy of the patch, snow included, W m-2
    "rnet",
    "qh",
    "qle",
    "qg",
    "sw_up",
    "lw_up",
    "le_soil",
    "le_ice",
    "le_interception",
    "le_transpiration",
    "le_snow",
    # water of the patch, kg m-2 s-1
    "evap",
    "runoff",
    "drainage",
    "snow_outflow",
    "water_residual",
    "energy_residual",
    # carbon of the patch, kg CO2 m-2 s-1
    "net_assimilation",
    "gpp",
    "leaf_respiration",
    "autotrophic_respiration",
    "ecosystem_respiration",
    "nee",
    "fapar",
    # snow
    "swe",
    "snow_depth",
    "snow_temperature",
    "snow_fraction",
    "snow_fraction_ground",
    "snow_fraction_vegetation",
    # surface
    "radiative_temperature",
    "albedo",
    "emissivity",
    "albedo_free",
    "vegetation_fraction",
    "roughness",
    "lai_used",
    # inside the step
    "canopy_resistance",
    "water_stress",
    "wet_fraction",
    "interception_capacity",
    "c_t",
    "c_g",
    "soil_humidity",
    "halstead",
    "frozen_surface",
    "friction_velocity",
    "heat_exchange",
    "momentum_exchange",
    "richardson",
    "surface_humidity",
    "soil_conductivity",
    "soil_heat_capacity",
)
"""Diagnostics of a step by name; units and descriptions stand in `ldas/variables.yaml` (kind `diagnostic`)."""


@dataclass(frozen=True)
class OutputRequest:
    """Names (states or `DIAGNOSTICS`) to hand out every `every` steps: their `mean` over these steps or the last step's
    value (`instant`)."""

    names: tuple[str, ...]
    every: int = 1
    statistic: Literal["mean", "instant"] = "instant"


def rows_of(snow_layers: int) -> dict[str, slice]:
    """The rows of each state variable, then of each diagnostic, in a block's memory."""
    layers = {**dict.fromkeys(SOIL_FIELDS, SOIL_LAYERS), **dict.fromkeys(SNOW_FIELDS, snow_layers), **LAYERED}
    rows: dict[str, slice] = {}
    first = 0
    for name in (*State.names(), *DIAGNOSTICS):
        last = first + layers.get(name, 1)
        rows[name] = slice(first, last)
        first = last
    return rows


def is_layered(name: str) -> bool:
    """Whether the output has a layer axis."""
    return name in SOIL_FIELDS or name in SNOW_FIELDS or name in LAYERED


def check_requests(requests: Sequence[OutputRequest]) -> None:
    """Raise InputError for an unknown or repeated name, or an interval below one step."""
    known = {*State.names(), *DIAGNOSTICS}
    seen: set[str] = set()
    for request in requests:
        if request.every < 1:
            raise InputError(f"output request: expected an interval of at least one step, got {request.every}")
        for name in request.names:
            if name not in known:
                raise InputError(f"output request: {name} is neither a state variable nor a diagnostic of the model")
            if name in seen:
                raise InputError(f"output request: {name} is asked for twice")
            seen.add(name)


def empty_outputs(
    requests: Sequence[OutputRequest], steps: int, columns: int, snow_layers: int
) -> dict[str, np.ndarray]:
    """Arrays (time, [layer,] column) for all requests over `steps` steps; an unfinished last interval has no row."""
    rows = rows_of(snow_layers)
    outputs: dict[str, np.ndarray] = {}
    for request in requests:
        for name in request.names:
            layers = (rows[name].stop - rows[name].start,) if is_layered(name) else ()
            outputs[name] = np.empty((steps // request.every, *layers, columns))
    return outputs
