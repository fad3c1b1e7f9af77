"""Small sets of columns for the vegetation tests: one column a type, and the conditions of the worked examples."""

import numpy as np

from ldas.model.constants import M_AIR, M_CO2
from ldas.model.derive import derive_parameters
from ldas.model.options import ModelOptions
from ldas.model.parameters import Parameters
from ldas.model.photosynthesis import CanopyAir, CanopyFluxes
from ldas.model.vegetation_table import type_names, vegetation_table

CO2_400 = 400.0e-6 * M_CO2 / M_AIR
VEGETATED = tuple(name for name, live in zip(type_names(), vegetation_table()["vegetated"], strict=True) if live)


def columns_of(types: tuple[str, ...] | list[str], latitude: float = 45.0, **arguments: object) -> Parameters:
    """Parameters of one column a type on loam."""
    names = np.array(types)
    patch = np.array([vegetation_table()["patch"][type_names().index(name)] for name in types])
    count = len(types)
    return derive_parameters(
        patch,
        np.full(count, latitude),
        np.zeros(count),
        np.full(count, 0.4),
        np.full(count, 0.2),
        ModelOptions(),
        vegetation_type=names,
        **arguments,
    )


def canopy_air(columns: int, **values: float | np.ndarray) -> CanopyAir:
    """The conditions of §12.3 (LAI 3, 298.16 K, SW 600, zenith 40 degrees, D_s 0.008, F2 1), with changes."""
    zenith = values.pop("zenith", np.deg2rad(40.0))
    base = {
        "t_s": 298.16,
        "deficit": 0.008,
        "rho": 1.2,
        "co2": CO2_400,
        "sw": 600.0,
        "zenith": zenith,
        "cos_zenith": np.cos(zenith),
        "f2": 1.0,
        "exposed": 1.0,
        "lai": 3.0,
    }
    return CanopyAir(**{name: np.full(columns, value, dtype=float) for name, value in (base | values).items()})


def canopy_fluxes(columns: int) -> CanopyFluxes:
    return CanopyFluxes(*(np.zeros(columns) for _ in CanopyFluxes._fields))
