"""The first state: pools of §8.4, water from the soil wetness index, frost, and packs on permanent snow."""

import numpy as np
import pytest

from ldas.errors import InputError
from ldas.model.biomass import leaf_mass_per_area
from ldas.model.cold_start import PERMANENT_SNOW_SWE, cold_start
from ldas.model.constants import C_I, L_F, T_T
from ldas.model.options import ModelOptions
from tests.model.vegetation_cases import VEGETATED, columns_of

OPTIONS = ModelOptions()


def test_pools_of_a_c3_crop():
    parameters = columns_of(["C3"])
    state = cold_start(parameters, OPTIONS, temperature=285.0, lai=1.0, wetness=0.9)
    assert state.biomass_leaf[0] == pytest.approx(0.06771856, abs=0.6e-8)
    assert state.biomass_structural[0] == pytest.approx(0.01639755, abs=0.6e-8)
    assert state.biomass_deep[0] == 0.0
    assert state.assimilation_max[0] == 1e-8
    assert state.resa[0] == 100.0 and state.le[0] == 0.0
    np.testing.assert_allclose(state.wg, 0.30989884, atol=0.6e-8)  # as the reference columns start
    assert not state.wgi.any() and not state.snow_swe.any()
    np.testing.assert_array_equal(state.snow_density, 50.0)


def test_lai_is_raised_to_its_minimum_and_zero_on_bare_ground():
    parameters = columns_of([*VEGETATED, "NO", "ROCK", "SNOW"])
    state = cold_start(parameters, OPTIONS, temperature=285.0, lai=0.0)
    np.testing.assert_array_equal(state.lai, parameters.lai_min)
    mass = leaf_mass_per_area(parameters.nitrogen_e, parameters.nitrogen_f, parameters.leaf_nitrogen)
    np.testing.assert_allclose(state.biomass_leaf, mass * state.lai, rtol=1e-15)


@pytest.mark.parametrize("snow_layers", [3, 12])
def test_state_is_fit_for_a_run(snow_layers):
    parameters = columns_of([*VEGETATED, "NO", "ROCK", "SNOW"])
    options = ModelOptions(snow_layers=snow_layers)
    for temperature in (250.0, 273.16, 300.0):
        state = cold_start(parameters, options, temperature=temperature, wetness=3.0, lai=4.0, snow_swe=20.0)
        state.check(parameters.w_sat, parameters.n_water)


def test_frost_splits_the_water_and_keeps_its_sum():
    parameters = columns_of(["C3", "NO"])
    warm = cold_start(parameters, OPTIONS, temperature=280.0, wetness=0.8)
    cold = cold_start(parameters, OPTIONS, temperature=T_T - 2.0, wetness=0.8)
    np.testing.assert_allclose(cold.wg + cold.wgi, warm.wg, rtol=1e-14)
    # w_max of loam at T_t - 2 K, energy document §9.1
    np.testing.assert_allclose(cold.wg, 0.15465, atol=0.6e-5)


def test_permanent_snow_starts_with_a_cold_pack():
    parameters = columns_of(["SNOW", "C3"])
    state = cold_start(parameters, OPTIONS, temperature=260.0)
    np.testing.assert_allclose(state.snow_swe.sum(axis=0), [PERMANENT_SNOW_SWE, 0.0])
    expected = state.snow_density[:, 0] * (C_I * (260.0 - T_T) - L_F)
    np.testing.assert_allclose(state.snow_enthalpy[:, 0], expected, rtol=1e-14)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"temperature": 20.0}, "cold start temperature: expected 180 to 350, got 20"),
        ({"wetness": np.nan}, "cold start wetness: expected -1 to 10, got nan"),
        ({"lai": np.zeros(5)}, "cold start lai: expected a number or shape"),
        ({"snow_swe": -1.0}, "cold start snow_swe: expected 0 to 200000, got -1"),
    ],
)
def test_bad_input_is_refused(change, message):
    with pytest.raises(InputError, match=message):
        cold_start(columns_of(["C3"]), OPTIONS, **({"temperature": 285.0} | change))
