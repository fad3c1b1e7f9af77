"""Small granules with the producers' names and encodings, and a catalogue that lists them page by page."""

import hashlib
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import xarray as xr
from rasterio.transform import from_origin

from tests.servers import Answer, ScriptedServer

SSM_STEP = 1.0 / 112.0
SSM_NAME = "c_gls_SSM1km_202605100000_CEURO_S1CSAR_V1.2.1"
WEST, NORTH, ROWS, COLS = 440 * SSM_STEP, 4960 * SSM_STEP, 50, 60
COLLECTION = "clms_ssm_europe_1km_daily_v1_cog"
SSF_COLLECTION = "clms_swi_europe_1km_daily_v2_cog"


def ssm_axes(shift: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Pixel centres around the test grid; `shift` in pixels moves both axes off their registration."""
    lat = NORTH - (np.arange(ROWS) + 0.5 + shift) * SSM_STEP
    lon = WEST + (np.arange(COLS) + 0.5 + shift) * SSM_STEP
    return lat, lon


def write_tiff(path: Path, number: np.ndarray, west: float, north: float, step: float, scale: float | None) -> Path:
    """A tiled GeoTIFF of uint8 numbers; `scale` None leaves the tag out."""
    profile: dict[str, Any] = {"driver": "GTiff", "dtype": "uint8", "count": 1, "crs": "EPSG:4326", "nodata": 255}
    height, width = number.shape
    profile |= {"height": height, "width": width, "transform": from_origin(west, north, step, step)}
    with rasterio.open(path, "w", **profile) as target:
        target.write(number.astype(np.uint8), 1)
        if scale is not None:
            target.scales = (scale,)
    return path


def write_ssm(
    folder: Path, number: int = 100, scale: float | None = 0.5, shift: float = 0.0, turn: float = 0.0
) -> Path:
    """An SSM layer with one number everywhere, moved by `shift` pixels and `turn` degrees of longitude."""
    path = folder / f"{SSM_NAME.replace('SSM1km', 'SSM1km-SSM')}.tiff"
    west, north = WEST + shift * SSM_STEP + turn, NORTH - shift * SSM_STEP
    return write_tiff(path, np.full((ROWS, COLS), number), west, north, SSM_STEP, scale)


def write_ssm_netcdf(path: Path, number: np.ndarray, lat: np.ndarray, lon: np.ndarray, scale: float | None) -> Path:
    """The netCDF form: packed integers on (time, lat, lon), any direction of the axes."""
    attrs: dict[str, Any] = {} if scale is None else {"scale_factor": scale}
    field = xr.DataArray(number.astype(np.uint8)[None], dims=("time", "lat", "lon"), attrs=attrs)
    dataset = xr.Dataset({"ssm": field, "ssm_noise": field}, coords={"time": [0.5], "lat": lat, "lon": lon})
    dataset.to_netcdf(path, engine="netcdf4")
    return path


def write_ssf(folder: Path, code: np.ndarray) -> Path:
    """A surface state layer on the pixels of the SSM layer, with the generic scale that is not its own."""
    return write_tiff(folder / "ssf.tiff", code, WEST, NORTH, SSM_STEP, 0.5)


def ssf_item(nominal: date, href: str, version: str = "V2.1.1") -> dict[str, Any]:
    """A STAC item of one surface state layer; its `datetime` is the start of its content, the day before."""
    entry = item(f"c_gls_SWI1km_{nominal:%Y%m%d}1200_CEURO_SCATSAR_{version}_cog", href)
    entry["properties"] = {"datetime": f"{nominal - timedelta(days=1)}T12:00:01Z"}
    entry["assets"] = {"swi1km_ssf": {"href": href, "raster:scale": 0.5}}
    return entry | {"collection": SSF_COLLECTION}


def item(name: str, href: str, content: bytes | None = None, **asset: Any) -> dict[str, Any]:
    """A STAC item of one SSM asset; size and MD5 of `content` when given, `asset` adds or replaces fields."""
    stated = {} if content is None else {"file:size": len(content), "file:checksum": f"d50110{md5(content)}"}
    return {
        "type": "Feature",
        "stac_version": "1.1.0",
        "id": name,
        "collection": COLLECTION,
        "geometry": {"type": "Polygon", "coordinates": [[[-11, 35], [50, 35], [50, 72], [-11, 72], [-11, 35]]]},
        "bbox": [-11, 35, 50, 72],
        "properties": {"datetime": "2026-05-10T00:00:00Z"},
        "links": [],
        "assets": {"ssm1km_ssm": {"href": href, "raster:scale": 0.5, **stated, **asset}},
    }


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def serve_catalogue(server: ScriptedServer, *pages: list[dict[str, Any]] | Answer) -> None:
    """Answer a search with these pages, each with a next link but the last; an `Answer` stands for one failed try."""
    conforms = [
        "https://api.stacspec.org/v1.0.0/core",
        "https://api.stacspec.org/v1.0.0/item-search",
    ]
    search = {"rel": "search", "href": f"{server.url}/search", "type": "application/geo+json", "method": "GET"}
    links = [{"rel": "self", "href": f"{server.url}/"}, {"rel": "root", "href": f"{server.url}/"}, search]
    root = {"type": "Catalog", "stac_version": "1.1.0", "id": "test", "description": "test", "links": links}
    server.json("/", {**root, "conformsTo": conforms})
    server.script["/search"] = []
    failures = [page for page in pages if isinstance(page, Answer)]
    listed = [page for page in pages if not isinstance(page, Answer)]
    for number, features in enumerate(listed):
        last = number == len(listed) - 1
        following = [] if last else [{"rel": "next", "href": f"{server.url}/page{number + 1}", "method": "GET"}]
        document = {"type": "FeatureCollection", "features": features, "links": following}
        server.json(*([f"/page{number}"] if number else ["/search", *failures]), document)
    if not listed:
        server.json("/search", *failures)
