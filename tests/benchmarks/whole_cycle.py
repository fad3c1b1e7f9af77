"""One cycle of a domain with observations in every cell, from its files to its publication, in a process of its own.

`python -m tests.benchmarks.whole_cycle --rows 101 --threads 2` prints one JSON object: seconds of each part of the
second cycle (the first warms up and separates analysis from open loop) and the peak memory of the process.
"""

import argparse
import json
import os
import resource
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from ldas.assimilation.rescaling import Method, RescalingParameters
from ldas.config import DomainSettings, Profile, RecordSettings, WindowSettings
from ldas.cycle import Service, make_cycle, open_service
from ldas.demo.granules import make_collection, make_item, write_scene
from ldas.demo.observing import LAI_STEP, SSM_STEP, Scene, centre_pixels, edge_pixels
from ldas.demo.servers import StacApi
from ldas.demo.world import World, forcing_settings, write_weather
from ldas.grid import Grid
from ldas.model.cold_start import cold_start
from ldas.model.options import ModelOptions
from ldas.observations.settings import ObservationSettings
from ldas.products.publication import publish
from ldas.products.settings import PublicationSettings
from ldas.products.source import record_source
from ldas.record import Domain, Record, state_configuration
from tests.benchmarks.test_record_size import montpellier

START = datetime(2026, 5, 15, 18, tzinfo=UTC)
CYCLES = 2


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=101, help="rows of the Montpellier grid, of 101")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ldas-bench-") as folder:
        print(json.dumps(measure(Path(folder), options.rows, options.threads)))


def measure(folder: Path, rows: int, threads: int) -> dict[str, object]:
    """Seconds of the parts of the last cycle, its counts, and the peak memory of this process in GiB."""
    os.environ["LDAS_CACHE"] = str(folder / "cache")
    domain = observable(montpellier(rows))
    stac = StacApi()
    try:
        serve_everywhere(stac, domain.grid, folder)
        service = start(domain, folder, stac.url, threads)
        for _ in range(CYCLES):
            seconds: dict[str, float] = {}
            begin, processor = time.perf_counter(), time.process_time()
            snapshot = service.record.load()
            seconds["load"] = time.perf_counter() - begin
            result = make_cycle(service, snapshot)
            seconds |= result.provenance.seconds
            committed = time.perf_counter()
            service.record.commit(result)
            seconds["commit"] = time.perf_counter() - committed
            published = time.perf_counter()
            publish(record_source(service.profile), service.profile.publication, result.time)
            seconds["publication"] = time.perf_counter() - published
            seconds["whole cycle"] = time.perf_counter() - begin
            processor = time.process_time() - processor
    finally:
        stac.close()
    return {
        "cells": domain.grid.size,
        "columns": len(domain.columns),
        "threads": threads,
        "seconds": seconds,
        "processor_seconds": processor,
        "ssm_used": result.provenance.summary["ssm_used"],
        "lai_used": result.provenance.summary["lai_used"],
        "peak_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }


def observable(domain: Domain) -> Domain:
    """The domain without towns, water and steep relief, so that every cell takes observations."""
    calm = {name: domain.maps[name] * 0.0 for name in ("slope", "urban_fraction", "water_fraction")}
    return Domain(domain.grid, domain.maps.assign(calm), domain.columns, domain.parameters)


def serve_everywhere(stac: StacApi, grid: Grid, folder: Path) -> None:
    """Granules of both products on every pixel for each cycle, as GeoTIFFs behind a STAC API, and the weather."""
    items = []
    lat, lon = edge_pixels(grid.south, grid.north, SSM_STEP)[::-1].copy(), edge_pixels(grid.west, grid.east, SSM_STEP)
    fine = centre_pixels(grid.south, grid.north, LAI_STEP)[::-1].copy(), centre_pixels(grid.west, grid.east, LAI_STEP)
    for index in range(CYCLES):
        end = START + timedelta(days=index + 1)
        rng = np.random.default_rng(index)
        ssm = rng.integers(90, 120, (len(lat), len(lon))).astype(np.uint8)
        lai = rng.integers(50, 70, (len(fine[0]), len(fine[1]))).astype(np.uint8)
        nine = np.full_like(lai, 9)
        for scene in (
            Scene("ssm", end.date(), 0, "V1.2.1", end, lat, lon, {"ssm": ssm, "noise": np.full_like(ssm, 16)}),
            Scene("lai", end.date(), 0, "V2.0.1", end, *fine, {"lai": lai, "rmse": nine, "nobs": nine}),
        ):
            items.append(make_item(scene, write_scene(scene, folder / "granules"), (folder / "granules").as_uri()))
    stac.serve([make_collection("ssm"), make_collection("lai")], items)
    write_weather(World(grid, START, CYCLES), folder, lambda stage, share: None)


def start(domain: Domain, folder: Path, stac_url: str, threads: int) -> Service:
    """A service with a new record whose rescaling takes the observations as they are."""
    grid = domain.grid
    profile = Profile(
        domain=DomainSettings(
            name="bench", west=grid.west, south=grid.south, east=grid.east, north=grid.north, resolution=grid.resolution
        ),
        window=WindowSettings(start=START),
        model=ModelOptions(threads=threads),
        observations=ObservationSettings(stac_url=stac_url),
        forcing=forcing_settings(str(folder)),
        record=RecordSettings(uri=f"file://{folder}/record"),
        publication=PublicationSettings(uri=f"file://{folder}/public"),
    )
    none = RescalingParameters.none(grid.size)
    known = {
        "method": np.full_like(none.method, Method.OWN_SEASON),
        "intercept": np.zeros_like(none.intercept),
        "slope": np.ones_like(none.slope),
    }
    rescaling = RescalingParameters(**{**vars(none), **known})
    state = cold_start(domain.parameters, profile.model, lai=1.8)
    Record.create(profile.record, domain, START, state, state_configuration(profile), rescaling)
    return open_service(profile)


if __name__ == "__main__":
    main()
