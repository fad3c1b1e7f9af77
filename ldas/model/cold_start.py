"""A first state from temperature, soil wetness index, LAI and snow (vegetation document §8.4, energy document §3.4)."""

import numpy as np

from ldas.errors import InputError
from ldas.model.biomass import ALLOCATION, DILUTION_C, leaf_mass_per_area
from ldas.model.constants import C_I, GRAVITY, L_F, SOIL_LAYERS, T_T, W_MIN
from ldas.model.options import ModelOptions
from ldas.model.parameters import Parameters
from ldas.model.state import State

Field = float | np.ndarray

RESA_START = 100.0
ASSIMILATION_MAX_START = 1.0e-8
PERMANENT_SNOW_SWE = 1.0e4  # kg m-2
PERMANENT_SNOW_DENSITY = 450.0
SNOW_DENSITY = 200.0
SNOW_ALBEDO = 0.8


def cold_start(
    parameters: Parameters,
    options: ModelOptions,
    *,
    temperature: Field = 283.16,
    wetness: Field = 1.0,
    lai: Field = 1.0,
    snow_swe: Field = 0.0,
    snow_density: Field = SNOW_DENSITY,
    snow_age: Field = 0.0,
) -> State:
    """A state no run has produced.

    `temperature` (K) and `wetness` (soil wetness index, 0 at wilting point and 1 at field capacity) are a number,
    (column,) or (14, column); `lai`, `snow_swe` (kg m-2), `snow_density` (kg m-3) and `snow_age` (days) a number or
    (column,). LAI is raised to its minimum and is 0 without vegetation; the pools are those of §8.4. Soil water at
    frost is split into ice and the liquid water that is in equilibrium with the temperature. Permanent snow starts
    with a pack of at least 10 m of water. A_n,ref is left at 0, which makes the first run compute it.

    Raises InputError for a value outside its range.
    """
    p, columns = parameters, parameters.columns
    state = State.empty(columns, options.snow_layers)
    state.tg[:] = _field("temperature", temperature, (SOIL_LAYERS, columns), 180.0, 350.0)
    swi = _field("wetness", wetness, (SOIL_LAYERS, columns), -1.0, 10.0)
    total = np.clip(p.w_wilt + swi * (p.w_fc - p.w_wilt), W_MIN, p.w_sat)
    state.wg[:], state.wgi[:] = freeze_water(p, state.tg, total)
    state.resa[:] = RESA_START

    state.lai[:] = np.where(p.vegetated, np.maximum(_field("lai", lai, (columns,), 0.0, 20.0), p.lai_min), 0.0)
    state.leaf_nitrogen[:] = p.leaf_nitrogen
    mass_per_area = leaf_mass_per_area(p.nitrogen_e, p.nitrogen_f, p.leaf_nitrogen)
    state.biomass_leaf[:] = np.where(p.vegetated, mass_per_area * state.lai, 0.0)
    state.biomass_structural[:] = structural_biomass(state.biomass_leaf)
    state.assimilation_max[:] = np.where(p.vegetated, ASSIMILATION_MAX_START, 0.0)

    permanent = p.permanent_snow > 0.5
    swe = _field("snow_swe", snow_swe, (columns,), 0.0, 2.0e5)
    density = _field("snow_density", snow_density, (columns,), 50.0, 917.0)
    age = _field("snow_age", snow_age, (columns,), 0.0, 1.0e5)
    density = np.where(permanent & (swe < PERMANENT_SNOW_SWE), PERMANENT_SNOW_DENSITY, density)
    lay_snow(state, np.where(permanent, np.maximum(swe, PERMANENT_SNOW_SWE), swe), density, age)
    return state


def freeze_water(parameters: Parameters, tg: np.ndarray, total: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(liquid water, ice) of `total` water at the temperature `tg`, all (14, column) (energy document §4.13).

    Below T_t the liquid part is at most w_sat (psi_max / psi_sat)^(-1/b) with psi_max = L_f (T - T_t) / (g T).
    """
    p = parameters
    psi_max = np.minimum(p.psi_sat, L_F * (tg - T_T) / (GRAVITY * tg))
    liquid_max = p.w_sat * (psi_max / p.psi_sat) ** (-1.0 / p.b)
    liquid = np.clip(np.minimum(total, liquid_max), W_MIN, None)
    return liquid, np.maximum(total - liquid, 0.0)


def structural_biomass(biomass_leaf: np.ndarray) -> np.ndarray:
    """B2 that the dilution law gives to a leaf biomass B1, max(0, (B1 / c)^(1 / (1 - a)) - B1), kg m-2."""
    return np.maximum(0.0, (np.maximum(biomass_leaf, 0.0) / DILUTION_C) ** ALLOCATION - biomass_leaf)


def lay_snow(state: State, swe: np.ndarray, density: np.ndarray, age: np.ndarray) -> None:
    """Put packs of `swe` kg m-2 on the columns, in place: dry, in layers of equal mass, as cold as the surface."""
    snowy = swe > 0.0
    enthalpy = density * (C_I * (np.minimum(state.tg[0], T_T) - T_T) - L_F)
    state.snow_swe[:] = swe / state.snow_layers
    state.snow_density[:] = np.where(snowy, density, 50.0)
    state.snow_enthalpy[:] = np.where(snowy, enthalpy, 0.0)
    state.snow_age[:] = np.where(snowy, age, 0.0)
    state.snow_albedo[:] = np.where(snowy, SNOW_ALBEDO, 0.0)


def _field(name: str, value: Field, shape: tuple[int, ...], low: float, high: float) -> np.ndarray:
    """`value` spread over `shape`, finite and inside its range."""
    array = np.asarray(value, dtype=np.float64)
    if array.shape not in ((), shape, shape[-1:]):
        raise InputError(f"cold start {name}: expected a number or shape {shape[-1:]} or {shape}, got {array.shape}")
    array = np.broadcast_to(array, shape)
    wrong = ~((array >= low) & (array <= high))
    if wrong.any():
        place = np.argwhere(wrong)[0]
        raise InputError(
            f"cold start {name}: expected {low:g} to {high:g}, got {array[tuple(place)]:g} at column {place[-1]}"
        )
    return array
