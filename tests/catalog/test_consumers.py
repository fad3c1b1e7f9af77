"""What consumers do with a publication: intake, xarray, STAC and plain objects, on disk, S3 and HTTP."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fsspec
import icechunk
import intake
import numpy as np
import pystac
import pytest
import xarray as xr

from ldas.products.publication import publish
from tests.catalog.http_server import serve
from tests.products.builders import build_source, settings_for
from tests.servers import S3Server

pytestmark = pytest.mark.server
NOW = datetime(2026, 2, 3, 21, tzinfo=UTC)
SOURCE = build_source(33)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A publication on disk, its V2 catalogue pointing at a small Icechunk repository."""
    root = tmp_path_factory.mktemp("publication")
    publish(replace(SOURCE, record=_small_record(root / "record")), settings_for(root / "public", image_days=1), NOW)
    return root / "public"


@pytest.fixture(scope="module")
def http(folder: Path) -> Iterator[str]:
    """The publication on disk behind an HTTP server, published again with that address."""
    with serve(folder) as url:
        settings = settings_for(folder, image_days=1, public_url=url)
        publish(replace(SOURCE, record=_small_record(folder.parent / "record")), settings, NOW)
        yield url


@pytest.fixture(scope="module")
def bucket(s3_server: S3Server) -> tuple[str, dict[str, Any]]:
    """A publication in a bucket, and the options with which strangers read it."""
    s3_server.make_bucket("public-test")
    uri = "s3://public-test/domain"
    options = {"endpoint_url": s3_server.url, "acl": "public-read", "image_days": 1, "tile": 8, "days_per_shard": 32}
    publish(SOURCE, settings_for("", uri=uri, **options), NOW)
    return uri, {"anon": True, "client_kwargs": {"endpoint_url": s3_server.url}}


def _small_record(folder: Path) -> dict[str, Any]:
    """A repository with the groups that the catalogue names, and how it is opened."""
    storage = icechunk.local_filesystem_storage(str(folder))
    if not icechunk.Repository.exists(storage):
        session = icechunk.Repository.create(storage).writable_session("main")
        for group in ("analysis", "diagnostics"):
            SOURCE.analysis[["lai"]].to_zarr(session.store, group=group, consolidated=False)
        session.commit("first")
    return {"storage": "local_filesystem", "options": {"path": str(folder)}}


def _assert_whole(daily: xr.Dataset, drought: xr.Dataset) -> None:
    np.testing.assert_array_equal(daily["lai"].values, SOURCE.analysis["lai"].values)
    np.testing.assert_array_equal(daily["wg"].isel(time=-1).values, SOURCE.analysis["wg"].values[-1])
    assert daily["time"].values[-1] == np.datetime64("2026-02-03T18:00")
    assert daily["n_ssm_obs"].attrs["units"] == "1" and np.isnan(daily["n_ssm_obs"].values[:, 0, 0]).all()
    assert drought.sizes["time"] == 3
    np.testing.assert_allclose(
        drought["rzsm"].values[1], daily["rzsm"].sel(time=slice("2026-01-11", "2026-01-20")).mean("time"), rtol=1e-6
    )


def _through_intake(url: str, **options: Any) -> tuple[xr.Dataset, xr.Dataset]:
    catalog = intake.open_catalog(f"{url}/catalog.yaml", **options)
    return catalog["analysis_daily"].to_dask(), catalog["drought_dekad"].to_dask()


def test_intake_from_disk(folder: Path) -> None:
    _assert_whole(*_through_intake(str(folder)))
    _assert_whole(*_through_intake(f"file://{folder}"))


def test_intake_over_http(http: str) -> None:
    _assert_whole(*_through_intake(http))


def test_intake_over_s3_without_keys(bucket: tuple[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    uri, options = bucket
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    _assert_whole(*_through_intake(uri, storage_options=options))


def test_intake_from_the_bucket_over_http(bucket: tuple[str, dict[str, Any]], s3_server: S3Server) -> None:
    _assert_whole(*_through_intake(f"{s3_server.url}/public-test/domain"))


@pytest.mark.filterwarnings("error")
def test_intake_chunks_fit_the_stored_ones(folder: Path) -> None:
    daily, _ = _through_intake(str(folder))
    assert daily["lai"].chunksizes["time"][0] == 8


def test_xarray_opens_each_address(folder: Path, http: str, bucket: tuple[str, dict[str, Any]]) -> None:
    uri, options = bucket
    for url, extra in ((str(folder), {}), (http, {}), (uri, {"storage_options": options})):
        _assert_whole(
            xr.open_zarr(f"{url}/analysis.zarr", **extra),  # type: ignore[arg-type]
            xr.open_zarr(f"{url}/drought.zarr", **extra),  # type: ignore[arg-type]
        )


@pytest.mark.parametrize("scheme", ["disk", "http"])
def test_second_generation_catalogue(folder: Path, http: str, scheme: str) -> None:
    catalog = intake.open_catalog(f"{folder if scheme == 'disk' else http}/catalog_v2.yaml")
    assert set(catalog) == {"analysis_daily", "drought_dekad", "record_analysis", "record_diagnostics"}
    np.testing.assert_array_equal(catalog["record_analysis"].read()["lai"], SOURCE.analysis["lai"])
    _assert_whole(catalog["analysis_daily"].read(), catalog["drought_dekad"].read())


def test_stac_items_open_through_xpystac(http: str, bucket: tuple[str, dict[str, Any]], s3_server: S3Server) -> None:
    from_bucket = f"{s3_server.url}/public-test/domain"
    for url in (http, from_bucket):
        catalog = pystac.Catalog.from_dict(_json(f"{url}/stac/catalog.json"))
        assert catalog.id == "test"
        opened = []
        for name in ("analysis-daily/analysis_daily", "drought-dekad/drought_dekad"):
            item = pystac.Item.from_dict(_json(f"{url}/stac/{name}.json"))
            assert item.assets["zarr"].media_type == "application/vnd+zarr" == pystac.MediaType.ZARR
            opened.append(xr.open_dataset(item.assets["zarr"], engine="stac"))
        _assert_whole(*opened)


def test_stac_maps_open_as_rasters(http: str) -> None:
    item = pystac.Item.from_dict(_json(f"{http}/stac/maps/maps-20260203.json"))
    assert item.assets["lai"].media_type == pystac.MediaType.COG
    raster = xr.open_dataset(item.assets["lai"], engine="stac")
    np.testing.assert_array_equal(raster["band_data"][0], SOURCE.analysis["lai"][-1])
    assert fsspec.open(item.assets["lai_quicklook"].href).open().read(4) == b"\x89PNG"


def test_static_stac_catalogue_is_linked_and_valid(folder: Path, http: str) -> None:
    catalog = pystac.Catalog.from_file(str(folder / "stac" / "catalog.json"))
    items = list(catalog.get_items(recursive=True))
    assert {collection.id for collection in catalog.get_children()} == {"analysis-daily", "drought-dekad", "maps"}
    assert len(items) == 4
    for item in items:
        assert item.get_collection() is not None and item.bbox == [4.0, 43.95, 4.06, 44.0]
    for document in (catalog, *catalog.get_children(), *items):
        core = document.to_dict(include_self_link=False, transform_hrefs=False) | {"stac_extensions": []}
        pystac.validation.validate_dict(core)


def test_data_cube_describes_the_store(folder: Path) -> None:
    for store, name in (("analysis", "analysis-daily/analysis_daily"), ("drought", "drought-dekad/drought_dekad")):
        properties = json.loads((folder / "stac" / f"{name}.json").read_text())["properties"]
        dataset = xr.open_zarr(folder / f"{store}.zarr")
        for variable, entry in properties["cube:variables"].items():
            assert tuple(entry["dimensions"]) == dataset[variable].dims
            assert entry["unit"] == dataset[variable].attrs["units"]
            assert set(entry["dimensions"]) <= set(properties["cube:dimensions"])
        south, north = properties["cube:dimensions"]["lat"]["extent"]
        assert south < float(dataset["lat"].min()) < float(dataset["lat"].max()) < north


def test_landing_page_and_status_are_readable_by_anybody(bucket: tuple[str, dict[str, Any]]) -> None:
    uri, options = bucket
    with fsspec.open(f"{uri}/index.html", **options) as page:
        text = page.read().decode()
    assert "quicklook/ssm_20260203.png" in text and f"{uri}/catalog.yaml" in text
    with fsspec.open(f"{uri}/status.json", **options) as file:
        status = json.load(file)
    assert status["last_cycle"] == "2026-02-03T18:00:00Z" and not status["late"]


def _json(url: str) -> dict[str, Any]:
    with fsspec.open(url) as file:
        return json.load(file)
