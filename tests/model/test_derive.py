"""Derived parameters against §§9.1 and 9.2 of the energy document, the depth rules, overrides and refusals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldas.errors import InputError
from ldas.model.derive import derive_parameters, vegetated_share_of_cells
from ldas.model.options import ModelOptions
from ldas.model.pedotransfer import hydraulics, thermal
from ldas.model.soil_column import cumulative_roots, snap_depth, soil_layers
from ldas.model.vegetation_table import mix_types, type_index, type_names, vegetation_table

SAND = np.array([0.65, 0.40, 0.32, 0.22])
CLAY = np.array([0.10, 0.20, 0.34, 0.58])
TEXTURES = {
    "w_sat": (0.424105, 0.451105, 0.459745, 0.470545),
    "w_fc": (0.248668, 0.325880, 0.359760, 0.403363),
    "w_wilt": (0.117429, 0.166069, 0.216528, 0.282806),
    "b": (4.871, 6.241, 8.159, 11.447),
    "psi_sat": (-0.189671, -0.314775, -0.370169, -0.453315),
    "k_sat": (3.46033e-5, 6.64837e-6, 2.21821e-6, 1.15331e-6),
    "lambda_solid": (4.83949, 3.51360, 3.17145, 2.79022),
    "lambda_dry": (0.223719, 0.204216, 0.198406, 0.191412),
}
COSBY = {
    "w_sat": (0.409000, 0.440800),
    "w_fc": (0.205957, 0.305027),
    "w_wilt": (0.089760, 0.156450),
    "b": (4.475, 6.12),
    "psi_sat": (-0.120226, -0.258226),
    "k_sat": (1.00816e-5, 4.21242e-6),
}


def derive(patch=(7,), sand=0.4, clay=0.2, options=None, **arguments):
    patch = np.array(patch)
    fill = np.ones(patch.size)
    return derive_parameters(
        patch,
        43.6 * fill,
        1.4 * fill,
        np.multiply(sand, fill),
        np.multiply(clay, fill),
        options or ModelOptions(),
        **arguments,
    )


def test_textures_clapp_hornberger():
    found = hydraulics(SAND, CLAY, "CH78")
    found |= thermal(SAND, found["w_sat"])
    for name, expected in TEXTURES.items():
        np.testing.assert_allclose(found[name], expected, rtol=6e-6, err_msg=name)
    np.testing.assert_array_equal(found["c_solid"], 1.9791e6)


def test_textures_cosby():
    found = hydraulics(SAND[:2], CLAY[:2], "CO84")
    for name, expected in COSBY.items():
        np.testing.assert_allclose(found[name], expected, rtol=6e-6, err_msg=name)


def test_pedotransfer_is_an_option():
    assert derive(options=ModelOptions(pedotransfer="CO84")).w_sat[0, 0] == pytest.approx(0.440800, abs=1e-9)
    assert derive().w_sat[0, 0] == pytest.approx(0.451105, abs=1e-9)


@pytest.mark.parametrize(
    ("patch", "roots"),
    [
        (10, ".05449 .20014 .42515 .66303 .87264 .94206 .96813 .98079 1"),
        (7, ".03748 .14145 .31593 .52927 .77179 .88489 .93960 .96794 1"),
        (4, ".03258 .12388 .28058 .47984 .72258 .84660 .91119 .94603 .98314 1"),
    ],
)
def test_cumulative_roots(patch, roots):
    expected = [float(x) for x in roots.split()]
    parameters = derive([patch])
    found = np.cumsum(parameters.root_fraction[:, 0])
    np.testing.assert_allclose(found[: len(expected)], expected, atol=0.6e-5)
    assert found[-1] == pytest.approx(1.0, abs=1e-12)
    assert parameters.n_water[0] == len(expected)


def test_grid_thicknesses_and_spacings():
    bottom = derive().layer_bottom[:, 0]
    thickness = np.diff(bottom, prepend=0.0)
    np.testing.assert_allclose(thickness, [0.01, 0.03, 0.06, 0.1, 0.2, 0.2, 0.2, 0.2, 0.5, 0.5, 1, 2, 3, 4], atol=1e-12)


@pytest.mark.parametrize(
    ("depth", "snapped", "layers"),
    [
        (0.2, 0.2, 4),
        (0.7, 0.7, 7),
        (1.0, 1.0, 8),
        (1.1, 1.0, 8),
        (1.2, 1.25, 9),
        (1.29, 1.25, 9),
        (1.31, 1.5, 9),
        (1.5, 1.5, 9),
        (1.75, 1.75, 10),
        (2.0, 2.0, 10),
        (2.25, 2.25, 10),
        (2.5, 2.5, 11),
        (2.75, 2.75, 11),
        (3.0, 3.0, 11),
        (3.5, 3.5, 11),
        (4.0, 4.0, 12),
        (4.5, 4.5, 12),
        (5.0, 5.0, 12),
        (5.5, 5.5, 12),
        (6.0, 8.0, 13),
        (8.0, 8.0, 13),
        (9.0, 12.0, 14),
    ],
)
def test_depth_snaps_to_the_grid(depth, snapped, layers):
    assert snap_depth(depth) == pytest.approx(snapped)
    bottom, count = soil_layers(np.array([depth]))
    assert count[0] == layers
    if snapped not in (0.7,):
        assert bottom[layers - 1, 0] == pytest.approx(snapped)


@given(depth=st.floats(0.01, 12.0))
def test_every_depth_has_a_rising_grid(depth):
    bottom, count = soil_layers(np.array([depth]))
    assert (np.diff(bottom[:, 0], prepend=0.0) > 0.0).all()
    assert bottom[-1, 0] == 12.0
    assert 2 <= count[0] <= 14


def test_depth_rules_of_the_patches():
    """Bare soil 1 m, rock and snow 0.2 m, vegetated max(1 m, root depth) (energy document §2.1)."""
    parameters = derive(range(1, 13))
    np.testing.assert_array_equal(parameters.n_water, [8, 4, 4, 10, 10, 12, 9, 9, 9, 9, 9, 9])
    np.testing.assert_array_equal(parameters.runoff_depth[:3], [0.6, 0.2, 0.2])
    assert not parameters.root_fraction[:, :3].any()
    np.testing.assert_allclose(parameters.root_fraction[:, 3:].sum(axis=0), 1.0, rtol=1e-14)


def test_explicit_depth_is_snapped_and_limits_roots():
    parameters = derive([7, 7, 4], overrides={"soil_depth": np.array([1.5, 2.0, 3.0]), "root_depth": {7: 1.5}})
    np.testing.assert_array_equal(parameters.n_water, [9, 10, 11])
    assert parameters.root_fraction[9, 1] == 0.0
    shallow = derive([7], overrides={"root_depth": 0.5})
    assert shallow.n_water[0] == 8
    assert shallow.root_fraction[6:, 0].sum() == 0.0


def test_imposed_cumulative_roots():
    cumulative = np.minimum(1.0, np.arange(1, 15) / 9.0)
    parameters = derive([7, 10], overrides={"cumulative_roots": {7: cumulative}})
    np.testing.assert_allclose(parameters.root_fraction[:9, 0], 1.0 / 9.0, rtol=1e-13)
    assert parameters.runoff_depth[0] == 1.5
    np.testing.assert_array_equal(parameters.root_fraction[:, 1], derive([10]).root_fraction[:, 0])


def test_root_profile_is_linear_where_only_the_linear_part_counts():
    bottom = np.array([[0.25], [0.5], [1.0], [2.0]])
    one = np.ones(1)
    np.testing.assert_allclose(cumulative_roots(bottom, one, 0.9 * one, one)[:, 0], [0.25, 0.5, 1.0, 1.0])


def test_overrides_by_patch_and_column():
    parameters = derive(
        [7, 7, 12],
        overrides={"g_c": {12: 0.25e-3}, "w_sat": np.array([0.5, np.nan, 0.48]), "height": {12: 0.4}},
    )
    np.testing.assert_allclose(parameters.g_c, [0.25e-3] * 3)
    np.testing.assert_allclose(parameters.w_sat[3], [0.5, derive().w_sat[0, 0], 0.48])
    assert parameters.height_constant[2] == 0.4


def test_soil_albedo_options():
    """§9.5 for a cell fully vegetated (V = 1) and a bare one (V = 0), sand 0.4."""
    values = {}
    for option in ("DRY", "WET", "MEAN", "EVOL"):
        parameters = derive([7, 1], options=ModelOptions(soil_albedo=option))
        values[option] = parameters.albedo_vis_soil, parameters.albedo_nir_soil
    dry = np.array([0.05 + 0.17 * 0.1, 0.05 + 0.17])
    np.testing.assert_allclose(values["DRY"][0], dry, rtol=1e-14)
    np.testing.assert_allclose(values["DRY"][1], dry + 0.10, rtol=1e-14)
    np.testing.assert_allclose(values["WET"][0], 0.5 * dry, rtol=1e-14)
    np.testing.assert_allclose(values["MEAN"][1], 0.75 * (dry + 0.10), rtol=1e-14)
    np.testing.assert_array_equal(values["EVOL"][0], values["DRY"][0])
    shared = derive([7, 1], vegetated_share=np.array([0.5, 0.5]))
    np.testing.assert_allclose(shared.albedo_vis_soil, 0.05 + 0.17 * (1.0 - 0.9 * 0.25), rtol=1e-14)


def test_vegetated_share_of_cells():
    share = vegetated_share_of_cells(np.array([0, 2, 0]), np.array([1, 2, 7]), np.array([0.25, 1.0, 0.75]))
    np.testing.assert_allclose(share, [0.75, 0.0, 0.75])


def test_types_by_name_number_and_default():
    assert type_names()[:12] == (
        "NO",
        "ROCK",
        "SNOW",
        "TEBD",
        "BONE",
        "TRBE",
        "C3",
        "C4",
        "IRR",
        "GRAS",
        "TROG",
        "PARK",
    )
    patch = np.array([4, 5, 10])
    np.testing.assert_array_equal(type_index(patch, None), [3, 4, 9])
    by_name = type_index(patch, np.array(["SHRB", "TENE", ""]))
    np.testing.assert_array_equal(by_name, [18, 14, 9])
    np.testing.assert_array_equal(type_index(patch, np.array([19, 15, 0])), by_name)


def test_one_type_mixes_to_itself():
    """§10.2 with a single type gives back the table."""
    table = vegetation_table()
    mixed = mix_types(np.eye(19), np.full(19, 2.0))
    live = table["vegetated"]
    for name, values in mixed.items():
        where = live & table["woody"] if name == "d_max" else live
        np.testing.assert_allclose(
            np.where(where, values, 0), np.where(where, table[name], 0), rtol=1e-13, err_msg=name
        )


def test_mixed_types_by_hand():
    """Half TEBD, half SHRB: arithmetic g_m, harmonic C_v and depth, logarithmic roughness, dominant clumping."""
    shares = np.zeros((19, 1))
    shares[[type_names().index("TEBD"), type_names().index("SHRB")]] = 0.5
    mixed = mix_types(shares, np.zeros(1))
    assert mixed["g_m"][0] == pytest.approx(1.7e-3)
    assert mixed["root_depth"][0] == pytest.approx(2.0)
    u = 0.5 * (np.log(1.3 / 10.0) ** -2 + np.log(0.13 * 1.5 / 10.0) ** -2)
    assert 0.13 * mixed["height_constant"][0] == pytest.approx(10.0 * np.exp(-(u**-0.5)))
    assert mixed["woody"][0]
    parameters = derive([4], type_shares=shares)
    assert parameters.g_m[0] == pytest.approx(1.7e-3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sand": 1.2}, "sand: expected a fraction from 0 to 1, got 1.2 at layer 1, column 0"),
        ({"clay": -0.1}, "clay: expected a fraction from 0 to 1"),
        ({"sand": 0.7, "clay": 0.5}, "sand + clay: expected at most 1, got 1.2"),
        ({"sand": np.nan}, "sand: expected a fraction"),
        ({"patch": (13,)}, "patch: expected numbers 1 to 12, got 13"),
        ({"vegetation_type": np.array(["OAK"])}, "vegtype: expected a type name or 1 to 19, got OAK"),
        ({"vegetation_type": np.array(["TEBD"])}, "vegtype: expected one of C3 in patch 7, got TEBD"),
        ({"overrides": {"wsat": 0.4}}, "override wsat: expected a field of Parameters"),
        ({"overrides": {"w_sat": np.zeros(5)}}, "override w_sat: expected a number or an array of shape"),
        ({"overrides": {"g_m": {13: 1.0}}}, "override g_m: expected patch numbers 1 to 12, got 13"),
        ({"overrides": {"w_wilt": 0.5}}, "w_wilt: expected at least 0 and less than w_fc"),
        ({"overrides": {"soil_depth": 20.0}}, "soil depth: expected more than 0 and at most 12 m"),
        ({"overrides": {"g_m": -1.0}}, "g_m: expected positive values"),
        ({"options": ModelOptions(soil_albedo="given")}, "override albedo_nir_soil: expected a value in every column"),
        ({"vegetated_share": np.array([1.5])}, "vegetated share of the cell"),
        ({"type_shares": np.zeros((19, 1))}, "vegetation types of a patch: expected 19 shares"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(change, message):
    with pytest.raises(InputError, match=message.replace("+", r"\+")) as caught:
        derive(**change)
    assert "\n" not in str(caught.value)
