"""Memory of a block of columns: constants, work arrays, views of state and diagnostics (kernel document §§2, 5)."""

from typing import NamedTuple

import numpy as np

from ldas.model.biomass import BiomassParameters, biomass_parameters
from ldas.model.canopy_radiation import CanopyOptics, canopy_optics
from ldas.model.constants import R_S_MAX, SOIL_LAYERS, T_T
from ldas.model.energy import Budget, SurfaceFluxes
from ldas.model.exchange import Exchange
from ldas.model.kernel import helper
from ldas.model.leaf import LeafParameters, leaf_parameters
from ldas.model.options import ModelOptions
from ldas.model.outputs import DIAGNOSTICS, LAYERED, Diagnostics, rows_of
from ldas.model.parameters import Parameters
from ldas.model.photosynthesis import CanopyFluxes, CanopyScratch, canopy_scratch
from ldas.model.respiration import (
    RespirationFluxes,
    RespirationParameters,
    TopsoilWeights,
    respiration_parameters,
    topsoil_weights,
)
from ldas.model.runoff import RunoffParameters, runoff_parameters
from ldas.model.snow import (
    SnowFluxes,
    SnowPack,
    SnowSurface,
    SnowWeather,
    SnowWork,
    snow_fluxes,
    snow_pack,
    snow_surface,
    snow_weather,
    snow_work,
)
from ldas.model.snow_cover import SnowCover
from ldas.model.soil import SoilGrid, SoilParameters, soil_grid, soil_parameters
from ldas.model.soil_heat import SoilHeat
from ldas.model.soil_water import SoilWater
from ldas.model.surface_fields import SurfaceFields, SurfaceParameters, surface_parameters
from ldas.model.weather import Place, Weather, place_of


class StateView(NamedTuple):
    """The state of a member as views of its rows, in the order of `State.names()`."""

    tg: np.ndarray
    wg: np.ndarray
    wgi: np.ndarray
    wr: np.ndarray
    resa: np.ndarray
    le: np.ndarray
    snow_swe: np.ndarray
    snow_density: np.ndarray
    snow_enthalpy: np.ndarray
    snow_age: np.ndarray
    snow_albedo: np.ndarray
    lai: np.ndarray
    biomass_leaf: np.ndarray
    biomass_structural: np.ndarray
    biomass_deep: np.ndarray
    assimilation_day: np.ndarray
    assimilation_max: np.ndarray
    respiration_structural: np.ndarray
    respiration_deep: np.ndarray
    assimilation_reference: np.ndarray
    leaf_nitrogen: np.ndarray


@helper
def view_state(rows, n):
    """The `StateView` of `rows` (row, column), with `n` snow layers."""
    soil = SOIL_LAYERS
    s = 3 * soil + 3
    v = s + 4 * n
    return StateView(
        rows[0:soil],
        rows[soil : 2 * soil],
        rows[2 * soil : 3 * soil],
        rows[3 * soil],
        rows[3 * soil + 1],
        rows[3 * soil + 2],
        rows[s : s + n],
        rows[s + n : s + 2 * n],
        rows[s + 2 * n : s + 3 * n],
        rows[s + 3 * n : s + 4 * n],
        rows[v],
        rows[v + 1],
        rows[v + 2],
        rows[v + 3],
        rows[v + 4],
        rows[v + 5],
        rows[v + 6],
        rows[v + 7],
        rows[v + 8],
        rows[v + 9],
        rows[v + 10],
    )


SURFACE_ROWS = len(SurfaceFields._fields) + len(Exchange._fields)
"""Rows of what follows from a member's LAI and snow, and lasts from one step to the next."""


@helper
def view_surface(rows):
    """The `SurfaceFields` of a member as views of its first rows."""
    return SurfaceFields(rows[0], rows[1], rows[2], rows[3], rows[4], rows[5])


@helper
def view_exchange(rows):
    """The `Exchange` of a member as views of its last rows."""
    return Exchange(rows[6], rows[7], rows[8], rows[9])


class SnowParameters(NamedTuple):
    """Constants that the snow scheme sees, float64 (column,)."""

    forest: np.ndarray  # f_for
    permanent: np.ndarray  # f_g
    soil_top: np.ndarray  # d_1, m


class BlockParameters(NamedTuple):
    """Constants of a block of columns."""

    grid: SoilGrid
    soil: SoilParameters
    root_fraction: np.ndarray
    c_v: np.ndarray
    c_wr: np.ndarray
    snow: SnowParameters
    w_sat_top: np.ndarray
    any_vegetated: bool
    any_sown: bool
    place: Place
    runoff: RunoffParameters
    surface: SurfaceParameters
    leaf: LeafParameters
    optics: CanopyOptics
    biomass: BiomassParameters
    respiration: RespirationParameters
    weights: TopsoilWeights


class StepOptions(NamedTuple):
    """`ModelOptions` and what follows from them, as the compiled step takes them."""

    time_step: float
    energy_substeps: int
    water_substeps: int
    dt92: bool
    dt92_b: float
    horton: bool
    multilayer: bool
    prm: bool
    dilution: bool
    evolving_albedo: bool
    consistent: bool
    by_zenith: bool
    z_t: float
    z_u: float
    diagnostics: bool  # whether any output is wanted


class Workspace(NamedTuple):
    """Work arrays of a block; several of them are rows of `rows`, the diagnostics."""

    rows: np.ndarray  # (diagnostic row, column)
    out: Diagnostics
    before: np.ndarray  # weather records (field, column)
    after: np.ndarray
    sun_mean: np.ndarray
    weather: Weather
    cover: SnowCover
    albedo_snow: np.ndarray
    heat: SoilHeat
    f2_layer: np.ndarray
    f2: np.ndarray
    wr_max: np.ndarray
    delta: np.ndarray
    deficit: np.ndarray
    exposed: np.ndarray
    canopy: CanopyFluxes
    canopy_work: CanopyScratch
    base_flux: np.ndarray
    budget: Budget
    fluxes: SurfaceFluxes
    tg_start: np.ndarray
    supply: np.ndarray
    overflow: np.ndarray
    drained: np.ndarray
    extraction: np.ndarray
    evaporation: np.ndarray
    sublimation: np.ndarray
    mean_water: np.ndarray
    excess: np.ndarray
    water: SoilWater
    respiration: RespirationFluxes
    t_1m: np.ndarray
    moisture: np.ndarray
    storage_start: np.ndarray
    storage: np.ndarray
    snow: SnowFluxes  # on all columns
    snow_index: np.ndarray
    snow_seen: np.ndarray  # (1,) 1 when `snow` holds something else than a snow-free step
    snow_weather: SnowWeather  # dense, as the five below
    snow_surface: SnowSurface
    snow_pack: SnowPack
    snow_work: SnowWork
    snow_fluxes: SnowFluxes


def block_parameters(parameters: Parameters, options: ModelOptions) -> BlockParameters:
    """Constants of the block whose columns are those of `parameters`; they share the soil grid."""
    p = parameters
    return BlockParameters(
        grid=soil_grid(p),
        soil=soil_parameters(p),
        root_fraction=p.root_fraction,
        c_v=p.c_v,
        c_wr=p.c_wr,
        snow=SnowParameters(p.forest_fraction, p.permanent_snow, p.layer_bottom[0].copy()),
        w_sat_top=p.w_sat[0].copy(),
        any_vegetated=bool(p.vegetated.any()),
        any_sown=bool(p.sowing_day.any()),
        place=place_of(p.latitude, p.longitude),
        runoff=runoff_parameters(p),
        surface=surface_parameters(p),
        leaf=leaf_parameters(p),
        optics=canopy_optics(p, p.albedo_vis_veg, p.albedo_vis_soil),
        biomass=biomass_parameters(p, options.canopy_radiation == "multilayer"),
        respiration=respiration_parameters(p),
        weights=topsoil_weights(p),
    )


def step_options(options: ModelOptions, z_t: float, z_u: float, diagnostics: bool) -> StepOptions:
    """The scalars of `options`, with the substeps of the energy budget and of the soil water (§§4.8, 4.12)."""
    step = options.time_step
    return StepOptions(
        time_step=step,
        energy_substeps=max(1, round(step / 300.0)),
        water_substeps=1 if step < 900.0 else max(2, round(step / 900.0)),
        dt92=options.runoff == "DT92",
        dt92_b=options.dt92_b,
        horton=options.horton,
        multilayer=options.canopy_radiation == "multilayer",
        prm=options.respiration == "PRM",
        dilution=options.nitrogen_dilution,
        evolving_albedo=options.soil_albedo == "EVOL",
        consistent=options.energy_closure == "consistent",
        by_zenith=options.shortwave_interpolation == "zenith",
        z_t=z_t,
        z_u=z_u,
        diagnostics=diagnostics,
    )


def make_workspace(columns: int, snow_layers: int, grid: SoilGrid, fields: int) -> Workspace:
    """Zero-filled memory of a block, for weather records of `fields` fields."""

    def row() -> np.ndarray:
        return np.zeros(columns)

    def layers(n: int = SOIL_LAYERS) -> np.ndarray:
        return np.zeros((n, columns))

    places = rows_of(snow_layers)
    first = places[DIAGNOSTICS[0]].start
    rows = np.zeros((places[DIAGNOSTICS[-1]].stop - first, columns))
    views = {}
    for name in DIAGNOSTICS:
        start, stop = places[name].start - first, places[name].stop - first
        views[name] = rows[start:stop] if name in LAYERED else rows[start]
    out = Diagnostics(**views)
    canopy = CanopyFluxes(out.canopy_resistance, out.net_assimilation, out.gpp, out.leaf_respiration, out.fapar)
    canopy.r_s[:] = R_S_MAX
    snow = snow_fluxes(columns)
    snow.temperature[:] = T_T
    budget = {name: row() for name in Budget._fields}
    budget["ratio"] = layers()
    budget["hu"], budget["h_v"] = out.soil_humidity, out.halstead
    water = {name: layers() for name in SoilWater._fields}
    for name in ("near_x", "near_ratio", "flux", "slope_upper", "slope_lower", "carry", "deficit"):
        water[name] = row()
    weather = {name: row() for name in Weather._fields}
    weather.update(t_a=out.tair, q_a=out.qair, p_s=out.psurf, rain=out.rainf, snow=out.snowf, sw=out.swdown)
    weather.update(lw=out.lwdown, wind=out.wind, rho=out.air_density, zenith=out.zenith)
    return Workspace(
        rows=rows,
        out=out,
        before=layers(fields),
        after=layers(fields),
        sun_mean=row(),
        weather=Weather(**weather),
        cover=SnowCover(out.snow_fraction, out.snow_fraction_ground, out.snow_fraction_vegetation, row(), row()),
        albedo_snow=row(),
        heat=SoilHeat(out.soil_conductivity, out.soil_heat_capacity, out.c_g, out.c_t, out.frozen_surface, row()),
        f2_layer=layers(),
        f2=out.water_stress,
        wr_max=out.interception_capacity,
        delta=out.wet_fraction,
        deficit=row(),
        exposed=row(),
        canopy=canopy,
        canopy_work=canopy_scratch(columns),
        base_flux=layers(int(np.count_nonzero(grid.correction_depth))),
        budget=Budget(**budget),
        fluxes=SurfaceFluxes(row(), row(), out.le_soil, out.le_ice, row(), out.le_transpiration),
        tg_start=layers(),
        supply=row(),
        overflow=row(),
        drained=row(),
        extraction=row(),
        evaporation=row(),
        sublimation=row(),
        mean_water=row(),
        excess=row(),
        water=SoilWater(**water),
        respiration=RespirationFluxes(row(), row(), out.ecosystem_respiration),
        t_1m=row(),
        moisture=row(),
        storage_start=row(),
        storage=row(),
        snow=snow,
        snow_index=np.zeros(columns, dtype=np.int64),
        snow_seen=np.zeros(1, dtype=np.int64),
        snow_weather=snow_weather(columns),
        snow_surface=snow_surface(columns),
        snow_pack=snow_pack(snow_layers, columns),
        snow_work=snow_work(snow_layers, columns),
        snow_fluxes=snow_fluxes(columns),
    )
