"""The demo world is reproducible, consistent in time and physically plausible."""

import numpy as np
import pytest

from ldas.demo.fields import generator, smooth_field
from ldas.demo.maps import land_cover, terrain
from ldas.demo.weather import make_weather
from ldas.grid import Grid
from ldas.variables import variables

GRID = Grid(4.0, 43.95, 4.3, 44.25)


def test_smooth_fields_have_unit_spread_and_depend_on_their_name_only():
    one = smooth_field((400, 400), 4.0, generator(7, "a"))
    assert np.array_equal(one, smooth_field((400, 400), 4.0, generator(7, "a")))
    assert not np.array_equal(one, smooth_field((400, 400), 4.0, generator(7, "b")))
    assert one.std() == pytest.approx(1.0, abs=0.1)


def test_weather_of_an_hour_does_not_depend_on_the_period_asked_for():
    long = make_weather(GRID, 3, np.datetime64("2026-04-01T18"), np.datetime64("2026-04-20T18"))
    short = make_weather(GRID, 3, np.datetime64("2026-04-10T18"), np.datetime64("2026-04-11T18"))
    for name in short.data_vars:
        if "time" in short[name].dims:
            assert np.array_equal(short[name], long[name].sel(time=short.time)), name


def test_weather_is_in_the_range_of_the_variable_table():
    year = make_weather(GRID, 3, np.datetime64("2026-01-01T00"), np.datetime64("2026-12-31T23"))
    for name, row in variables("forcing").items():
        if name in year and row.valid_range:
            assert float(year[name].min()) >= row.valid_range[0], name
            assert float(year[name].max()) <= row.valid_range[1], name
    total = float(year.Rainf.mean() + year.Snowf.mean()) * 86400 * 365
    assert 400 < total < 1300
    assert 11 < float(year.Tair.mean()) - 273.15 < 16
    assert 120 < float(year.SWdown.mean()) < 230


def test_maps_hold_all_main_covers_and_plausible_texture():
    cover = land_cover(GRID, 3)
    codes, counts = np.unique(cover, return_counts=True)
    share = dict(zip(codes.tolist(), counts / cover.size, strict=True))
    assert {20, 30, 40, 50, 80, 111, 114, 124} <= share.keys()
    assert share[40] > 0.2
    ground = terrain(GRID, 3)
    assert float((ground.sand + ground.clay).max()) < 1.0
    assert 1.0 < float(ground.slope.max()) < 40.0
