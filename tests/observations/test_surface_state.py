"""Surface state flags: codes by version, what is unknown, and the share of a cell that counts as frozen."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from pydantic import ValidationError

from ldas.errors import InputError
from ldas.grid import Grid
from ldas.observations import surface_state
from ldas.observations.download import AssetReader
from ldas.observations.granule import Asset, GranuleRef
from ldas.observations.settings import ObservationSettings, ProductSettings
from tests.observations.granule_files import COLS, ROWS, SSF_COLLECTION, ssm_axes, write_ssf

GRID = Grid(4.0, 43.95, 4.3, 44.25)
PRODUCT = ProductSettings(reader="surface_state", collection=SSF_COLLECTION, assets={"ssf": "swi1km_ssf"})


def read(folder: Path, code: np.ndarray, version: tuple[int, ...] = (2, 1, 1), form: str = "cog") -> xr.Dataset:
    if form == "cog":
        assets = {"ssf": Asset(write_ssf(folder, code).as_uri())}
    else:
        lat, lon = ssm_axes()
        field = xr.DataArray(code.astype(np.uint8)[None], dims=("time", "lat", "lon"), attrs={"scale_factor": 0.5})
        path = folder / "swi.nc"
        xr.Dataset({"SSF": field}, coords={"time": [0.5], "lat": lat, "lon": lon}).to_netcdf(path, engine="netcdf4")
        assets = {"file": Asset(path.as_uri())}
    granule = GranuleRef("c_gls_SWI1km_test", "surface_state", date(2026, 1, 10), version, 0, assets)
    product = PRODUCT.model_copy(update={"variant": form})
    found = surface_state.read(AssetReader(ObservationSettings(), folder / "cache"), granule, product, GRID)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("version", "code", "frozen"),
    [
        ((1, 0, 1), 0, None),
        ((1, 0, 1), 1, False),
        ((1, 0, 1), 2, True),
        ((1, 0, 1), 3, True),
        ((2, 0, 1), 0, False),
        ((2, 1, 1), 1, True),
        ((2, 1, 1), 2, True),
        ((2, 1, 1), 3, True),
        ((2, 1, 1), 4, True),
        ((2, 1, 1), 252, None),
        ((2, 1, 1), 255, None),
    ],
)
@pytest.mark.parametrize("form", ["cog", "nc"])
def test_a_code_means_what_its_version_says_and_is_never_scaled(
    tmp_path: Path, version: tuple[int, ...], code: int, frozen: bool | None, form: str
) -> None:
    found = read(tmp_path, np.full((ROWS, COLS), code), version, form)
    bit = {None: surface_state.UNKNOWN, True: surface_state.FROZEN, False: 0}[frozen]
    assert (found["flags"].values == bit).all()
    assert np.allclose(found["value"], np.nan if frozen is None else float(frozen), equal_nan=True)
    assert np.allclose(found["count"], 0.0 if frozen is None else 100.0)


def test_the_share_of_the_known_area_decides(tmp_path: Path) -> None:
    """A third of the pixels frozen, a third unfrozen, a third unknown: half of what is known."""
    code = np.tile(np.array([1, 0, 255])[:, None], (ROWS // 3 + 1, COLS))[:ROWS]
    found = read(tmp_path, code)
    assert float((found["value"] * found["count"]).sum() / found["count"].sum()) == pytest.approx(0.5, abs=0.02)
    frozen = (found["flags"].values & surface_state.FROZEN) != 0
    np.testing.assert_array_equal(frozen, found["value"] > 0.05)
    assert 0.5 < frozen.mean() < 1.0


def test_an_unknown_version_or_code_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"versions 1 and 2 of the product, not of 3\.0"):
        read(tmp_path, np.zeros((ROWS, COLS)), (3, 0))
    with pytest.raises(InputError, match="4 is not an SSF code of version 1"):
        read(tmp_path, np.full((ROWS, COLS), 4), (1, 0, 1))


def test_a_reader_of_another_product_is_refused_in_the_profile() -> None:
    with pytest.raises(ValidationError, match=r"ssm\.reader: expected clms_ssm or plot_ssm, got surface_state"):
        ObservationSettings(ssm=PRODUCT)
