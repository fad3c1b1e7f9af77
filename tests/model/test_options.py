"""Options over whole runs, each against what it has to do (energy document §3.2, vegetation §§7.4, 8.6, 9.5)."""

from dataclasses import replace

import numpy as np
import pytest

from ldas.errors import InputError
from ldas.model.forcing import FIELDS
from ldas.model.solar import sun_positions
from ldas.model.weather import place_of, sun_cosine
from tests.model.small_world import (
    BARE,
    CROP,
    GRASS,
    TREES,
    first_state,
    run_small,
    small_parameters,
    spring_days,
    with_options,
)

PER_HOUR = 4
T_CELSIUS = 273.16


@pytest.fixture(scope="module")
def default():
    """The run without any of these options."""
    return run_small(
        names=("wg", "tg", "lai", "swdown", "albedo_free", "ecosystem_respiration", "gpp", "leaf_nitrogen")
    )


def shifted_sun(weather, hours: int) -> np.ndarray:
    """max(0, cos Z*) at each step, Z* the zenith angle plus 0.1 rad, (hour, step in the hour)."""
    times = weather.start.astype("datetime64[ms]") + np.arange(hours * PER_HOUR) * np.timedelta64(900_000, "ms")
    place = place_of(np.array([44.0]), np.array([4.0]))
    zenith = np.arccos([sun_cosine.py_func(place, 0, row) for row in sun_positions(times)])
    return np.maximum(0.0, np.cos(zenith + 0.1)).reshape(hours, PER_HOUR)


class TestZenithInterpolation:
    def test_each_interval_keeps_the_mean_of_its_record(self, default) -> None:
        weather = spring_days()
        _, out = run_small(with_options(shortwave_interpolation="zenith"), ("swdown", "zenith"))
        found = out["swdown"][:, GRASS].reshape(48, PER_HOUR)
        record = (weather.sw_direct + weather.sw_diffuse)[1:, 0]
        sun = shifted_sun(weather, 48)
        high = sun.min(axis=1) > 0.45  # neither night nor cap
        assert high.sum() > 10
        assert found[high].mean(axis=1) == pytest.approx(record[high], rel=1e-12)
        assert found[high] / record[high, None] == pytest.approx(sun[high] / sun[high].mean(axis=1)[:, None], rel=1e-12)
        linear = default[1]["swdown"][:, GRASS].reshape(48, PER_HOUR)
        assert np.abs(linear[high].mean(axis=1) / record[high] - 1.0).min() > 1e-4
        night = out["swdown"][:, GRASS] == 0.0
        assert (out["zenith"][night] >= 0.5 * np.pi - 1e-12).all()
        assert (out["zenith"][~night] <= 0.5 * np.pi - 0.01 + 1e-12).all()

    def test_no_light_where_the_sun_is_down_and_a_cap_where_it_is_low(self) -> None:
        weather = spring_days(24)
        bright = np.full_like(weather.sw_direct, 900.0)
        weather = replace(weather, sw_direct=bright, sw_diffuse=0.5 * bright)
        _, out = run_small(with_options(shortwave_interpolation="zenith"), ("swdown",), weather=weather)
        found = out["swdown"][:, BARE].reshape(24, PER_HOUR)
        sun = shifted_sun(weather, 24)
        dark = sun.mean(axis=1) < 0.01
        assert 8 < dark.sum() < 14 and (found[dark] == 0.0).all()
        share = sun[~dark] / sun[~dark].mean(axis=1)[:, None]
        cap = 1300.0 * sun[~dark]
        assert found[~dark] == pytest.approx(np.minimum(900.0 * share, cap) + np.minimum(450.0 * share, cap), rel=1e-12)
        assert (found[~dark].mean(axis=1) < 0.9 * 1350.0).any()


def test_evolving_albedo_follows_the_water_of_the_step_start(default) -> None:
    options = with_options(soil_albedo="EVOL")
    parameters = small_parameters(options)
    start = first_state(parameters, options)
    final, out = run_small(options, ("wg", "albedo_free"))
    before = np.concatenate([start.wg[None, 0, BARE], out["wg"][:-1, 0, BARE]])
    x = np.minimum(1.0, before / parameters.w_sat[0, BARE])
    dry = 0.5 * (parameters.albedo_nir_soil + parameters.albedo_vis_soil)[BARE]
    assert out["albedo_free"][:, BARE] == pytest.approx(dry * (0.5 + 0.25 * (1.0 - x) * (2.0 - x)), rel=1e-13)
    assert default[1]["albedo_free"][:, BARE] == pytest.approx(dry, rel=1e-13)
    shower = slice(27 * PER_HOUR, 31 * PER_HOUR)
    assert out["albedo_free"][shower, BARE][-1] < out["albedo_free"][shower, BARE][0] - 0.002
    assert out["albedo_free"][0, BARE] < dry
    assert not final.equals(default[0])


def test_prm_respiration_is_a_diagnostic_of_warmth_and_water(default) -> None:
    """R_e25 M 2^(0.1 (T_1m - 25)); nothing of the state depends on it."""
    final, out = run_small(with_options(respiration="PRM"), ("wg", "tg", "ecosystem_respiration"))
    assert final.equals(default[0])
    parameters = small_parameters()
    thickness = np.diff(parameters.layer_bottom, axis=0, prepend=0.0)
    metre = np.clip(1.0 - (parameters.layer_bottom - thickness), 0.0, thickness)
    t_1m = (out["tg"] * metre).sum(axis=1) / metre.sum(axis=0) - T_CELSIUS
    wetness = np.minimum(1.0, out["wg"] / parameters.w_fc)[:, :3]
    moisture = (wetness * thickness[:3]).sum(axis=1) / 0.10
    expected = parameters.re25 * moisture * 2.0 ** (0.1 * (t_1m - 25.0))
    live = [TREES, CROP, GRASS]
    assert out["ecosystem_respiration"][:, live] == pytest.approx(expected[:, live], rel=1e-11)
    assert (out["ecosystem_respiration"][:, BARE] == 0.0).all()
    assert np.abs(default[1]["ecosystem_respiration"][:, live] / expected[:, live] - 1.0).max() > 0.1


class TestNitrogenDilution:
    def test_thin_carbon_dioxide_changes_no_bit(self) -> None:
        weather = spring_days(ppm=365.0)
        plain, _ = run_small(weather=weather)
        diluted, _ = run_small(with_options(nitrogen_dilution=True), weather=weather)
        assert diluted.equals(plain)

    def test_doubled_carbon_dioxide_dilutes_nitrogen_at_each_daily_step(self) -> None:
        weather = spring_days(ppm=742.0)
        options = with_options(nitrogen_dilution=True)
        parameters = small_parameters(options)
        plain, _ = run_small(weather=weather)
        diluted, out = run_small(options, ("leaf_nitrogen", "tg", "lai", "biomass_leaf"), weather=weather)
        nitrogen = out["leaf_nitrogen"]
        changes = np.flatnonzero(np.diff(nitrogen[:, GRASS], prepend=parameters.leaf_nitrogen[GRASS]))
        assert changes.tolist() == [0, 24 * PER_HOUR]
        assert (plain.leaf_nitrogen == parameters.leaf_nitrogen).all()
        # the second update happens at night, so that only warmth and CO2 count
        thickness = np.diff(parameters.layer_bottom[:5], axis=0, prepend=0.0)
        step = changes[1]
        warmth = (out["tg"][step, :5] * thickness).sum(axis=0) / 0.40 - T_CELSIUS
        before = nitrogen[step - 1]
        zeta = 0.75 * parameters.deciduous_dilution + warmth / 23.0
        ratio = np.exp(-0.048 * np.exp(zeta - before / 6.3) * np.log(742.0 / 371.0))
        live = [TREES, CROP, GRASS]
        assert (nitrogen[step] / before)[live] == pytest.approx(ratio[live], rel=1e-5)
        mass = 1.0 / (parameters.nitrogen_e * nitrogen[step] + parameters.nitrogen_f)
        assert out["lai"][step, live] == pytest.approx((out["biomass_leaf"][step] / mass)[live], rel=1e-12)
        assert (diluted.lai[live] < plain.lai[live]).all()


def stepwise(weather, held: tuple[str, ...]):
    """The same weather with a record every step: `held` fields at the value of the hour's end, others interpolated."""
    hours = weather.tair.shape[0] - 1
    fields = {}
    for name in FIELDS:
        values = getattr(weather, name)
        before, after = (np.repeat(part, PER_HOUR, axis=0) for part in (values[:-1], values[1:]))
        weight = np.tile(np.arange(PER_HOUR) / PER_HOUR, hours)[:, None]
        linear = before + weight * (after - before)
        if name in ("rainf", "snowf"):
            fields[name] = np.concatenate([values[:1], after])  # read from the end of a step
        else:
            fields[name] = np.concatenate([after if name in held else linear, values[-1:]])
    return replace(weather, interval=900.0, **fields)


@pytest.mark.parametrize(
    ("names", "fields"),
    [
        (("Tair", "LWdown"), ("tair", "lwdown")),
        (("Wind", "SWdown"), ("wind_e", "wind_n", "sw_direct", "sw_diffuse")),
        (("Qair", "PSurf", "CO2air", "SCA_SWdown"), ("qair", "psurf", "co2air", "sw_diffuse")),
    ],
)
def test_constant_forcing_is_the_weather_made_piecewise_constant(default, names, fields) -> None:
    held, _ = run_small(with_options(constant_forcing=names))
    by_hand, _ = run_small(weather=stepwise(spring_days(), fields))
    assert held.equals(by_hand)
    assert not held.equals(default[0])


def test_linear_forcing_is_the_weather_interpolated_by_hand(default) -> None:
    by_hand, _ = run_small(weather=stepwise(spring_days(), ()))
    assert by_hand.equals(default[0])


def test_unknown_constant_forcing_is_refused() -> None:
    with pytest.raises(InputError, match=r"constant_forcing: expected names among .*Tair.*, got Rain"):
        run_small(with_options(constant_forcing=("Rain",)))


def test_the_daily_step_follows_its_hour() -> None:
    _, out = run_small(with_options(vegetation_update_hour=18), ("lai", "assimilation_day"))
    changed = np.flatnonzero(np.diff(out["lai"][:, GRASS]))
    assert changed.tolist() == [18 * PER_HOUR - 1, 42 * PER_HOUR - 1]
    assert (out["assimilation_day"][[18 * PER_HOUR, 42 * PER_HOUR], GRASS] == 0.0).all()
