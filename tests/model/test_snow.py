"""Explicit snow: worked numbers of the energy document (§9.2), conservation and bounds over wide ranges."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ldas.model import snow
from ldas.model.constants import C_I, C_PD, GRAVITY, L_F, P_00, R_D, R_V, T_T
from ldas.model.exchange import Exchange, prepare_exchange
from ldas.model.snow_heat import snow_conductivity
from ldas.model.snow_layers import fill_grid, regrid, thicken_first_layer
from ldas.model.snow_optics import broadband, optical_diameter, spectral_albedo
from ldas.model.snow_water import sublimate

Z_T, Z_U = 2.0, 10.0
COLUMNS = 8


@pytest.mark.parametrize(
    ("density", "age", "bands", "mean"),
    [
        (100.0, 0.0, (0.92000, 0.69862, 0.51671), 0.84125),
        (200.0, 5.0, (0.90123, 0.52721, 0.30079), 0.77465),
        (300.0, 30.0, (0.78030, 0.30000, 0.13251), 0.62762),
    ],
)
def test_albedo_of_the_document(density, age, bands, mean):
    found = spectral_albedo(optical_diameter(density, age, 0.0), age, 98000.0, 0.0)
    assert found == pytest.approx(bands, abs=5e-6)
    assert broadband(*found) == pytest.approx(mean, abs=5e-6)


@pytest.mark.parametrize(("density", "expected"), [(100.0, 0.064467), (200.0, 0.142920), (300.0, 0.266058)])
def test_conductivity_of_the_document(density, expected):
    assert snow_conductivity(density, 263.15, 98000.0) == pytest.approx(expected, abs=5e-7)


def test_twelve_layer_grid_of_the_document():
    grid = np.zeros(12)
    fill_grid(1.0, grid)
    expected = [0.01, 0.05, 0.08333, 0.08333, 0.08333, 0.126, 0.168, 0.126, 0.08333, 0.08333, 0.08333, 0.02]
    assert grid == pytest.approx(expected, abs=5e-6)


@given(st.sampled_from([3, 12]), st.floats(1e-6, 60.0))
def test_grid_fills_the_depth(layers, depth):
    grid = np.zeros(layers)
    fill_grid(depth, grid)
    assert grid.sum() == pytest.approx(depth, rel=1e-12)
    assert (grid > 0.0).all()


def weather_of(unit: np.ndarray, tair=(230.0, 290.0), sw=1000.0, snowfall=3e-3, rain=3e-3) -> snow.SnowWeather:
    """Weather from numbers in [0, 1], rows of (9, column)."""
    t = tair[0] + (tair[1] - tair[0]) * unit[0]
    p = 6.0e4 + 4.3e4 * unit[1]
    q = 1e-4 + 8e-3 * unit[2]
    density = p / (R_D * t * (1.0 + (R_V / R_D - 1.0) * q) + GRAVITY * Z_T)
    wind = 20.0 * unit[3]
    return snow.SnowWeather(
        sw=sw * unit[4],
        lw=120.0 + 280.0 * unit[5],
        tair=t,
        qair=q,
        psurf=p,
        air_density=density,
        exner_surface=(p / P_00) ** (R_D / C_PD),
        exner_air=((p - density * GRAVITY * Z_T) / P_00) ** (R_D / C_PD),
        wind=wind,
        wind_exchange=np.maximum(wind, 1.0),
        rain=np.where(unit[6] > 0.5, rain * (2.0 * unit[6] - 1.0), 0.0),
        snow=np.where(unit[7] > 0.5, snowfall * (2.0 * unit[7] - 1.0), 0.0),
        cos_zenith=0.01 + 0.9 * unit[8],
    )


def surface_of(unit: np.ndarray, covered: np.ndarray) -> snow.SnowSurface:
    """Ground and patch from numbers in [0, 1], rows of (6, column); no snow fraction where not `covered`."""
    columns = unit.shape[1]
    p_sn = np.where(covered, np.maximum(0.01, unit[0]), 0.0)
    exchange = Exchange(*(np.zeros(columns) for _ in Exchange._fields))
    prepare_exchange(0.001 + unit[1], p_sn, Z_T, Z_U, exchange)
    return snow.SnowSurface(
        soil_temperature=250.0 + 40.0 * unit[2],
        soil_conductivity=0.2 + 3.0 * unit[3],
        soil_thickness=np.full(columns, 0.01),
        z0_effective=exchange.z0_effective,
        z0h_effective=exchange.z0h_effective,
        neutral=exchange.neutral,
        unstable=exchange.unstable,
        albedo_free=0.1 + 0.2 * unit[4],
        p_sn=p_sn,
        forest=unit[5],
        permanent=np.where(unit[4] > 0.8, 1.0, 0.0),
    )


def pack_of(unit: np.ndarray, layers: int, warmest: float = T_T) -> snow.SnowPack:
    """A pack from numbers in [0, 1], rows of (4, column): from nothing to 3 m, cold or wet at the melting point."""
    columns = unit.shape[1]
    pack = snow.snow_pack(layers, columns)
    depth = np.where(unit[0] < 0.1, 0.0, 10.0 ** (-5.0 + 5.5 * unit[0]))
    for k in range(layers):
        density = 60.0 + (400.0 + 10.0 * k) * unit[1]
        temperature = warmest - 25.0 * np.maximum(0.0, unit[2] - 0.3) / (1.0 + k)
        wetness = 0.03 * unit[3] * (temperature >= T_T)
        pack.density[k] = np.where(depth > 0.0, density, 50.0)
        pack.swe[k] = density * depth / layers
        enthalpy = density * (C_I * (temperature - T_T) - L_F * (1.0 - wetness))
        pack.enthalpy[k] = np.where(depth > 0.0, enthalpy, 0.0)
        pack.age[k] = np.where(depth > 0.0, 30.0 * unit[3], 0.0)
    pack.albedo[:] = np.where(depth > 0.0, 0.5 + 0.4 * unit[3], 0.0)
    return pack


def unit_numbers(rows: int):
    return arrays(float, (rows, COLUMNS), elements=st.floats(0.0, 1.0, width=32))


def advance(weather, surface, pack, time_step, layers):
    fluxes = snow.snow_fluxes(COLUMNS)
    snow.advance_snow(weather, surface, pack, snow.snow_work(layers, COLUMNS), fluxes, COLUMNS, time_step, Z_T, Z_U)
    return fluxes


def temperatures(pack):
    """Layer temperatures (K) of the state, capped as equation (D)."""
    return np.minimum(T_T, T_T + (pack.enthalpy + L_F * pack.density) / (C_I * pack.density))


def heat(pack):
    return (pack.enthalpy * pack.swe / pack.density).sum(axis=0)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([3, 12]), unit_numbers(9), unit_numbers(6), unit_numbers(4), st.sampled_from([300.0, 900.0]))
def test_mass_bounds_and_finite_numbers(layers, air, ground, snow_cover, time_step):
    pack = pack_of(snow_cover, layers)
    weather = weather_of(air)
    for _ in range(4):
        before = pack.swe.sum(axis=0)
        surface = surface_of(ground, before > 0.0)
        fluxes = advance(weather, surface, pack, time_step, layers)
        for value in (*pack, *fluxes):
            assert np.isfinite(value).all()
        covered = pack.swe.sum(axis=0) > 0.0
        supply = weather.snow + surface.p_sn * (weather.rain - fluxes.evaporation) + fluxes.deficit
        after = before + time_step * (supply - fluxes.outflow)
        clipped = ~covered & (fluxes.outflow == 0.0)
        assert np.where(clipped, 0.0, pack.swe.sum(axis=0) - after) == pytest.approx(0.0, abs=1e-9)
        assert (pack.swe >= 0.0).all()
        assert (pack.density >= 50.0 * (1.0 - 1e-12)).all()
        assert (pack.density <= 1000.0 * (1.0 + 1e-9)).all()
        assert (temperatures(pack)[:, covered] <= T_T).all()
        assert (fluxes.temperature <= T_T).all()
        assert (fluxes.outflow >= 0.0).all()
        assert (fluxes.deficit >= 0.0).all()
        assert ((pack.albedo >= 0.0) & (pack.albedo <= 1.0)).all()


@settings(max_examples=80, deadline=None)
@given(st.sampled_from([3, 12]), unit_numbers(9), unit_numbers(6), unit_numbers(4))
def test_energy_of_cold_packs(layers, air, ground, snow_cover):
    """Σ(H+ - H)/Δt = snowfall enthalpy + G - G_gn - F_cor, to rounding (§7.2)."""
    time_step = 300.0
    snow_cover[0] = 0.7 + 0.3 * snow_cover[0]
    pack = pack_of(snow_cover, layers, warmest=255.0)
    weather = weather_of(air, tair=(240.0, 255.0), sw=50.0, rain=0.0)
    surface = surface_of(ground, np.ones(COLUMNS, dtype=bool))._replace(soil_temperature=250.0 + 10.0 * ground[2])
    before, top = heat(pack), temperatures(pack)[0]
    fluxes = advance(weather, surface, pack, time_step, layers)
    gained = (heat(pack) - before) / time_step
    budget = fluxes.rnet - fluxes.sensible - fluxes.latent
    snowfall = weather.snow * (C_I * (top - T_T) - L_F)
    scale = 1.0 + np.abs(before) / time_step
    assert np.abs(gained - (snowfall + budget - fluxes.ground - fluxes.correction)) / scale == pytest.approx(
        0.0, abs=1e-12
    )


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([3, 12]), st.lists(st.floats(1e-3, 0.5), min_size=12, max_size=12), unit_numbers(1))
def test_regridding_conserves(layers, thicknesses, unit):
    pack, work = snow.snow_pack(layers, 1), snow.snow_work(layers, 1)
    work.thickness[:, 0] = thicknesses[:layers]
    pack.density[:, 0] = 100.0 + 300.0 * np.resize(unit[0], layers)
    pack.age[:, 0] = np.arange(layers)
    work.heat[:, 0] = -np.linspace(1e4, 1e6, layers)
    mass, energy = (pack.density * work.thickness).sum(), work.heat.sum()
    aged = (pack.density * work.thickness * pack.age).sum()
    depth = work.thickness.sum()
    regrid(pack, work, 1)
    assert work.thickness.sum() == pytest.approx(depth, rel=1e-12)
    assert (pack.density * work.thickness).sum() == pytest.approx(mass, rel=1e-12)
    assert work.heat.sum() == pytest.approx(energy, rel=1e-12)
    if depth >= 0.03:
        assert (pack.density * work.thickness * pack.age).sum() == pytest.approx(aged, rel=1e-12)


def test_bare_columns_stay_bare():
    unit = np.full((9, COLUMNS), 0.3)
    pack = snow.snow_pack(12, COLUMNS)
    fluxes = advance(weather_of(unit), surface_of(unit[:6], np.zeros(COLUMNS, bool)), pack, 300.0, 12)
    for name, value in zip(fluxes._fields, fluxes, strict=True):
        if name not in ("humidity", "temperature"):
            assert not value.any(), name
    assert not pack.swe.any() and not pack.enthalpy.any()


def test_melting_pack_gives_all_its_water():
    unit = np.ones((9, COLUMNS))
    unit[6:8] = 0.0
    snow_cover = np.tile([[0.4], [0.5], [0.0], [0.5]], COLUMNS)
    pack = pack_of(snow_cover, 12)
    mass = pack.swe.sum(axis=0)
    surface = surface_of(np.full((6, COLUMNS), 0.5), np.ones(COLUMNS, bool))
    gone, lost = 0.0, 0.0
    for _ in range(200):
        fluxes = advance(weather_of(unit), surface, pack, 300.0, 12)
        gone += 300.0 * fluxes.outflow
        lost += 300.0 * (surface.p_sn * fluxes.evaporation - fluxes.deficit)
        if not pack.swe.any():
            break
        surface = surface_of(np.full((6, COLUMNS), 0.5), pack.swe.sum(axis=0) > 0.0)
    assert not pack.swe.any()
    assert gone + lost == pytest.approx(mass, abs=1e-9)


@pytest.mark.parametrize(("place", "found", "run"), [(3, [1, 3], 0), (2, [1, 2], 2)])
def test_gathering_is_undone_by_scattering(place, found, run):
    snowfall = np.array([0.0, 1e-5, 0.0, 0.0])
    swe = np.zeros((12, 4))
    swe[:, place] = np.arange(1.0, 13.0)
    index = np.zeros(4, dtype=np.int64)
    count = snow.find_snow(swe, snowfall, index)
    assert index[:count].tolist() == found
    assert snow.leading_run(index, count) == run
    dense, back = np.zeros((12, 4)), np.zeros((12, 4))
    snow.gather_layers(swe, index, run, count, dense)
    assert (dense[:, :count] == swe[:, found]).all()
    snow.scatter_layers(dense, index, run, count, back)
    assert (back == swe).all()


def test_number_of_columns_together_changes_no_bit():
    random = np.random.default_rng(7)
    air, ground, cover = random.random((9, COLUMNS)), random.random((6, COLUMNS)), random.random((4, COLUMNS))
    together = pack_of(cover, 12)
    weather, surface = weather_of(air), surface_of(ground, together.swe.sum(axis=0) > 0.0)
    advance(weather, surface, together, 300.0, 12)
    for i in range(COLUMNS):
        alone = pack_of(cover[:, [i]], 12)
        one_weather = snow.SnowWeather(*(value[[i]] for value in weather))
        one_surface = snow.SnowSurface(*(value[[i]] for value in surface))
        snow.advance_snow(
            one_weather, one_surface, alone, snow.snow_work(12, 1), snow.snow_fluxes(1), 1, 300.0, Z_T, Z_U
        )
        assert (alone.swe[:, 0] == together.swe[:, i]).all()
        assert (alone.enthalpy[:, 0] == together.enthalpy[:, i]).all()


def thin_pack(layers: int, thickness: float, temperature: float) -> tuple[snow.SnowPack, snow.SnowWork]:
    """One dry column of equal layers of 150 kg m-3."""
    pack, work = snow.snow_pack(layers, 1), snow.snow_work(layers, 1)
    pack.density[:] = 150.0
    work.thickness[:] = thickness
    work.temperature[:] = temperature
    work.heat[:] = 150.0 * thickness * (C_I * (temperature - T_T) - L_F)
    work.swe_start[:] = 150.0 * thickness * layers
    return pack, work


@pytest.mark.parametrize(("thickness", "temperature"), [(5e-5, T_T), (2e-4, 268.0)])
def test_snow_falls_on_a_tenth_of_a_millimetre_at_least(thickness, temperature):
    pack, work = thin_pack(12, thickness, 268.0)
    air, before = weather_of(np.full((9, 1), 0.75)), work.heat[0, 0]
    thicken_first_layer(air, pack, work, 1, 300.0)
    fallen = air.snow[0] * 300.0
    assert fallen > 0.0
    assert work.heat[0, 0] - before == pytest.approx(fallen * (C_I * (temperature - T_T) - L_F), rel=1e-12)


def test_a_thin_first_layer_melts_at_the_cost_of_the_others():
    """With a pack deeper than 1e-4 m no enthalpy is made; the layer of 5e-5 m is left with water."""
    pack, work = thin_pack(12, 5e-5, 272.0)
    air, ground, fluxes = weather_of(np.full((9, 1), 0.75)), snow.snow_surface(1), snow.snow_fluxes(1)
    before = work.heat.sum()
    sublimate(air, ground, pack, work, fluxes, 1, 300.0)
    assert work.liquid[0, 0] > 0.3 * 150.0 * 5e-5 / 1000.0
    assert work.liquid[1:].max() == 0.0
    assert work.heat.sum() == pytest.approx(before, rel=1e-12)
