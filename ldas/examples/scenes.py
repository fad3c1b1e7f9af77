"""Real CLMS soil moisture granules on a disk as items of a STAC catalogue: netCDF files of the producer, unchanged."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import xarray as xr

from ldas.errors import InputError
from ldas.observations.granule import parse_id
from ldas.observations.settings import ProductSettings

COLLECTION_ID = "clms_ssm_europe_1km_daily_v1_nc"
PATTERN = "c_gls_SSM1km_*_S1CSAR_V*.nc"
PRODUCT = ProductSettings(
    reader="clms_ssm", collection=COLLECTION_ID, variant="nc", assets={"file": "ssm1km"}, search_margin_days=0
)
"""How a service reads the catalogue made here."""


@dataclass(frozen=True)
class SceneFile:
    """A granule's file and its nominal date."""

    path: Path
    nominal: date


def find_scenes(folder: Path) -> list[SceneFile]:
    """The granules in a folder in order of date; raises InputError when there is none."""
    found = [SceneFile(path, parse_id(path.stem, "ssm").nominal) for path in folder.glob(PATTERN)]
    if not found:
        raise InputError(f"{folder}: expected soil moisture granules named like {PATTERN}, found none")
    return sorted(found, key=lambda scene: scene.nominal)


def make_item(scene: SceneFile) -> dict[str, Any]:
    """The STAC item of a granule where it lies; its box is that of the file's own coordinates."""
    with xr.open_dataset(scene.path, engine="netcdf4", mask_and_scale=False, decode_times=False) as dataset:
        lat, lon = dataset["lat"].values, dataset["lon"].values
    half = abs(float(lat[1] - lat[0])) / 2
    west, east = float(lon.min()) - half, float(lon.max()) + half
    south, north = float(lat.min()) - half, float(lat.max()) + half
    content = scene.path.read_bytes()
    day = datetime(scene.nominal.year, scene.nominal.month, scene.nominal.day, tzinfo=UTC)
    return {
        "type": "Feature",
        "stac_version": "1.1.0",
        "id": f"{scene.path.stem}_nc",
        "collection": COLLECTION_ID,
        "geometry": {
            "type": "Polygon",
            "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]],
        },
        "bbox": [west, south, east, north],
        "properties": {
            "datetime": f"{day:%Y-%m-%dT%H:%M:%SZ}",
            "start_datetime": f"{day:%Y-%m-%dT%H:%M:%SZ}",
            "end_datetime": f"{day:%Y-%m-%dT23:59:59Z}",
        },
        "links": [],
        "assets": {
            PRODUCT.assets["file"]: {
                "href": scene.path.resolve().as_uri(),
                "type": "application/x-netcdf",
                "roles": ["data"],
                "file:size": len(content),
                "file:checksum": "d50110" + hashlib.md5(content, usedforsecurity=False).hexdigest(),
            }
        },
    }


def make_collection(scenes: Sequence[SceneFile]) -> dict[str, Any]:
    """The STAC collection of these granules."""
    return {
        "type": "Collection",
        "stac_version": "1.1.0",
        "id": COLLECTION_ID,
        "title": "CLMS surface soil moisture 1 km, Europe, daily, Sentinel-1: the granules of a local folder",
        "description": "Files of the Copernicus Land Monitoring Service as published, served where they lie.",
        "license": "other",
        "extent": {
            "spatial": {"bbox": [[-11.0, 35.0, 50.0, 72.0]]},
            "temporal": {
                "interval": [
                    [f"{scenes[0].nominal:%Y-%m-%d}T00:00:00Z", f"{scenes[-1].nominal:%Y-%m-%d}T23:59:59Z"],
                ]
            },
        },
        "links": [],
    }
