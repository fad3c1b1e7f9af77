"""Site files: what they may say, and the one sentence for what they may not."""

from pathlib import Path

import numpy as np
import pytest

from ldas.errors import ConfigurationError, InputError, LdasError
from ldas.offline.setup import site_columns, site_parameters, site_state
from ldas.offline.site import load_site
from tests.offline.conftest import SITE


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "s.yaml"
    path.write_text(text)
    return path


def test_patches_become_columns(site_file):
    site = load_site(site_file)
    columns = site_columns(site)
    assert columns.single
    assert columns.patch.tolist() == [4, 10]
    assert columns.fraction.tolist() == [0.3, 0.7]
    parameters = site_parameters(site)
    assert parameters.woody.tolist() == [True, False]
    state = site_state(site, parameters)
    assert (state.tg == 276.0).all()
    assert state.lai.tolist() == [1.5, 1.5]


def test_many_points_share_what_stands_at_the_top(tmp_path):
    text = SITE.replace("latitude: 43.6\n", "") + "points:\n- {name: a, latitude: 43.0}\n- {name: b, latitude: 44.0, "
    text += "patches: {7: 1.0}, texture: {sand: 0.2, clay: 0.3, silt: 0.5}}\n"
    columns = site_columns(load_site(written(tmp_path, text)))
    assert columns.names == ("a", "b")
    assert columns.point.tolist() == [0, 0, 1]
    assert columns.latitude.tolist() == [43.0, 43.0, 44.0]
    assert columns.place(2) == "b, patch 7"


def test_overrides_reach_parameters_and_state(tmp_path):
    text = SITE + "parameters: {lai_min: {10: 0.5}, w_sat: 0.5}\n"
    text = text.replace("lai: 1.5}", "lai: {4: 3.0, 10: 1.5}, state: {wg: {10: [0.2, 0.21]}, wr: 0.05}}")
    site = load_site(written(tmp_path, text))
    parameters = site_parameters(site)
    state = site_state(site, parameters)
    assert parameters.lai_min[1] == 0.5
    assert (parameters.w_sat == 0.5).all()
    assert state.lai.tolist() == [3.0, 1.5]
    assert state.wg[:2, 1].tolist() == [0.2, 0.21]
    assert state.wg[2, 1] == state.wg[3, 1] != 0.21
    assert np.allclose(state.wr, 0.05)


def test_fields_have_their_season(tmp_path):
    text = SITE + "parameters: {sowing_day: {10: 290}, harvest_day: {10: 200}}\n"
    parameters = site_parameters(load_site(written(tmp_path, text)))
    assert parameters.sowing_day.tolist() == [0, 290]
    assert parameters.harvest_day.tolist() == [0, 200]


def test_interpolation_rules_are_model_options(tmp_path):
    options = load_site(written(tmp_path, SITE + "interpolation: {LWdown: constant, SWdown: zenith}\n")).options
    assert options.constant_forcing == ("LWdown",)
    assert options.shortwave_interpolation == "zenith"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("{4: 0.3, 10: 0.7}", "{4: 0.3, 10: 0.6}", ("patches", "sum to 1", "0.9")),
        ("{4: 0.3, 10: 0.7}", "{4: 0.3, 13: 0.7}", ("patches", "1 to 12", "13")),
        ("{sand: 0.45, clay: 0.20}", "{sand: 0.75, clay: 0.40}", ("texture", "sand + clay", "1.15")),
        ("{sand: 0.45, clay: 0.20}", "{sand: 0.45, clay: 0.20, silt: 0.2}", ("sand + clay + silt", "0.85")),
        ("{sand: 0.45, clay: 0.20}", "{sand: 45, clay: 20}", ("sand", "0 to 1", "45")),
        ("latitude: 43.6", "latitude: 143.6", ("latitude", "143.6")),
        ("latitude: 43.6", "lattitude: 43.6", ("lattitude",)),
        ("time_step: 900", "time_step: -1", ("model.time_step", "-1")),
        ("model: {", "interpolation: {Tair: zenith}\nmodel: {", ("Tair", "zenith")),
        ("name: meadow", "parameters: {lai_min: {7: 1.0}}", ("lai_min", "patch 7")),
        ("name: meadow", "name: [", ("YAML",)),
    ],
)
def test_what_a_site_may_not_say(tmp_path, old, new, words):
    assert old in SITE
    path = written(tmp_path, SITE.replace(old, new))
    with pytest.raises(ConfigurationError) as caught:
        load_site(path)
    for word in (str(path), *words):
        assert word in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("new", "words"),
    [
        ("state: {wg: {10: 0.9}}", ("meadow", "wg", "w_sat", "0.9")),
        ("state: {tg: 27.0}", ("meadow", "tg", "27")),
        ("state: {moisture: 0.2}", ("moisture", "field of the state")),
        ("temperature: [276.0, 277.0]", ()),
        ("lai: [1.0, 2.0]", ("lai", "one number")),
        ("snow_swe: -3", ("snow_swe", "-3")),
    ],
)
def test_initial_values_are_checked(tmp_path, new, words):
    text = SITE.replace("initial: {temperature: 276.0, wetness: 0.6, lai: 1.5}", f"initial: {{{new}}}")
    site = load_site(written(tmp_path, text))
    parameters = site_parameters(site)
    if not words:
        assert site_state(site, parameters).tg[:3, 0].tolist() == [276.0, 277.0, 283.16]
        return
    with pytest.raises(LdasError) as caught:
        site_state(site, parameters)
    for word in words:
        assert word in str(caught.value)


def test_unknown_parameter_is_refused(tmp_path):
    site = load_site(written(tmp_path, SITE + "parameters: {lay_min: 1.0}\n"))
    with pytest.raises(InputError, match="lay_min"):
        site_parameters(site)
