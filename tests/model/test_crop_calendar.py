"""Sowing and harvest (vegetation document §8.6): fallow fields are bare, crops start from nothing, off by default."""

import numpy as np
import pytest

from ldas.errors import InputError
from ldas.model.biomass import DRY_MATTER_PER_CO2, Pools, biomass_parameters, clear_fields, crop_stands
from ldas.model.cold_start import cold_start
from ldas.model.options import ModelOptions
from tests.model.small_world import BARE, CROP, GRASS, TREES, first_state, run_small, small_parameters, spring_days
from tests.model.vegetation_cases import columns_of

POOLS = ("biomass_leaf", "biomass_structural", "biomass_deep")


@pytest.mark.parametrize(
    ("sowing", "harvest", "standing", "fallow"),
    [
        (100, 250, (100, 180, 250), (1, 99, 251, 366)),
        (290, 200, (290, 366, 1, 200), (201, 289)),  # winter wheat of the north: over the new year
        (152, 335, (152, 335), (151, 336, 1)),  # winter wheat of the south, inside one year
        (300, 60, (300, 1, 60), (61, 299)),  # summer crop of the south
        (120, 120, (120,), (119, 121)),
        (0, 0, (1, 180, 366), ()),
    ],
)
def test_seasons(sowing, harvest, standing, fallow) -> None:
    assert all(crop_stands.py_func(day, sowing, harvest) for day in standing)
    assert not any(crop_stands.py_func(day, sowing, harvest) for day in fallow)


def test_every_day_is_either_of_two_complementary_seasons() -> None:
    for day in range(1, 367):
        assert crop_stands.py_func(day, 91, 270) != crop_stands.py_func(day, 271, 90)


def test_fallow_clears_pools_and_leaves_the_rest() -> None:
    parameters = columns_of(
        ["C3", "C4", "GRAS", "NO"], overrides={"sowing_day": 290, "harvest_day": {7: 200, 8: 110, 10: 200, 1: 200}}
    )
    state = cold_start(parameters, ModelOptions(), temperature=288.0, lai=3.0)
    state.biomass_deep[:] = 0.1
    pools = Pools(**{name: getattr(state, name) for name in Pools._fields})
    before = {name: value.copy() for name, value in pools._asdict().items()}
    clear_fields(biomass_parameters(parameters, multilayer=False), 250, pools)
    assert pools.lai[:3].tolist() == parameters.lai_min[:3].tolist()
    assert pools.lai[3] == before["lai"][3]
    for name in POOLS:
        assert not getattr(pools, name)[:3].any()
    for name in set(Pools._fields) - {"lai", *POOLS}:
        assert np.array_equal(getattr(pools, name), before[name]), name


@pytest.fixture(scope="module")
def default():
    return run_small()[0]


def test_dates_in_season_or_on_other_columns_change_no_bit(default) -> None:
    """20 and 21 April are days 110 and 111."""
    standing, _ = run_small(parameters=small_parameters(sowing_day={7: 300}, harvest_day={7: 111}))
    assert standing.equals(default)
    fallow, _ = run_small(parameters=small_parameters(sowing_day={7: 112}, harvest_day={7: 300}))
    assert not fallow.equals(default)
    others = np.array([BARE, TREES, GRASS])
    assert fallow.select(others).equals(default.select(others))


def test_a_field_is_bare_from_the_day_after_harvest() -> None:
    parameters = small_parameters(sowing_day={7: 300}, harvest_day={7: 110})
    final, out = run_small(names=("lai", *POOLS, "gpp"), parameters=parameters)
    harvest = 24 * 4  # the first step of day 111
    assert (out["lai"][:harvest, CROP] > 1.5).all()
    assert (out["lai"][harvest:, CROP] == parameters.lai_min[CROP]).all()
    assert all((out[name][harvest:, CROP] == 0.0).all() for name in POOLS)
    noon = 12 * 4
    assert 0.0 < out["gpp"][harvest + noon, CROP] < 0.5 * out["gpp"][noon, CROP]
    assert final.lai[GRASS] > 1.5


def test_a_sown_field_grows_from_the_day_s_assimilation() -> None:
    """Cleared on the eve of sowing; the first daily step of the season gives the leaves what was assimilated."""
    parameters = small_parameters(sowing_day={7: 111}, harvest_day={7: 200})
    names = ("lai", "assimilation_day", *POOLS)
    _, out = run_small(names=names, parameters=parameters, state=first_state(parameters, lai=0.3))
    sowing = 24 * 4
    assert all((out[name][:sowing, CROP] == 0.0).all() for name in POOLS)
    # what the last step adds before the daily step is one night step of 96
    gain = out["assimilation_day"][sowing - 1, CROP] * DRY_MATTER_PER_CO2
    assert out["biomass_leaf"][sowing, CROP] == pytest.approx(gain, rel=0.02) and gain > 1e-3
    assert out["biomass_structural"][sowing, CROP] == out["biomass_deep"][sowing, CROP] == 0.0
    assert out["lai"][sowing, CROP] == pytest.approx(parameters.lai_min[CROP], rel=1e-15)


def test_a_season_runs_over_the_new_year_of_a_leap_year_in_the_south() -> None:
    """Sown on day 300, harvested on day 1: standing on 31 December 2016 (day 366) and 1 January, bare on the 2nd."""
    weather = spring_days(48, start=np.datetime64("2016-12-31T12:00:00"))
    parameters = small_parameters(latitude=-34.0, sowing_day={7: 300, 10: 300}, harvest_day={7: 1, 10: 366})
    _, out = run_small(names=("lai",), parameters=parameters, weather=weather)
    new_year, second = 12 * 4, 36 * 4
    assert (out["lai"][:new_year, [CROP, GRASS]] > 1.5).all()
    assert (out["lai"][new_year:second, CROP] > 1.5).all()
    assert out["lai"][new_year, GRASS] == parameters.lai_min[GRASS]
    assert out["lai"][second, CROP] == parameters.lai_min[CROP]


@pytest.mark.parametrize(
    ("dates", "words"),
    [
        ({"sowing_day": {7: 120}}, r"harvest_day: expected a day of the year beside the other date, got 0 at column 2"),
        ({"harvest_day": 200}, r"sowing_day: expected a day of the year beside the other date, got 0 at column 0"),
        ({"sowing_day": 400, "harvest_day": 200}, r"sowing_day: expected a day of the year from 1 to 366, got 400"),
        ({"sowing_day": 100, "harvest_day": -3}, r"harvest_day: expected a day of the year from 1 to 366, got -3"),
    ],
)
def test_dates_that_are_none(dates, words) -> None:
    with pytest.raises(InputError, match=words):
        small_parameters(**dates)


def test_no_field_is_sown_by_default() -> None:
    parameters = small_parameters()
    assert not parameters.sowing_day.any() and not parameters.harvest_day.any()
    assert parameters.sowing_day.dtype == parameters.harvest_day.dtype == np.int64


def test_half_days_are_refused() -> None:
    with pytest.raises(InputError, match=r"sowing_day: expected whole numbers, got 120\.5"):
        small_parameters(sowing_day={7: 120.5}, harvest_day={7: 200})
