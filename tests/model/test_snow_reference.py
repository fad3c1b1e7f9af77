"""Three winter days of the reference model's mountain grassland, snow scheme alone (12 layers, 300-s steps)."""

import json

import numpy as np
import pytest
import xarray as xr

from ldas.model.snow import snow_pack
from tests.model.snow_reference import drive, run

pytestmark = pytest.mark.reference
SINGLE = 2.0**-24
"""Half a unit in the last place of the stored single-precision numbers, relative."""


def test_winter_window_of_the_mountain_column(shared_reference):
    folder = shared_reference / "synthetic-weather"
    column = "F_c3grass_mountain"
    start = json.loads((folder / column / "winter3d_initstate.json").read_text())["10"]
    with (
        xr.open_dataset(folder / "reference_steps_winter3d.nc") as every,
        xr.open_dataset(folder / column / "winter3d_internals.nc") as internals,
    ):
        stored = every.isel(column=[str(name) for name in every["column_name"].values].index(column))
        first_hour = (np.datetime64("2018-01-20") - np.datetime64("2017-01-01")) // np.timedelta64(1, "h")
        driven = drive(folder, stored, internals, int(first_hour), start["XTG"][0])
        expected = {name: stored[name].values.ravel() for name in ("WSN_T", "DSN_T", "PSN", "LES")}
    pack = snow_pack(12, 1)
    for name, key in (("swe", "WSNOW"), ("density", "RHOSN"), ("enthalpy", "HEATSN"), ("age", "SAGSN")):
        getattr(pack, name)[:, 0] = start[key]
    pack.albedo[0] = start["ALBSN"]

    found = run(driven, pack)

    for name, value in (("WSN_T", found["swe"]), ("DSN_T", found["depth"]), ("PSN", found["p_sn"])):
        largest = np.abs(expected[name]).max()
        assert np.abs(value - expected[name]).max() <= 1.5 * SINGLE * largest, name
    # soil temperature enters from single precision, so the flux carries more than its own rounding
    assert np.abs(found["les"] - expected["LES"]).max() < 5e-6
