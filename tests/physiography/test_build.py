"""Static maps from COG, Zarr and NetCDF to patch fractions and parameters."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
import xarray as xr
from rasterio.transform import from_origin

from ldas.errors import ConfigurationError, InputError
from ldas.grid import Columns, Grid
from ldas.model.options import ModelOptions
from ldas.model.vegetation_table import type_names
from ldas.physiography import build, to_parameters
from ldas.physiography.settings import MapLayer, PhysiographySettings

GRID = Grid(4.0, 44.0, 4.04, 44.03)
CODE_STEP = 1.0 / 1008.0


def write_codes(
    path: Path, codes: np.ndarray, west: float = 3.98, north: float = 44.06, crs: str = "EPSG:4326"
) -> None:
    with rasterio.open(
        path,
        "w",
        driver="COG",
        width=codes.shape[1],
        height=codes.shape[0],
        count=1,
        dtype="uint8",
        crs="EPSG:4326",
        transform=from_origin(3.98, 44.06, CODE_STEP, CODE_STEP),
        nodata=255,
    ) as target:
        target.write(codes, 1)


def terrain(sand_units: str = "g/kg", sand: float = 400.0, clay: float = 200.0) -> xr.Dataset:
    lat, lon = np.arange(44.06, 43.97, -0.0025), np.arange(3.97, 4.07, 0.0025)
    shape = len(lat), len(lon)
    return xr.Dataset(
        {
            "sand": (("y", "x"), np.full(shape, sand), {"units": sand_units}),
            "clay": (("y", "x"), np.full(shape, clay), {"units": sand_units}),
            "elevation": (("y", "x"), 1000.0 * (lat[:, None] - 43.9) + 0.0 * lon, {"units": "m"}),
        },
        coords={"y": lat, "x": lon},
    )


def settings_of(folder: Path, **changes) -> PhysiographySettings:
    layers = {
        "land_cover": MapLayer(uri=(str(folder / "codes.tif"),)),
        **{n: MapLayer(uri=(str(folder / "terrain.nc"),), variable=n) for n in ("sand", "clay", "elevation")},
    }
    return PhysiographySettings(**{**layers, **changes})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    codes = np.full((100, 100), 40, dtype=np.uint8)
    codes[:, 40:] = 114
    codes[:, :30] = 50
    write_codes(tmp_path / "codes.tif", codes)
    terrain().to_netcdf(tmp_path / "terrain.nc")
    return tmp_path


def test_fractions_types_texture_and_masks(folder: Path) -> None:
    dataset = build(settings_of(folder), GRID)
    fraction = dataset["patch_fraction"].values
    # column 0 is 4.00-4.01 E: town to 3.98 + 30/1008 = 4.00976; column 3 is all forest
    np.testing.assert_allclose(dataset["urban_fraction"][:, 0], 0.976190, atol=1e-5)
    assert not fraction[:, :, 0].any()
    np.testing.assert_allclose(fraction[:, :, 3].sum(axis=0), 1.0, atol=1e-12)
    np.testing.assert_allclose(fraction[3, :, 3], 1.0)
    crop = (3.98 + 40 / 1008 - 4.01) / 0.01
    np.testing.assert_allclose(fraction[6, :, 1], 0.85 * crop + 0.0, atol=1e-5)
    assert {type_names()[k - 1] for k in np.unique(dataset["vegtype"]) if k} == {"TEBD", "C3", "C4"}
    np.testing.assert_allclose(dataset["sand"], 0.4)
    np.testing.assert_allclose(dataset["elevation"][:, 0], 1000.0 * (GRID.lat - 43.9), atol=1e-3)
    np.testing.assert_allclose(dataset["slope"], np.degrees(np.arctan(1000.0 / 111_195.0)), rtol=1e-6)
    assert dataset["sand"].attrs["units"] == "1"
    columns = Columns.from_fractions(fraction)
    parameters = to_parameters(dataset, columns, ModelOptions())
    assert parameters.columns == len(columns) and set(parameters.patch) == {4, 7, 8}
    np.testing.assert_allclose(parameters.latitude, columns.gather(np.repeat(GRID.lat[:, None], 4, axis=1)))


@pytest.mark.parametrize(("units", "sand", "clay"), [("%", 40.0, 20.0), ("1", 0.4, 0.2), ("kg kg-1", 0.4, 0.2)])
def test_texture_units(folder: Path, units: str, sand: float, clay: float) -> None:
    terrain(units, sand, clay).to_netcdf(folder / "terrain.nc")
    np.testing.assert_allclose(build(settings_of(folder), GRID)["clay"], 0.2)


@pytest.mark.parametrize(("units", "message"), [("furlong", "unknown units 'furlong'"), ("1", "expected fractions")])
def test_wrong_texture_units_are_refused(folder: Path, units: str, message: str) -> None:
    terrain(units).to_netcdf(folder / "terrain.nc")
    with pytest.raises(InputError, match=message):
        build(settings_of(folder), GRID)


def test_units_that_contradict_the_profile_are_refused(folder: Path) -> None:
    layer = MapLayer(uri=(str(folder / "terrain.nc"),), variable="sand", units="%")
    with pytest.raises(InputError, match="the file states units 'g/kg', the profile '%'"):
        build(settings_of(folder, sand=layer), GRID)


def test_units_of_file_and_profile_may_agree_in_other_words(folder: Path) -> None:
    layer = MapLayer(uri=(str(folder / "terrain.nc"),), variable="elevation", units="metre")
    np.testing.assert_allclose(
        build(settings_of(folder, elevation=layer), GRID)["elevation"], build(settings_of(folder), GRID)["elevation"]
    )


def test_a_map_without_units_needs_them_in_the_profile(folder: Path) -> None:
    bare = terrain()
    del bare["sand"].attrs["units"]
    bare.to_netcdf(folder / "terrain.nc")
    with pytest.raises(InputError, match="states no units"):
        build(settings_of(folder), GRID)


def test_unknown_land_cover_comes_from_neighbours(folder: Path) -> None:
    codes = np.full((100, 100), 0, dtype=np.uint8)
    codes[:, 50:] = 114
    write_codes(folder / "codes.tif", codes)
    dataset = build(settings_of(folder), GRID)
    np.testing.assert_allclose(dataset["patch_fraction"].sel(patch=4), 1.0)
    assert dataset["patch_fraction"].attrs["filled_cells"] == 6


def test_sea_and_town_cells_have_no_columns(folder: Path) -> None:
    codes = np.full((100, 100), 200, dtype=np.uint8)
    codes[:, 55:] = 30
    write_codes(folder / "codes.tif", codes)
    dataset = build(settings_of(folder), GRID)
    total = dataset["patch_fraction"].sum("patch").values
    assert set(np.unique(np.round(total, 12))) == {0.0, 1.0}
    np.testing.assert_allclose(dataset["water_fraction"][:, 0], 1.0)


def test_small_patches_go_to_the_largest(folder: Path) -> None:
    codes = np.full((100, 100), 30, dtype=np.uint8)
    write_codes(folder / "codes.tif", codes)
    dataset = build(settings_of(folder, smallest_patch_fraction=0.06), GRID)
    np.testing.assert_allclose(dataset["patch_fraction"].sel(patch=10), 1.0)


def test_a_code_outside_the_table_is_refused(folder: Path) -> None:
    codes = np.full((100, 100), 77, dtype=np.uint8)
    write_codes(folder / "codes.tif", codes)
    with pytest.raises(InputError, match="77 is not a code of CGLS-LC100"):
        build(settings_of(folder), GRID)


def test_missing_maps_are_named(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"physiography\.sand"):
        build(settings_of(folder, sand=None), GRID)
    with pytest.raises(ConfigurationError, match=r"physiography\.land_cover"):
        build(settings_of(folder, land_cover=None), GRID)


def test_a_map_elsewhere_is_refused(folder: Path) -> None:
    with pytest.raises(InputError, match="in the domain"):
        build(settings_of(folder), Grid(8.0, 50.0, 8.03, 50.03))


def test_a_projected_raster_is_warped(folder: Path) -> None:
    shape = 200, 200
    with rasterio.open(
        folder / "sand.tif",
        "w",
        driver="GTiff",
        width=shape[1],
        height=shape[0],
        count=1,
        dtype="int16",
        crs="EPSG:32631",
        transform=from_origin(576_000.0, 4_880_000.0, 100.0, 100.0),
        nodata=-32768,
    ) as target:
        target.write(np.full(shape, 430, dtype=np.int16), 1)
    layer = MapLayer(uri=(str(folder / "sand.tif"),), units="g/kg")
    np.testing.assert_allclose(build(settings_of(folder, sand=layer), GRID)["sand"], 0.43)


def test_patch_fields_replace_land_cover(folder: Path) -> None:
    fraction = np.zeros((12, *GRID.shape))
    fraction[9], fraction[3] = 0.6, 0.2
    fraction[:, 0, 0] = 0.0
    depth = np.full((12, *GRID.shape), np.nan)
    depth[9] = 1.2
    xr.Dataset(
        {"patch_fraction": (("patch", "lat", "lon"), fraction), "root_depth": (("patch", "lat", "lon"), depth)},
        coords={"patch": np.arange(1, 13), "lat": GRID.lat, "lon": GRID.lon},
    ).sortby("lat").to_zarr(folder / "patches.zarr", zarr_format=2)
    dataset = build(
        settings_of(folder, land_cover=None, patch_fields=MapLayer(uri=(str(folder / "patches.zarr"),))), GRID
    )
    np.testing.assert_allclose(dataset["patch_fraction"].sel(patch=10)[1:], 0.75)
    assert float(dataset["patch_fraction"][:, 0, 0].sum()) == 0.0
    columns = Columns.from_fractions(dataset["patch_fraction"].values)
    parameters = to_parameters(dataset, columns, ModelOptions())
    plain = to_parameters(dataset.drop_vars("root_depth"), columns, ModelOptions())
    grass = columns.patch == 10
    assert not np.allclose(parameters.root_fraction[:, grass], plain.root_fraction[:, grass])
    np.testing.assert_array_equal(parameters.root_fraction[:, ~grass], plain.root_fraction[:, ~grass])


def test_patch_fields_on_another_grid_are_refused(folder: Path) -> None:
    xr.Dataset(
        {"patch_fraction": (("patch", "lat", "lon"), np.zeros((12, *GRID.shape)))},
        coords={"patch": np.arange(1, 13), "lat": GRID.lat + 0.005, "lon": GRID.lon},
    ).to_netcdf(folder / "patches.nc")
    layer = MapLayer(uri=(str(folder / "patches.nc"),))
    with pytest.raises(InputError, match="lat is not the model grid's"):
        build(settings_of(folder, land_cover=None, patch_fields=layer), GRID)
