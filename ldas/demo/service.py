"""The demo world as a service sees it: files in an object store, a growing catalogue, and a profile naming both."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import fsspec
import xarray as xr
import yaml

from ldas.assimilation.settings import Experiment
from ldas.demo.granules import make_collection, make_item, write_scene
from ldas.demo.observing import scenes
from ldas.demo.servers import StacApi
from ldas.demo.world import World, forcing_settings, physiography_settings

BUCKET = "ldas-demo"


@dataclass(frozen=True)
class Arrival:
    """A catalogue item and when it is listed first."""

    when: datetime
    item: dict[str, Any]


def write_granules(world: World, truth: xr.Dataset, folder: Path, address: str) -> list[Arrival]:
    """Write all granules of the world below `folder`; their items point to the same paths below `address`."""
    return [
        Arrival(scene.arrives, make_item(scene, write_scene(scene, folder), address))
        for scene in scenes(world.grid, truth, world.seed)
    ]


def upload(folder: Path, endpoint_url: str, bucket: str = BUCKET) -> None:
    """Copy a folder to a bucket of an S3 endpoint, which is made."""
    fs = fsspec.filesystem("s3", client_kwargs={"endpoint_url": endpoint_url})
    fs.mkdir(bucket)
    fs.put(f"{folder}/", f"{bucket}/", recursive=True)


def serve_until(stac: StacApi, arrivals: Sequence[Arrival], now: datetime) -> int:
    """Serve the items that have arrived by `now`; returns how many."""
    items = [arrival.item for arrival in arrivals if arrival.when <= now]
    stac.serve([make_collection("ssm"), make_collection("lai")], items)
    return len(items)


def demo_profile(
    world: World, inputs: str, endpoint_url: str, stac_url: str, store: str, experiment: Experiment, domain: str
) -> str:
    """The YAML text of the demo's profile."""
    grid = world.grid
    physiography = physiography_settings(inputs).model_dump(mode="json", exclude_defaults=True)
    forcing = forcing_settings(inputs).model_dump(mode="json", exclude_defaults=True)
    content = {
        "domain": {
            "name": domain,
            "title": "Demo world on the Alès box" if domain == "ales" else f"Demo world on the {domain} box",
            "west": grid.west,
            "south": grid.south,
            "east": grid.east,
            "north": grid.north,
            "resolution": grid.resolution,
        },
        "window": {"start": world.start.strftime("%Y-%m-%dT%H:%M:%S")},
        "experiment": experiment,
        "assimilation": {"rescaling": {"refit": "dekadly"}},
        "physiography": {**physiography, "endpoint_url": endpoint_url},
        "forcing": {**forcing, "endpoint_url": endpoint_url},
        "observations": {"stac_url": stac_url, "endpoint_url": endpoint_url},
        "record": {"uri": f"{store}/record"},
        "publication": {
            "uri": f"{store}/public",
            "title": "Synthetic demonstration: soil moisture, vegetation and drought of a made-up world",
            "institution": "demo",
        },
    }
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
