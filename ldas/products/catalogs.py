"""Catalogues of a publication (intake, STAC, landing page, `status.json`), filled from the templates in `catalog/`."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jinja2
from markupsafe import Markup

from ldas import __version__
from ldas.dekads import DEKADS_PER_YEAR, Dekad
from ldas.grid import Grid
from ldas.products.attributes import product_status
from ldas.products.image_sets import ImageSet
from ldas.products.settings import PublicationSettings
from ldas.products.source import Source, midnight
from ldas.products.target import CONTENT_TYPES, Target
from ldas.variables import Variable, variables

STATUS = "status.json"
ZARR_MEDIA_TYPE = "application/vnd+zarr"
DATACUBE = "https://stac-extensions.github.io/datacube/v2.2.0/schema.json"
ZARR = "https://stac-extensions.github.io/zarr/v1.0.0/schema.json"


@dataclass(frozen=True)
class StoreEntry:
    """A published Zarr store as catalogues see it."""

    entry: str
    path: str
    description: str
    rows: dict[str, Variable]
    chunks: dict[str, int]
    start: datetime
    end: datetime
    step: str | None


def write(
    target: Target,
    source: Source,
    settings: PublicationSettings,
    dekads: list[Dekad],
    images: list[ImageSet],
    now: datetime,
) -> None:
    """Write every catalogue and, last of all, `status.json`."""
    address = (settings.public_url or target.address).rstrip("/")
    stores = store_entries(source, settings, dekads)
    status = status_of(source, settings, dekads, now)
    context: dict[str, Any] = {
        "name": source.name,
        "title": f"{settings.title} ({source.name})",
        "description": "Daily soil moisture and vegetation at one kilometre from ISBA-A-gs and satellite observations, "
        "and the drought layers made from them",
        "licence": settings.licence,
        "institution": settings.institution,
        "address": address,
        "stores": stores,
        "entries": _v2_entries(source, stores),
        "status": status,
        "newest": _newest(images),
        "bbox": _bbox(source.grid),
        "geometry": _geometry(source.grid),
    }
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("catalog", ""),
        autoescape=jinja2.select_autoescape(("html.j2",)),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # The default filter escapes for HTML; catalogues are read by parsers.
    environment.filters["tojson"] = lambda value: Markup(json.dumps(value, ensure_ascii=False))
    for name in ("catalog.yaml", "catalog_v2.yaml", "index.html"):
        target.write_changed(name, environment.get_template(f"{name}.j2").render(context).encode())
    _write_stac(target, environment, context, source, settings, images)
    target.write(STATUS, json.dumps(status, indent=2).encode())


def store_entries(source: Source, settings: PublicationSettings, dekads: list[Dekad]) -> list[StoreEntry]:
    """The stores that hold something; a dask chunk is a whole shard, of which a map or a pixel reads only its part."""
    tile = {"lat": settings.tile, "lon": settings.tile}
    entries = [
        StoreEntry(
            "analysis_daily",
            "analysis.zarr",
            "Daily soil moisture of all layers, root zone, leaf area index, increments and observation counts",
            variables("analysis") | variables("product"),
            {"time": settings.days_per_shard} | tile,
            source.times[0] - timedelta(days=1),
            source.times[-1],
            "P1D",
        )
    ]
    if dekads:
        entries.append(
            StoreEntry(
                "drought_dekad",
                "drought.zarr",
                "Dekad means, standardised anomalies, percentiles and drought classes",
                variables("drought"),
                {"time": DEKADS_PER_YEAR} | tile,
                midnight(dekads[0].first_day),
                midnight(dekads[-1].shift(1).first_day),
                None,
            )
        )
    return entries


def expected_cycle(now: datetime, window_hour: int) -> datetime:
    """End of the newest window that is over at `now`."""
    end = now.replace(hour=window_hour, minute=0, second=0, microsecond=0)
    return end if end <= now else end - timedelta(days=1)


def status_of(source: Source, settings: PublicationSettings, dekads: list[Dekad], now: datetime) -> dict[str, Any]:
    """`status.json`: the last cycle, how fresh it is against the one due, what was degraded, and counts."""
    last = source.cycles[-1]
    expected = expected_cycle(now, last.time.hour)
    behind = (expected - last.time) / timedelta(hours=1)
    recent = source.cycles[-settings.consolidation_days :]
    return {
        "domain": source.name,
        "experiment": source.experiment,
        "code_version": __version__,
        "record_identity": source.identity,
        "published_at": _iso(now),
        "first_cycle": _iso(source.times[0]),
        "last_cycle": _iso(last.time),
        "expected_cycle": _iso(expected),
        "hours_behind": behind,
        "late": behind > settings.maximum_age_hours,
        "product_status": product_status(source.days[-1], settings),
        "degraded": list(last.degraded),
        "degraded_days": {_iso(cycle.time): list(cycle.degraded) for cycle in recent if cycle.degraded},
        "last_dekad": f"{dekads[-1].first_day:%Y-%m-%d}" if dekads else None,
        "counts": {
            "days": len(source.cycles),
            "dekads": len(dekads),
            "cells": source.grid.size,
            "land_cells": source.land_cells,
            "observations_used": len(last.observations),
        },
        "summary": last.summary,
    }


def _v2_entries(source: Source, stores: list[StoreEntry]) -> list[dict[str, Any]]:
    entries = [
        {
            "name": store.entry,
            "datatype": "intake.readers.datatypes:Zarr",
            "kwargs": {"url": f"{{CATALOG_DIR}}/{store.path}", "storage_options": None, "root": ""},
            "description": store.description,
        }
        for store in stores
    ]
    if source.record is None:
        return entries
    for group in ("analysis", "diagnostics"):
        entries.append(
            {
                "name": f"record_{group}",
                "datatype": "intake.readers.datatypes:IcechunkRepo",
                "kwargs": {
                    "url": source.record["storage"],
                    "storage_options": source.record["options"],
                    "root": group,
                    "ref": "main",
                },
                "description": f"The record itself ({group}): a snapshot, never between two states",
            }
        )
    return entries


def _newest(images: list[ImageSet]) -> list[ImageSet]:
    """The last set of days and of dekads."""
    last = {images_of.names: images_of for images_of in images}
    return list(last.values())


def _write_stac(
    target: Target,
    environment: jinja2.Environment,
    context: dict[str, Any],
    source: Source,
    settings: PublicationSettings,
    images: list[ImageSet],
) -> None:
    address = context["address"]
    collections = [_cube_collection(store, source, settings, address) for store in context["stores"]]
    if images:
        collections.append(_map_collection(images, address))
    for collection in collections:
        scope = context | {"collection": collection}
        for item in collection["entries"]:
            text = environment.get_template("stac/item.json.j2").render(scope | {"item": item})
            target.write_changed(f"stac/{collection['id']}/{item['id']}.json", _pretty(text))
        text = environment.get_template("stac/collection.json.j2").render(scope)
        target.write_changed(f"stac/{collection['id']}/collection.json", _pretty(text))
    text = environment.get_template("stac/catalog.json.j2").render(context | {"collections": collections})
    target.write_changed("stac/catalog.json", _pretty(text))
    kept = {f"stac/{c['id']}/{item['id']}.json" for c in collections for item in c["entries"]}
    kept |= {f"stac/{c['id']}/collection.json" for c in collections} | {"stac/catalog.json"}
    for name in target.names("stac"):
        if name not in kept:
            target.delete(name)


def _cube_collection(store: StoreEntry, source: Source, settings: PublicationSettings, address: str) -> dict[str, Any]:
    asset: dict[str, Any] = {
        "href": f"{address}/{store.path}",
        "type": ZARR_MEDIA_TYPE,
        "title": store.description,
        "roles": ["data"],
        "zarr:consolidated": True,
        "zarr:node_type": "group",
        "zarr:zarr_format": 3,
    }
    if address.startswith("s3://"):
        # xpystac reads with these; anonymous readers are whom the catalogue is for.
        options: dict[str, Any] = {"anon": True}
        if settings.endpoint_url:
            options["client_kwargs"] = {"endpoint_url": settings.endpoint_url}
        asset["xarray:storage_options"] = options
    cube = _cube(store, source)
    interval = {"start": _iso(store.start), "end": _iso(store.end)}
    item = {
        "id": store.entry,
        "extensions": [DATACUBE, ZARR],
        "properties": {
            "title": store.description,
            "datetime": None,
            "start_datetime": interval["start"],
            "end_datetime": interval["end"],
            "cube:dimensions": cube["dimensions"],
            "cube:variables": cube["variables"],
        },
        "assets": {"zarr": asset},
    }
    return {
        "id": store.entry.replace("_", "-"),
        "title": store.description,
        "description": store.description,
        "extensions": [DATACUBE, ZARR],
        "cube": cube,
        "asset": asset,
        "entries": [item],
        **interval,
    }


def _cube(store: StoreEntry, source: Source) -> dict[str, Any]:
    """`cube:dimensions` and `cube:variables` of the datacube extension."""
    grid = source.grid
    west, south, east, north = _bbox(grid)
    dimensions: dict[str, Any] = {
        "time": {"type": "temporal", "extent": [_iso(store.start), _iso(store.end)], "step": store.step},
        "lat": {
            "type": "spatial",
            "axis": "y",
            "extent": [south, north],
            "step": -grid.resolution,
            "reference_system": 4326,
        },
        "lon": {
            "type": "spatial",
            "axis": "x",
            "extent": [west, east],
            "step": grid.resolution,
            "reference_system": 4326,
        },
    }
    if any("depth" in row.dims for row in store.rows.values()):
        depth = [float(value) for value in source.depth_bounds.mean(axis=1)]
        dimensions["depth"] = {
            "type": "spatial",
            "axis": "z",
            "values": depth,
            "unit": "m",
            "description": "middle of the soil layer, positive down",
        }
    layers = {
        name: {"type": "data", "dimensions": list(row.dims), "description": row.description, "unit": row.units}
        for name, row in store.rows.items()
    }
    return {"dimensions": dimensions, "variables": layers}


def _map_collection(images: list[ImageSet], address: str) -> dict[str, Any]:
    items = []
    for each in images:
        assets: dict[str, Any] = {}
        for name in each.names:
            assets[name] = {
                "href": f"{address}/cog/{name}_{each.stem}.tif",
                "type": CONTENT_TYPES[".tif"],
                "title": name,
                "roles": ["data"],
            }
            assets[f"{name}_quicklook"] = {
                "href": f"{address}/quicklook/{name}_{each.stem}.png",
                "type": "image/png",
                "title": f"{name}, map",
                "roles": ["overview"],
            }
        items.append(
            {
                "id": f"maps-{each.stem.replace('_', '-')}",
                "extensions": [],
                "properties": {
                    "title": each.label,
                    "datetime": _iso(each.end),
                    "start_datetime": _iso(each.start),
                    "end_datetime": _iso(each.end),
                },
                "assets": assets,
            }
        )
    return {
        "id": "maps",
        "title": "Cloud-optimised GeoTIFFs of the newest days and dekads",
        "description": "Headline layers as cloud-optimised GeoTIFFs with overviews, and their quicklooks",
        "extensions": [],
        "cube": None,
        "entries": items,
        "start": _iso(min(each.start for each in images)),
        "end": _iso(max(each.end for each in images)),
    }


def _bbox(grid: Grid) -> list[float]:
    """[west, south, east, north] of the cells' edges."""
    half = grid.resolution / 2
    edges = (grid.lon[0] - half, grid.lat[-1] - half, grid.lon[-1] + half, grid.lat[0] + half)
    return [round(float(edge), 6) for edge in edges]


def _geometry(grid: Grid) -> dict[str, Any]:
    west, south, east, north = _bbox(grid)
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def _iso(when: datetime) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%SZ}"


def _pretty(text: str) -> bytes:
    """JSON text laid out again, which also proves that the template made JSON."""
    return json.dumps(json.loads(text), indent=2, ensure_ascii=False).encode()
