"""The whole-step vectors of the energy document §9.3, to the printed digits."""

import numpy as np
import pytest

from ldas.model.derive import derive_parameters
from ldas.model.options import ModelOptions
from ldas.model.snow_layers import layer_temperature
from ldas.model.state import State
from tests.model.block_case import BlockCase

OPTIONS = ModelOptions(time_step=900.0, runoff="WSAT", snow_layers=12)


def start(temperature: float, wetness: float, lai: float, z0: float) -> BlockCase:
    """The common column: loam, grass on N = 9 layers, uniform temperature (K) and soil wetness index."""
    parameters = derive_parameters(
        *(np.array([value]) for value in (10, 43.6, 1.4, 0.40, 0.20)),
        OPTIONS,
        overrides={
            "soil_depth": 1.5,
            "root_depth": 1.5,
            "root_beta": 0.943,
            "root_linear": 0.05,
            "height": z0 / 0.13,
            "height_rule": 0,
            "albedo_nir_veg": 0.2,
            "albedo_vis_veg": 0.2,
            "albedo_nir_soil": 0.2,
            "albedo_vis_soil": 0.2,
        },
    )
    assert parameters.n_water[0] == 9
    state = State.empty(1, 12)
    state.tg[:] = temperature
    state.wg[:] = parameters.w_wilt + wetness * (parameters.w_fc - parameters.w_wilt)
    state.resa[:] = 100.0
    state.lai[:] = lai
    return BlockCase(parameters, state, OPTIONS)


def rounds_to(found: np.ndarray | float, printed: str) -> None:
    """Each value rounds to the printed one."""
    values = np.atleast_1d(found)
    texts = printed.split()
    assert len(values) == len(texts)
    for value, text in zip(values, texts, strict=True):
        mantissa, _, exponent = text.partition("e")
        digits = len(mantissa.partition(".")[2])
        half = 0.5 * 10.0 ** (int(exponent or 0) - digits)
        assert value == pytest.approx(float(text), abs=1.001 * half), (values, printed)


def drainage(case: BlockCase) -> float:
    return float(case.work.out.drainage[0])


def snow_temperature(case: BlockCase) -> float:
    state = case.state
    density = state.snow_density[0, 0]
    return float(layer_temperature.py_func(state.snow_enthalpy[0, 0], 1.0, density))


def test_dry_day() -> None:
    case = start(288.15, 0.5, 2.0, 0.043)
    weather = {"tair": 293.15, "qair": 0.009, "psurf": 98500.0, "wind": 3.0, "swdown": 500.0, "lwdown": 350.0}
    case.advance(1, 120.0, **weather)
    rounds_to(case.state.tg[:5, 0], "294.8395 290.9356 288.4611 288.1608 288.1501")
    rounds_to(case.state.wg[:5, 0], ".245483 .245773 .245851 .245897 .245940")
    fluxes = case.work.fluxes
    rounds_to(fluxes.rn, "327.931")
    rounds_to(fluxes.h, "26.3707")
    rounds_to(fluxes.le_g, "11.391")
    rounds_to(fluxes.le_tr, "90.4003")
    rounds_to(case.state.resa, "41.0439")
    rounds_to(drainage(case), "5.55819e-7")
    case.advance(3, 120.0, **weather)
    rounds_to(case.state.tg[:5, 0], "295.7211 293.6646 290.0673 288.3608 288.1551")
    rounds_to(case.state.wg[:5, 0], ".243753 .244605 .245228 .245526 .245778")
    rounds_to(fluxes.rn, "319.200")
    rounds_to(fluxes.h, "83.0964")
    rounds_to(fluxes.le_g, "23.6860")
    rounds_to(fluxes.le_tr, "146.942")


def test_rain() -> None:
    case = start(288.15, 0.5, 2.0, 0.043)
    weather = {
        "tair": 287.15,
        "qair": 0.0095,
        "psurf": 98500.0,
        "wind": 4.0,
        "swdown": 50.0,
        "lwdown": 360.0,
        "rainf": 5.0 / 3600.0,
    }
    case.advance(1, 120.0, **weather)
    fluxes = case.work.fluxes
    rounds_to(case.state.tg[:3, 0], "287.5431 287.9058 288.1234")
    rounds_to(case.state.wg[:4, 0], ".276806 .263495 .246518 .245965")
    rounds_to(case.state.wr, ".38")
    rounds_to(fluxes.rn, "12.785")
    rounds_to(fluxes.h, "13.8103")
    rounds_to(fluxes.le_g, "0")
    rounds_to(fluxes.le_tr, "16.6786")
    rounds_to(case.state.resa, "42.3668")
    case.advance(3, 120.0, **weather)
    rounds_to(case.state.tg[:3, 0], "287.0289 287.3441 287.8878")
    rounds_to(case.state.wg[:4, 0], ".317209 .321644 .271246 .246749")
    rounds_to(fluxes.le_v - fluxes.le_tr, "29.2213")
    rounds_to(fluxes.h, "-2.94767")
    rounds_to(fluxes.le_g, "1.30905")


def test_frost() -> None:
    case = start(272.5, 0.8, 1.0, 0.022)
    weather = {
        "tair": 266.15,
        "qair": 0.0018,
        "psurf": 98500.0,
        "wind": 3.0,
        "swdown": 0.0,
        "lwdown": 220.0,
        "zenith": 2.0,
    }
    case.advance(1, 5000.0, **weather)
    rounds_to(case.state.tg[:5, 0], "268.4909 271.0829 272.4660 272.6275 272.6331")
    rounds_to(case.state.wg[:4, 0], ".287442 .289889 .292600 .292974")
    rounds_to(case.state.wgi[:4, 0], ".006585 .003862 .001244 .000939")
    rounds_to(case.work.fluxes.rn, "-71.3269")
    rounds_to(case.work.fluxes.h, "70.3570")
    case.advance(7, 5000.0, **weather)
    rounds_to(case.state.tg[:5, 0], "267.7906 269.7096 271.8499 272.8539 273.0239")
    rounds_to(case.state.wg[:4, 0], ".240129 .250253 .276674 .287942")
    rounds_to(case.state.wgi[:4, 0], ".059010 .046525 .015743 .005061")


def test_snowfall() -> None:
    case = start(272.5, 0.8, 1.0, 0.022)
    weather = {
        "tair": 270.15,
        "qair": 0.0026,
        "psurf": 98500.0,
        "wind": 4.0,
        "swdown": 20.0,
        "lwdown": 280.0,
        "snowf": 1.0 / 3600.0,
        "zenith": 1.4,
    }
    state = case.state
    case.advance(1, 5000.0, **weather)
    rounds_to(state.snow_swe.sum(), ".25")
    rounds_to(state.snow_swe[0] / state.snow_density[0], "1.45749e-4")
    rounds_to(snow_temperature(case), "270.931")
    rounds_to(state.snow_albedo, ".834805")
    rounds_to(state.tg[:3, 0], "271.3487 272.1631 272.5827")
    case.advance(1, 5000.0, **weather)
    rounds_to(state.snow_swe.sum(), ".499785")
    rounds_to(case.work.cover.p_sn, ".0236132")
    rounds_to(case.work.snow.ground, "-42.5866")
    rounds_to(case.work.snow.latent, "28.6171")
    rounds_to(snow_temperature(case), "269.213")
    rounds_to(state.tg[0], "271.2380")
    case.advance(6, 5000.0, **weather)
    rounds_to(state.snow_swe.sum(), "1.99723")
    rounds_to(state.snow_swe[0] / state.snow_density[0], "1.16073e-3")
    rounds_to(snow_temperature(case), "268.936")
    rounds_to(case.work.cover.p_sn, ".145025")
    rounds_to(state.snow_albedo, ".834146")
    rounds_to(state.tg[:4, 0], "271.2724 271.9362 272.6486 272.9740")
    rounds_to(state.wg[:3, 0], ".274435 .277267 .285485")
    rounds_to(state.wgi[:3, 0], ".021222 .017523 .007535")
