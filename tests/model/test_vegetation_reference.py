"""The vegetation processes alone against the reference model's first day, to rounding."""

import numpy as np
import pytest
import xarray as xr

from tests.model.vegetation_reference import load_case, run_vegetation

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
