"""LAI in both resolutions and forms: place, encoding, what is left out and why, and which revision is taken."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from ldas.errors import InputError
from ldas.grid import Grid
from ldas.observations import clms_lai
from ldas.observations.discovery import find_granules
from ldas.observations.download import AssetReader
from ldas.observations.granule import FINAL_REVISION, Asset, GranuleRef, parse_id
from ldas.observations.settings import LAI_DEFAULT, ObservationSettings
from tests.observations.granule_files import item, serve_catalogue, write_tiff
from tests.servers import ScriptedServer

GRID = Grid(4.0, 43.95, 4.3, 44.25)
STEPS = {"300 m": 1.0 / 336.0, "1 km": 1.0 / 112.0}
NAMES = {
    "300 m": "c_gls_LAI300-RT6_202605100000_GLOBE_OLCI_V2.0.1",
    "1 km": "c_gls_LAI_201006100000_GLOBE_VGT_V2.0.1",
}


def axes(resolution: str) -> tuple[np.ndarray, np.ndarray]:
    """Pixel centres on multiples of the step, two pixels more than the grid on each side."""
    step = STEPS[resolution]
    rows = np.arange(int(44.25 / step) + 3, int(43.95 / step) - 3, -1)
    cols = np.arange(int(4.0 / step) - 3, int(4.3 / step) + 4)
    return rows * step, cols * step


def write(folder: Path, layers: dict[str, np.ndarray], resolution: str, form: str) -> dict[str, Asset]:
    """The layers as one netCDF file or as one GeoTIFF each; layer names are those of the settings."""
    lat, lon = axes(resolution)
    step = STEPS[resolution]
    if form == "nc":
        path = folder / "granule.nc"
        fields = {name.upper(): (("lat", "lon"), number.astype(np.uint8)) for name, number in layers.items()}
        xr.Dataset(fields, coords={"lat": lat, "lon": lon}).to_netcdf(path, engine="netcdf4")
        return {"file": Asset(path.as_uri())}
    corner = lon[0] - step / 2, lat[0] + step / 2
    paths = {name: write_tiff(folder / f"{name}.tiff", number, *corner, step, None) for name, number in layers.items()}
    return {name: Asset(path.as_uri()) for name, path in paths.items()}


def read(
    folder: Path, layers: dict[str, np.ndarray], resolution: str = "300 m", form: str = "cog", name: str = "", **changes
) -> xr.Dataset:
    parsed = parse_id(name or NAMES[resolution], "lai")
    assets = write(folder, layers, resolution, form)
    granule = GranuleRef(NAMES[resolution], "lai", parsed.nominal, parsed.version, parsed.revision, assets)
    product = LAI_DEFAULT.model_copy(update={"variant": form, **changes})
    found = clms_lai.read(AssetReader(ObservationSettings(), folder / "cache"), granule, product, GRID)
    assert found is not None
    return found


def constant(number: int, resolution: str = "300 m") -> np.ndarray:
    lat, lon = axes(resolution)
    return np.full((len(lat), len(lon)), number)


@pytest.mark.parametrize("form", ["cog", "nc"])
@pytest.mark.parametrize("resolution", ["300 m", "1 km"])
def test_a_constant_stays_a_constant_in_m2_m2(tmp_path: Path, resolution: str, form: str) -> None:
    layers = {"lai": constant(90, resolution), "rmse": constant(15, resolution), "nobs": constant(4, resolution)}
    found = read(tmp_path, layers, resolution, form)
    assert np.allclose(found["value"], 3.0) and np.allclose(found["uncertainty"], 0.5)
    assert found.attrs["units"] == "m2 m-2" and (found["flags"] == 0).all()
    assert np.allclose(found["count"], 100.0)


@pytest.mark.parametrize("resolution", ["300 m", "1 km"])
def test_a_slope_lies_where_the_pixel_centres_say(tmp_path: Path, resolution: str) -> None:
    """Centres on multiples of the step: half a pixel of error would be 0.5 numbers of 300 m, 1.5 of 1 km."""
    _, lon = axes(resolution)
    per_degree = 336.0
    ramp = np.round((lon - lon[0]) * per_degree) + 20.0
    layers = {"lai": np.repeat(ramp[None], len(axes(resolution)[0]), axis=0)}
    found = read(tmp_path, layers, resolution)
    expected = ((GRID.lon - lon[0]) * per_degree + 20.0) / 30.0
    assert np.abs(found["value"].mean("lat").values - expected).max() < 0.2 / 30.0


@pytest.mark.parametrize("form", ["cog", "nc"])
@pytest.mark.parametrize(
    ("layer", "number", "bit", "changes"),
    [
        ("lai", 255, 1, {}),
        ("lai", 211, 1, {}),
        ("nobs", 0, 2, {}),
        ("lbefore", 61, 4, {}),
        ("qflag", 6, 8, {"refused_quality_bits": 4}),
    ],
)
def test_refused_pixels_never_leak_into_a_cell(
    tmp_path: Path, form: str, layer: str, number: int, bit: int, changes: dict[str, int]
) -> None:
    """The western half says 7 m2 m-2 and is refused: cells of the east keep 1 m2 m-2, to the last bit."""
    west = axes("300 m")[1] < 4.15
    lai = constant(30)
    lai[:, west] = 210
    layers = {"lai": lai, "nobs": constant(5), "lbefore": constant(20), "qflag": constant(1)}
    layers[layer] = layers[layer].copy()
    layers[layer][:, west] = number
    found = read(tmp_path, layers, form=form, **changes)
    inside = GRID.lon < 4.14
    assert np.isnan(found["value"].values[:, inside]).all() and (found["flags"].values[:, inside] == bit).all()
    kept = found["value"].values[:, ~inside]
    assert np.nanmax(np.abs(kept - 1.0)) < 1e-12 and np.isfinite(kept[:, 2:]).all()


def test_the_other_netcdf_name_of_lbefore_is_known(tmp_path: Path) -> None:
    assert np.isnan(read(tmp_path, {"lai": constant(30), "length_before": constant(61)}, form="nc")["value"]).all()


def test_old_observations_and_quality_bits_count_only_as_the_settings_say(tmp_path: Path) -> None:
    layers = {"lai": constant(30), "lbefore": constant(100), "qflag": constant(255)}
    kept = read(tmp_path, layers, longest_lbefore_days=210)
    assert np.allclose(kept["value"], 1.0) and (kept["flags"] == 0).all()
    assert np.isnan(read(tmp_path, layers)["value"]).all()


def test_cells_with_too_little_covered_have_no_value(tmp_path: Path) -> None:
    lai = constant(255)
    lai[::3] = 30
    assert np.isfinite(read(tmp_path, {"lai": lai})["value"]).all()
    assert np.isnan(read(tmp_path, {"lai": lai}, least_covered=0.7)["value"]).all()


@pytest.mark.parametrize("name", ["c_gls_LAI300_201402200000_GLOBE_PROBAV_V1.0.1", *NAMES.values()])
def test_versions_1_and_2_are_understood(tmp_path: Path, name: str) -> None:
    assert np.allclose(read(tmp_path, {"lai": constant(60)}, name=name)["value"], 2.0)


def test_an_unknown_version_and_another_registration_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"versions 1 and 2 of the product, not 3\.0\.1"):
        read(tmp_path, {"lai": constant(60)}, name="c_gls_LAI300-RT0_202605100000_GLOBE_OLCI_V3.0.1")
    lat, lon = axes("300 m")
    path = write_tiff(tmp_path / "edge.tiff", constant(60), lon[0], lat[0], STEPS["300 m"], None)
    granule = GranuleRef(NAMES["300 m"], "lai", date(2026, 5, 10), (2, 0, 1), 6, {"lai": Asset(path.as_uri())})
    with pytest.raises(InputError, match="expected pixel centres on multiples"):
        clms_lai.read(AssetReader(ObservationSettings(), tmp_path), granule, LAI_DEFAULT, GRID)


@pytest.mark.server
@pytest.mark.parametrize(
    ("ids", "best"),
    [
        (["LAI300-RT0_202605100000_GLOBE_OLCI_V2.0.1", "LAI300-RT2_202605100000_GLOBE_OLCI_V2.0.1"], 2),
        (["LAI300-RT6_202605100000_GLOBE_OLCI_V2.0.1", "LAI300-RT1_202605100000_GLOBE_OLCI_V2.0.1"], 6),
        (["LAI300-RT6_202605100000_GLOBE_OLCI_V1.1.2", "LAI300-RT0_202605100000_GLOBE_OLCI_V2.0.1"], 0),
        (["LAI300_202605100000_GLOBE_PROBAV_V1.0.1", "LAI300-RT5_202605100000_GLOBE_PROBAV_V1.0.1"], FINAL_REVISION),
    ],
    ids=["RT2 over RT0", "RT6 over RT1", "version before revision", "no token is final"],
)
def test_the_best_revision_of_a_dekad_is_taken(scripted_server: ScriptedServer, ids: list[str], best: int) -> None:
    collection = LAI_DEFAULT.collection
    items = [item(f"c_gls_{name}_cog", "s3://eodata/x.tiff") | {"collection": collection} for name in ids]
    for entry in items:
        entry["assets"] = {"lai300_lai": {"href": "s3://eodata/x.tiff"}}
    serve_catalogue(scripted_server, items)
    settings = ObservationSettings(stac_url=scripted_server.url, ssm=None)
    (found,) = find_granules(settings, "lai", GRID, date(2026, 5, 10), date(2026, 5, 10))
    assert found.revision == best
