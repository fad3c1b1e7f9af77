"""Plot-scale soil moisture: 100 m pixels first, then the kept classes of a cell, in that order."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from pydantic import ValidationError

from ldas.errors import InputError
from ldas.grid import Grid
from ldas.observations import plot_ssm
from ldas.observations.download import AssetReader
from ldas.observations.granule import Asset, GranuleRef
from ldas.observations.settings import ObservationSettings, ProductSettings
from tests.observations.granule_files import write_tiff

GRID = Grid(4.0, 44.0, 4.02, 44.01)
"""Two cells, west and east, of 10 x 10 land-cover pixels each; every one of those holds 2 x 2 pixels of moisture."""
WEST, NORTH, COARSE, FINE = 3.98, 44.03, 0.001, 0.0005
ROWS, COLS = 50, 60
CELL_ROWS, WEST_CELL, EAST_CELL = slice(20, 30), slice(20, 30), slice(30, 40)


def cover(code: int = 40) -> np.ndarray:
    return np.full((ROWS, COLS), code)


def moisture(vol_percent: float = 20.0) -> np.ndarray:
    return np.full((2 * ROWS, 2 * COLS), round(5 * vol_percent))


def fine(pixels: slice) -> slice:
    return slice(2 * pixels.start, 2 * pixels.stop)


def read(
    folder: Path, number: np.ndarray, codes: np.ndarray, version: int = 1, scale: float | None = 0.2
) -> xr.Dataset:
    moist = write_tiff(folder / "moisture.tiff", number, WEST, NORTH, FINE, scale)
    land = write_tiff(folder / "cover.tiff", codes, WEST, NORTH, COARSE, None)
    product = ProductSettings(
        reader="plot_ssm",
        collection="plots",
        assets={"ssm": "ssm"},
        land_cover_uri=land.as_uri(),
    )
    granule = GranuleRef("S2MP", "ssm", date(2026, 5, 10), (version,), 0, {"ssm": Asset(moist.as_uri())})
    found = plot_ssm.read(AssetReader(ObservationSettings(), folder / "cache"), granule, product, GRID)
    assert found is not None
    return found


def test_the_stored_integer_is_five_times_the_volume_percent(tmp_path: Path) -> None:
    found = read(tmp_path, moisture(20.0), cover())
    assert np.allclose(found["value"], 0.20) and found.attrs["units"] == "m3 m-3"
    assert np.allclose(found["spread"], 0.0, atol=1e-6) and np.allclose(found["count"], 100.0)
    assert np.allclose(found["crop_share"], 1.0)


def test_a_pixel_with_one_plot_weighs_as_much_as_a_full_one(tmp_path: Path) -> None:
    """Two ordered steps: half of the land-cover pixels are full of 10 %, half hold one fine pixel of 30 %.

    The mean of the pixels' means is 20 %; the mean of all fine pixels at once would be 14 %.
    """
    number = moisture(10.0)
    number[fine(CELL_ROWS), fine(slice(20, 25))] = 0
    number[fine(CELL_ROWS), fine(slice(20, 25))][::2, ::2] = 150
    found = read(tmp_path, number, cover())
    assert found["value"].values[0, 0] == pytest.approx(0.20)
    assert found["spread"].values[0, 0] == pytest.approx(0.10)
    assert found["value"].values[0, 1] == pytest.approx(0.10)


@pytest.mark.parametrize("code", [20, 50, 80, 111, 200, 0])
def test_other_land_cover_never_leaks_in(tmp_path: Path, code: int) -> None:
    codes, number = cover(40), moisture(10.0)
    codes[CELL_ROWS, slice(20, 25)] = code
    number[fine(CELL_ROWS), fine(slice(20, 25))] = 200
    codes[CELL_ROWS, slice(28, 30)] = 30
    found = read(tmp_path, number, codes)
    assert found["value"].values[0, 0] == pytest.approx(0.10)
    assert found["crop_share"].values[0, 0] == pytest.approx(30 / 50)
    assert found["count"].values[0, 0] == pytest.approx(50.0)
    assert found["flags"].values.tolist() == [[2, 0]]


@pytest.mark.parametrize(("pixels", "accepted"), [(19, False), (20, True)])
def test_a_fifth_of_the_cell_must_be_retrieved(tmp_path: Path, pixels: int, accepted: bool) -> None:
    codes = cover(111)
    codes[CELL_ROWS, EAST_CELL] = 40
    block = codes[CELL_ROWS, WEST_CELL].reshape(-1)
    block[:pixels] = 40
    codes[CELL_ROWS, WEST_CELL] = block.reshape(10, 10)
    found = read(tmp_path, moisture(20.0), codes)
    assert bool(np.isfinite(found["value"].values[0, 0])) is accepted
    assert bool(found["flags"].values[0, 0] & 1) is not accepted
    assert found["value"].values[0, 1] == pytest.approx(0.20)


def test_no_data_everywhere_is_no_observation(tmp_path: Path) -> None:
    found = read(tmp_path, moisture(0.0), cover())
    assert np.isnan(found["value"]).all() and (found["count"] == 0).all()


def test_an_unknown_version_another_scale_and_a_missing_mask_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="understands version 1 of the product, not 2"):
        read(tmp_path, moisture(), cover(), version=2)
    with pytest.raises(InputError, match=r"the file states a scale of 0\.25, the product's is 0\.2"):
        read(tmp_path, moisture(), cover(), scale=0.25)
    without = ProductSettings(reader="plot_ssm", collection="plots", assets={"ssm": "ssm"})
    with pytest.raises(ValidationError, match="needs an LC100 map"):
        ObservationSettings(ssm=without)
