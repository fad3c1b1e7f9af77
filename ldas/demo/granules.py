"""Granules and STAC items of the demo world in the true encodings of the products (data document §§1.3, 1.5).

Cloud-optimised GeoTIFFs with the producers' names, integer scaling, flags and grids; items with the properties, asset
keys, sizes and MD5 multihashes of the real catalogue. The 300 m LAI asset keys are the ones clients guess (§1.5).
"""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.transform import from_origin

from ldas.dekads import Dekad
from ldas.demo.observing import Scene

COLLECTIONS = {"ssm": "clms_ssm_europe_1km_daily_v1_cog", "lai": "clms_lai_global_300m_10daily_v2_cog"}
FOLDERS = {
    "ssm": "CLMS/bio-geophysical/surface_soil_moisture/ssm_europe_1km_daily_v1",
    "lai": "CLMS/bio-geophysical/vegetation_properties/lai_global_300m_10daily_v2",
}
SCALES = {"ssm": 0.5, "noise": 0.5, "lai": 1.0 / 30.0, "rmse": 1.0 / 30.0, "nobs": 1.0}
ASSET_PREFIX = {"ssm": "ssm1km", "lai": "lai300"}
NODATA = 255


def item_id(scene: Scene) -> str:
    """The producer's name of the granule, with the `_cog` of the catalogue."""
    stamp = f"{scene.nominal:%Y%m%d}0000"
    if scene.product == "ssm":
        return f"c_gls_SSM1km_{stamp}_CEURO_S1CSAR_{scene.version}_cog"
    return f"c_gls_LAI300-RT{scene.revision}_{stamp}_GLOBE_OLCI_{scene.version}_cog"


def file_name(scene: Scene, layer: str) -> str:
    """Name of one layer's GeoTIFF: the layer stands behind the product's name."""
    product = "SSM1km" if scene.product == "ssm" else "LAI300"
    name = item_id(scene).removesuffix("_cog")
    return name.replace(f"c_gls_{product}", f"c_gls_{product}-{layer.upper()}", 1) + ".tiff"


def folder_of(scene: Scene) -> str:
    """Folder of the granule's files below the bucket."""
    return f"{FOLDERS[scene.product]}/{scene.nominal:%Y/%m/%d}/{item_id(scene)}"


def write_scene(scene: Scene, root: Path) -> dict[str, Path]:
    """Write the layers of a scene below `root` and return their files by layer."""
    folder = root / folder_of(scene)
    folder.mkdir(parents=True, exist_ok=True)
    step = float(scene.lon[1] - scene.lon[0])
    corner = from_origin(scene.lon[0] - step / 2, scene.lat[0] + step / 2, step, step)
    files = {}
    for layer, number in scene.layers.items():
        files[layer] = folder / file_name(scene, layer)
        with rasterio.open(
            files[layer],
            "w",
            driver="COG",
            dtype="uint8",
            count=1,
            height=number.shape[0],
            width=number.shape[1],
            crs="EPSG:4326",
            transform=corner,
            nodata=NODATA,
            overviews="NONE",
        ) as target:
            target.write(number.astype(np.uint8), 1)
            target.scales = (SCALES[layer],)
    return files


def make_item(scene: Scene, files: dict[str, Path], address: str) -> dict[str, Any]:
    """The STAC item of a written scene whose files are served below `address` (an fsspec URL without a last slash)."""
    start, end = _content_period(scene)
    step = float(scene.lon[1] - scene.lon[0])
    west, south = float(scene.lon[0]) - step / 2, float(scene.lat[-1]) - step / 2
    east, north = float(scene.lon[-1]) + step / 2, float(scene.lat[0]) + step / 2
    assets = {}
    for layer, path in files.items():
        content = path.read_bytes()
        assets[f"{ASSET_PREFIX[scene.product]}_{layer}"] = {
            "href": f"{address}/{folder_of(scene)}/{path.name}",
            "type": "image/tiff; application=geotiff; profile=cloud-optimized",
            "roles": ["data"],
            "data_type": "uint8",
            "nodata": NODATA,
            "raster:scale": SCALES[layer],
            "proj:shape": list(scene.layers[layer].shape),
            "proj:transform": [step, 0.0, west, 0.0, -step, north],
            "file:size": len(content),
            "file:checksum": "d50110" + hashlib.md5(content, usedforsecurity=False).hexdigest(),
        }
    return {
        "type": "Feature",
        "stac_version": "1.1.0",
        "id": item_id(scene),
        "collection": COLLECTIONS[scene.product],
        "geometry": {
            "type": "Polygon",
            "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]],
        },
        "bbox": [west, south, east, north],
        "properties": {
            "datetime": _stamp(start),
            "start_datetime": _stamp(start),
            "end_datetime": _stamp(end),
            "published": _stamp(scene.arrives),
            "processing:version": scene.version.removeprefix("V"),
            "gsd": 1000 if scene.product == "ssm" else 300,
            "proj:code": "EPSG:4326",
        },
        "links": [],
        "assets": assets,
    }


def make_collection(product: str) -> dict[str, Any]:
    """The STAC collection of a product."""
    return {
        "type": "Collection",
        "stac_version": "1.1.0",
        "id": COLLECTIONS[product],
        "title": f"Synthetic {product.upper()} of the demo world in the encoding of {COLLECTIONS[product]}",
        "description": "Drawn from the demo world's nature run; not a Copernicus product.",
        "license": "other",
        "extent": {
            "spatial": {"bbox": [[-180.0, -90.0, 180.0, 90.0]]},
            "temporal": {"interval": [["2014-01-01T00:00:00Z", None]]},
        },
        "links": [],
    }


def _content_period(scene: Scene) -> tuple[datetime, datetime]:
    """First and last instant of a granule: its day, or the dekad that its date ends."""
    day = datetime(scene.nominal.year, scene.nominal.month, scene.nominal.day, tzinfo=UTC)
    last = day + timedelta(hours=23, minutes=59, seconds=59)
    if scene.product == "ssm":
        return day, last
    first = Dekad.of(scene.nominal).first_day
    return datetime(first.year, first.month, first.day, tzinfo=UTC), last


def _stamp(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
