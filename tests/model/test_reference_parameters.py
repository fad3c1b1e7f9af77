"""Derived parameters and first states against what the reference model used (`shared/reference`)."""

import numpy as np
import pytest

from ldas.model.cold_start import cold_start
from ldas.model.leaf import leaf_parameters, reference_assimilation
from ldas.model.options import ModelOptions
from ldas.model.surface_fields import surface_fields, surface_parameters, update_surface
from ldas.model.weather import air_density
from tests.model.reference_case import load_case

pytestmark = pytest.mark.reference

CASES = [
    *[f"synthetic-weather/{name}" for name in ("A_c3crop_loam", "B_c3grass_sand", "C_c4crop_clay")],
    *[f"synthetic-weather/{name}" for name in ("D_deciduous_silt", "E_needleleaf_sand", "F_c3grass_mountain")],
    *[f"variants/{name}" for name in ("A_pedo_CO84", "A_runoff_WSAT", "A_trml")],
]
LAYERED = {
    "w_sat": "XWSAT",
    "w_fc": "XWFC",
    "w_wilt": "XWWILT",
    "b": "XBCOEF",
    "psi_sat": "XMPOTSAT",
    "k_sat": "XCONDSAT",
    "lambda_dry": "XCONDDRY",
    "lambda_solid": "XCONDSLD",
    "c_solid": "XHCAPSOIL",
    "layer_bottom": "XDG",
}
SCALAR = {
    "g_m": "XGMES",
    "g_c": "XGC",
    "a_max": "XAMAX",
    "epsilon0": "XEPSO",
    "gamma25": "XGAMM",
    "t1_gm": "XT1GMES",
    "t2_gm": "XT2GMES",
    "t1_amax": "XT1AMAX",
    "t2_amax": "XT2AMAX",
    "tau_m": "XSEFOLD",
    "lai_min": "XLAIMIN",
    "nitrogen_e": "XCE_NITRO",
    "nitrogen_f": "XCF_NITRO",
    "leaf_nitrogen": "XCNA_NITRO",
    "f2_threshold": "XF2I",
    "re25": "XRE25",
    "c_v": "XCV",
    "c_wr": "XWRMAX_CF",
    "albedo_nir_veg": "XALBNIR_VEG",
    "albedo_vis_veg": "XALBVIS_VEG",
    "runoff_depth": "XRUNOFFD",
}


@pytest.fixture(params=CASES)
def case(request, shared_reference):
    return load_case(shared_reference, request.param, rooted=False)


def test_parameters_of_the_reference(case):
    parameters, stored = case.parameters, case.stored
    for ours, theirs in LAYERED.items():
        np.testing.assert_allclose(getattr(parameters, ours)[:, 0], stored[theirs], rtol=1e-14, err_msg=ours)
    for ours, theirs in SCALAR.items():
        np.testing.assert_allclose(getattr(parameters, ours)[0], stored[theirs], rtol=1e-14, err_msg=ours)
    for ours, theirs in (("q10_gamma", "XQDGAMM"), ("q10_gm", "XQDGMES"), ("q10_amax", "XQDAMAX")):
        np.testing.assert_allclose(np.log(getattr(parameters, ours)[0]), stored[theirs], rtol=1e-14)
    assert parameters.n_water[0] == stored["NWG_LAYER"]
    np.testing.assert_allclose(np.cumsum(parameters.root_fraction[:, 0]), stored["XROOTFRAC"], atol=0.6e-8)
    leaf = leaf_parameters(parameters)
    np.testing.assert_allclose(leaf.f0_star[0], stored["XFZERO"], rtol=1e-14)
    if not parameters.woody[0]:
        np.testing.assert_allclose([parameters.a_h[0], parameters.b_h[0]], [stored["XAH"], stored["XBH"]], rtol=1e-14)
    else:
        np.testing.assert_allclose(parameters.d_max[0], stored["XDMAX"], rtol=1e-14)


def test_surface_fields_of_the_reference(case):
    parameters, stored = case.parameters, case.stored
    fields = surface_fields(1)
    lai = np.array([stored["XLAI"]])
    update_surface(surface_parameters(parameters), lai, np.full(1, 0.2), parameters.w_sat[0], False, fields)
    for ours, theirs in (("veg", "XVEG"), ("z0", "XZ0"), ("emissivity", "XEMIS")):
        np.testing.assert_allclose(getattr(fields, ours)[0], stored[theirs], rtol=1e-14, err_msg=ours)
    np.testing.assert_allclose(fields.albedo[0], 0.5 * (stored["XALBNIR"] + stored["XALBVIS"]), rtol=1e-14)


def test_first_state_of_the_reference(case):
    parameters, stored = case.parameters, case.stored
    state = cold_start(
        parameters, ModelOptions(), temperature=np.array(stored["XTG"])[:, None], wetness=0.9, lai=stored["XLAI"]
    )
    pools = state.biomass_leaf[0], state.biomass_structural[0], state.biomass_deep[0]
    np.testing.assert_allclose(pools, stored["XBIOMASS"], atol=0.6e-7)
    layers = parameters.n_water[0]
    np.testing.assert_allclose(state.wg[:layers, 0], np.array(stored["XWG"][:layers], dtype=float), atol=0.6e-8)
    assert state.assimilation_max[0] == stored["XANFM"]


def test_reference_assimilation_of_the_start(case):
    """A_n,ref follows C_s = CO2 / rho of the first forcing record, 7.5e-4 kg m-3 in single precision."""
    parameters, stored = case.parameters, case.stored
    first = {name: records[0] for name, records in case.weather.items()}
    co2 = first["CO2air"] / air_density(first["Tair"], first["Qair"], first["PSurf"], 2.0)
    found = np.empty(1)
    reference_assimilation(leaf_parameters(parameters), np.array([co2]), found)
    np.testing.assert_allclose(found[0], stored["XANMAX"], rtol=1e-13)
