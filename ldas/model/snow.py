"""Explicit snow, ISBA-ES: the step of a dense list of snow columns (energy document §4.5).

Boone and Etchevers (2001), Decharme et al. (2016). Columns with snow on the ground or snow falling are gathered to the
front of dense arrays, `advance_snow` runs the scheme on the first `count` of them, and the results are scattered back.
Mass is per m2 of patch; radiative and turbulent fluxes are those of the snow-covered part. The items 1 to 16 of the
document live in `snow_optics`, `snow_layers`, `snow_settling`, `snow_heat` and `snow_water`.
"""

from typing import NamedTuple

import numpy as np

from ldas.model.kernel import columns, kernel
from ldas.model.snow_heat import balance_surface, conduct_heat, find_melted_packs
from ldas.model.snow_layers import add_snowfall, diagnose_layers, open_pack, regrid
from ldas.model.snow_optics import refresh_albedo, start_albedo, transmit_sunlight
from ldas.model.snow_settling import compact, drift
from ldas.model.snow_water import close_pack, melt, percolate, remove_traces, sublimate


class SnowWeather(NamedTuple):
    """Weather of the step on each snow column, float64 (column,)."""

    sw: np.ndarray  # W m-2, direct and diffuse
    lw: np.ndarray  # W m-2
    tair: np.ndarray  # K
    qair: np.ndarray  # kg kg-1
    psurf: np.ndarray  # Pa
    air_density: np.ndarray  # rho_a, kg m-3
    exner_surface: np.ndarray  # Pi_s
    exner_air: np.ndarray  # Pi_a
    wind: np.ndarray  # V, m s-1
    wind_exchange: np.ndarray  # V*, m s-1
    rain: np.ndarray  # RR on the whole patch, kg m-2 s-1
    snow: np.ndarray  # SR on the whole patch, kg m-2 s-1
    cos_zenith: np.ndarray


class SnowSurface(NamedTuple):
    """What the snow sees of the ground and of the patch at the step start, float64 (column,)."""

    soil_temperature: np.ndarray  # T_1 of the soil, K
    soil_conductivity: np.ndarray  # lambda_1 of the soil, W m-1 K-1
    soil_thickness: np.ndarray  # d_1, m
    z0_effective: np.ndarray  # z_0*, m (as all of `ldas.model.exchange.Exchange`)
    z0h_effective: np.ndarray  # z_0h*, m
    neutral: np.ndarray
    unstable: np.ndarray
    albedo_free: np.ndarray  # snow-free albedo
    p_sn: np.ndarray  # snow fraction of the previous step's end
    forest: np.ndarray  # f_for
    permanent: np.ndarray  # f_g


class SnowPack(NamedTuple):
    """Prognostic snow, changed in place: fields of `ldas.model.state.State`, (snow layer, column) and (column,)."""

    swe: np.ndarray  # kg m-2
    density: np.ndarray  # kg m-3
    enthalpy: np.ndarray  # J m-3
    age: np.ndarray  # days
    albedo: np.ndarray


class SnowFluxes(NamedTuple):
    """Results of the step, float64 (column,)."""

    ground: np.ndarray  # G_gn, heat into the ground, W m-2
    correction: np.ndarray  # F_cor, W m-2
    outflow: np.ndarray  # M_s, water leaving the base, kg m-2 s-1 of patch
    deficit: np.ndarray  # E_cor, evaporation the pack could not give, kg m-2 s-1 of patch
    rnet: np.ndarray  # R_n over snow, W m-2
    sensible: np.ndarray  # H over snow, W m-2
    latent: np.ndarray  # LE over snow, W m-2
    evaporation: np.ndarray  # E over snow, kg m-2 s-1
    momentum: np.ndarray  # C_D over snow
    humidity: np.ndarray  # q_0, saturation humidity of the snow surface, kg kg-1
    temperature: np.ndarray  # T_1 of the snow at the step end, K; T_t without snow


class SnowWork(NamedTuple):
    """Scratch of `advance_snow`, see `snow_work`."""

    thickness: np.ndarray  # D_k, m, (layer, column)
    heat: np.ndarray  # H_k, J m-2
    temperature: np.ndarray  # T_k, K
    liquid: np.ndarray  # l_k, m
    sunlight: np.ndarray  # Q_k, W m-2
    conductance: np.ndarray  # lambda_k, then G_k, W m-2 K-1
    rest: np.ndarray  # constant and
    gain: np.ndarray  # factor of the upward sweep, T_k = rest_k + gain_k T_k-1
    capacity: np.ndarray  # largest liquid content, m
    excess: np.ndarray  # o_k, m
    visible: np.ndarray  # spectral albedo, (column,)
    near: np.ndarray
    infrared: np.ndarray
    swe_start: np.ndarray  # W_0, kg m-2
    heat_start: np.ndarray  # H_0, J m-2
    heat_sum: np.ndarray  # enthalpy before the surface budget, J m-2
    storage: np.ndarray  # G of the surface budget, W m-2
    ground_raw: np.ndarray  # G_o, W m-2
    ground_capped: np.ndarray  # G_r, W m-2
    lost: np.ndarray  # X_m, J m-2
    flow: np.ndarray  # i_k, m
    near_gain: np.ndarray  # `gain` and
    near_rest: np.ndarray  # `rest` of the layer that a sweep comes from
    regridded: np.ndarray  # 1 where the layers need new thicknesses
    idle: np.ndarray  # 1 where there is too little snow to run the scheme
    melted: np.ndarray  # 1 where the pack disappears in this step
    grid: np.ndarray  # new thicknesses of one column, (layer,)
    column: np.ndarray  # new mass, enthalpy and age of one column, (3, layer)


_LAYERED = 10


def snow_work(layers: int, columns: int) -> SnowWork:
    """Scratch for up to `columns` snow columns of `layers` layers."""
    arrays = {}
    for position, name in enumerate(SnowWork._fields):
        shape = (layers, columns) if position < _LAYERED else (columns,)
        arrays[name] = np.zeros(shape)
    arrays["grid"] = np.zeros(layers)
    arrays["column"] = np.zeros((3, layers))
    return SnowWork(**arrays)


def snow_weather(columns: int) -> SnowWeather:
    """Zero-filled weather of up to `columns` snow columns."""
    return SnowWeather(*(np.zeros(columns) for _ in SnowWeather._fields))


def snow_surface(columns: int) -> SnowSurface:
    """Zero-filled surface of up to `columns` snow columns."""
    return SnowSurface(*(np.zeros(columns) for _ in SnowSurface._fields))


def snow_fluxes(columns: int) -> SnowFluxes:
    """Zero-filled fluxes of up to `columns` snow columns."""
    return SnowFluxes(*(np.zeros(columns) for _ in SnowFluxes._fields))


def snow_pack(layers: int, columns: int) -> SnowPack:
    """An empty pack for up to `columns` snow columns."""
    swe, density, enthalpy, age = (np.zeros((layers, columns)) for _ in range(4))
    density[:] = 50.0
    return SnowPack(swe, density, enthalpy, age, np.zeros(columns))


@kernel
def find_snow(swe, snowfall, index):
    """Write the columns with snow on the ground or falling to `index` and return their number."""
    count = 0
    any_snow = 0
    for i in range(snowfall.shape[0]):
        any_snow |= snowfall[i] > 0.0
    for k in range(swe.shape[0]):
        for i in range(snowfall.shape[0]):
            any_snow |= swe[k, i] > 0.0
    if not any_snow:
        return count
    for i in range(snowfall.shape[0]):
        mass = snowfall[i]
        for k in range(swe.shape[0]):
            mass += swe[k, i]
        if mass > 0.0:
            index[count] = i
            count += 1
    return count


@kernel
def leading_run(index, count):
    """`count` where these columns of `index` follow each other without gap, else 0: rows of a run are just copied."""
    return count if count > 0 and index[count - 1] - index[0] == count - 1 else 0


@kernel
def gather(source, index, run, count, target):
    """target[:count] = source[index[:count]] of one row, the first `run` columns being neighbours."""
    neighbours = source[index[0] :]
    for m in range(run):
        target[m] = neighbours[m]
    for m in columns(run, count):
        target[m] = source[index[m]]


@kernel
def scatter(source, index, run, count, target):
    """target[index[:count]] = source[:count] of one row, the first `run` columns being neighbours."""
    neighbours = target[index[0] :]
    for m in range(run):
        neighbours[m] = source[m]
    for m in columns(run, count):
        target[index[m]] = source[m]


@kernel
def gather_layers(source, index, run, count, target):
    """`gather` of every row of (layer, column) arrays."""
    for k in range(source.shape[0]):
        gather(source[k], index, run, count, target[k])


@kernel
def scatter_layers(source, index, run, count, target):
    """`scatter` of every row of (layer, column) arrays."""
    for k in range(source.shape[0]):
        scatter(source[k], index, run, count, target[k])


@kernel
def advance_snow(weather, surface, pack, work, fluxes, count, time_step, z_t, z_u):
    """Advance the first `count` columns of `pack` by `time_step` (s) and fill `fluxes`.

    `z_t` and `z_u` (m) are the heights of the weather. A column without snow and snowfall stays as it is and gets
    zero fluxes.
    """
    open_pack(weather, pack, work, count, time_step)
    start_albedo(weather, surface, pack, work, count)
    add_snowfall(weather, surface, pack, work, count, time_step)
    regrid(pack, work, count)
    diagnose_layers(pack, work, count)
    compact(pack, work, count, time_step)
    drift(weather, surface, pack, work, count, time_step)
    transmit_sunlight(weather, surface, pack, work, count)
    balance_surface(weather, surface, pack, work, fluxes, count, time_step, z_t, z_u)
    conduct_heat(surface, pack, work, count, time_step)
    find_melted_packs(work, count, time_step)
    melt(pack, work, count)
    percolate(weather, surface, pack, work, fluxes, count, time_step)
    sublimate(weather, surface, pack, work, fluxes, count, time_step)
    refresh_albedo(weather, surface, pack, count)
    close_pack(pack, work, fluxes, count, time_step)
    remove_traces(weather, surface, pack, work, fluxes, count, time_step)
