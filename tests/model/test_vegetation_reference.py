"""The vegetation processes alone against the reference model's first day, to rounding."""

import numpy as np
import pytest
import xarray as xr

from ldas.model.canopy_radiation import LEAF_ALBEDO_NIR, LEAF_ALBEDO_PAR, canopy_optics
from ldas.model.light_absorption import absorb_band
from tests.model.reference_case import load_case
from tests.model.vegetation_reference import at_start, run_vegetation, stepped

pytestmark = pytest.mark.reference

COLUMNS = (
    "A_c3crop_loam",
    "B_c3grass_sand",
    "C_c4crop_clay",
    "D_deciduous_silt",
    "E_needleleaf_sand",
    "F_c3grass_mountain",
)
CASES = [f"synthetic-weather/{name}" for name in COLUMNS] + ["variants/A_trml", "variants/A_pedo_CO84"]


@pytest.mark.parametrize("name", CASES)
def test_first_day_given_the_soil(name, shared_reference):
    """R_s, GPP, A_day, a_max, pools, respiration and FAPAR of 288 steps within 1e-11 of their maximum.

    Dry trees keep a rounding residue of intercepted water in the reference, hence not 1e-14.
    """
    case = load_case(shared_reference, name)
    internals = xr.open_dataset(shared_reference / "synthetic-weather/A_c3crop_loam/first_day_internals.nc")
    out = xr.open_dataset(case.folder / "first_day_300s.nc")
    found = run_vegetation(case, out, internals["zenith"].values[:, 0])
    compared = [name for name in found if name in out]
    assert len(compared) == (12 if case.multilayer else 11)
    for name in compared:
        expected = out[name].values[:, 0]
        assert np.abs(found[name] - expected).max() <= 1e-11 * np.abs(expected).max(), name
    if (case.folder / "first_day_internals.nc").exists():
        resistance = xr.open_dataset(case.folder / "first_day_internals.nc")["RS"].values[:, 0]
        np.testing.assert_allclose(found["RS"], resistance, rtol=1e-11)


def test_light_absorbed_in_both_bands(shared_reference):
    """FAPAR, FAPIR and the shares of the ground of the multilayer run's first day, to 1e-13."""
    case = load_case(shared_reference, "variants/A_trml")
    internals = xr.open_dataset(shared_reference / "synthetic-weather/A_c3crop_loam/first_day_internals.nc")
    out = xr.open_dataset(case.folder / "first_day_300s.nc")
    zenith = internals["zenith"].values[:, 0]
    steps = zenith.size
    sw = stepped(case.weather["DIR_SWdown"], steps) + stepped(case.weather["SCA_SWdown"], steps)
    p = case.parameters.select(np.zeros(steps, dtype=np.int64))
    lai = at_start(case.stored["XLAI"], out["LAI"].values[:, 0])
    leaves, ground = np.empty(steps), np.empty(steps)
    for names, leaf_albedo, veg, soil in (
        (("FAPAR", "FAPAR_BS"), LEAF_ALBEDO_PAR, p.albedo_vis_veg, p.albedo_vis_soil),
        (("FAPIR", "FAPIR_BS"), LEAF_ALBEDO_NIR, p.albedo_nir_veg, p.albedo_nir_soil),
    ):
        optics = canopy_optics(p, veg, soil, leaf_albedo)
        absorb_band(optics, np.sqrt(1.0 - leaf_albedo), sw, zenith, np.cos(zenith), lai, leaves, ground)
        for name, found in zip(names, (leaves, ground), strict=True):
            np.testing.assert_allclose(found, out[name].values[:, 0], rtol=0.0, atol=1e-13, err_msg=name)
