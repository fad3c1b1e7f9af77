"""What consumers do with a publication: intake, xarray, STAC and plain objects, on disk, S3 and HTTP."""

import json
import subprocess
import sys
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
from tests.catalog.certificate import write_certificate
from tests.catalog.consumer import SOURCE, assert_whole, read_json, through_intake, through_stac
from tests.catalog.http_server import serve
from tests.products.builders import settings_for
from tests.servers import S3Server

pytestmark = pytest.mark.server
NOW = datetime(2026, 2, 3, 21, tzinfo=UTC)


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


def test_intake_from_disk(folder: Path) -> None:
    assert_whole(*through_intake(str(folder)))
    assert_whole(*through_intake(f"file://{folder}"))


def test_intake_over_http(http: str) -> None:
    assert_whole(*through_intake(http))


def test_every_way_over_https(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In processes of their own, because clients read the trusted certificates when they are loaded."""
    certificate, folder = write_certificate(tmp_path), tmp_path / "public"
    folder.mkdir()
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    consumer = [sys.executable, "-m", "tests.catalog.consumer"]
    with serve(folder, certificate) as url:
        publish(replace(SOURCE, record=_small_record(tmp_path / "record")), settings_for(folder, public_url=url), NOW)
        subprocess.run([*consumer, url], check=True, timeout=120)
        monkeypatch.delenv("SSL_CERT_FILE")
        stranger = subprocess.run([*consumer, url], check=False, capture_output=True, text=True, timeout=120)
    assert url.startswith("https://")
    assert stranger.returncode != 0 and "CERTIFICATE_VERIFY_FAILED" in stranger.stderr


def test_intake_over_s3_without_keys(bucket: tuple[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    uri, options = bucket
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert_whole(*through_intake(uri, storage_options=options))


def test_intake_from_the_bucket_over_http(bucket: tuple[str, dict[str, Any]], s3_server: S3Server) -> None:
    assert_whole(*through_intake(f"{s3_server.url}/public-test/domain"))


@pytest.mark.filterwarnings("error")
def test_intake_chunks_fit_the_stored_ones(folder: Path) -> None:
    daily, _ = through_intake(str(folder))
    assert daily["lai"].chunksizes["time"][0] == 8


def test_xarray_opens_each_address(folder: Path, http: str, bucket: tuple[str, dict[str, Any]]) -> None:
    uri, options = bucket
    for url, extra in ((str(folder), {}), (http, {}), (uri, {"storage_options": options})):
        assert_whole(
            xr.open_zarr(f"{url}/analysis.zarr", **extra),  # type: ignore[arg-type]
            xr.open_zarr(f"{url}/drought.zarr", **extra),  # type: ignore[arg-type]
        )


@pytest.mark.parametrize("scheme", ["disk", "http"])
def test_second_generation_catalogue(folder: Path, http: str, scheme: str) -> None:
    catalog = intake.open_catalog(f"{folder if scheme == 'disk' else http}/catalog_v2.yaml")
    assert set(catalog) == {"analysis_daily", "drought_dekad", "record_analysis", "record_diagnostics"}
    np.testing.assert_array_equal(catalog["record_analysis"].read()["lai"], SOURCE.analysis["lai"])
    assert_whole(catalog["analysis_daily"].read(), catalog["drought_dekad"].read())


def test_stac_items_open_through_xpystac(http: str, bucket: tuple[str, dict[str, Any]], s3_server: S3Server) -> None:
    from_bucket = f"{s3_server.url}/public-test/domain"
    for url in (http, from_bucket):
        catalog = pystac.Catalog.from_dict(read_json(f"{url}/stac/catalog.json"))
        assert catalog.id == "test"
        assert_whole(*through_stac(url))


def test_stac_maps_open_as_rasters(http: str) -> None:
    item = pystac.Item.from_dict(read_json(f"{http}/stac/maps/maps-20260203.json"))
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
