"""How the model part of a window scales: threads of one process, and Dask workers of one thread each.

`python -m tests.benchmarks.scaling` prints one JSON object a measurement. A measurement is what the filter asks of the
integrator in a window in which every cell is observed: open loop and background, then eight perturbed runs. Wall time
is only worth something on a quiet machine; core seconds, of this process and its workers, on a busy one too.
"""

import argparse
import json
import time
from functools import partial

import numpy as np
import psutil
from distributed import Client, LocalCluster

from ldas.grid import Columns
from ldas.model.forcing import FIELDS, Forcing
from ldas.model.options import ModelOptions
from ldas.model.parameters import Parameters
from ldas.model.state import State
from ldas.tiles import DaskIntegrator
from ldas.window import Integrator, integrate_here
from tests.benchmarks.test_record_size import lively_state, montpellier

MEMBERS = (2, 8)
HOURS = 24
STEPS = 288


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, nargs="+", default=[4, 16], help="rows of 139 cells")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--repeats", type=int, default=2)
    asked = parser.parse_args()
    for rows in asked.rows:
        domain = montpellier(rows)
        forcing = weather(domain.columns)
        states = [lively_state(domain, member, snow=False) for member in range(max(MEMBERS))]
        measure = partial(best_of, asked.repeats, domain.parameters, states, forcing)
        facts = {"cells": domain.grid.size, "columns": len(domain.columns)}
        for threads in asked.workers:
            used = measure(integrate_here, ModelOptions(threads=threads))
            print(json.dumps({**facts, "where": "threads", "workers": threads, **figures(used, facts)}), flush=True)
        for workers in asked.workers:
            with (
                LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=":0") as cluster,
                Client(cluster, set_as_default=False) as client,
            ):
                used = measure(DaskIntegrator(client), ModelOptions())
            moved = bytes_of(domain.parameters, states, forcing)
            told = {**facts, "where": "dask", "workers": workers, "bytes_a_column": round(moved / facts["columns"])}
            print(json.dumps({**told, **figures(used, facts)}), flush=True)


def best_of(
    repeats: int, parameters: Parameters, states: list[State], forcing: Forcing, run: Integrator, options: ModelOptions
) -> tuple[float, float]:
    """Least wall time and least core time of one window after one that warms up, s."""
    seconds = cores = np.inf
    for attempt in range(repeats + 1):
        begin, before = time.perf_counter(), core_seconds()
        for members in MEMBERS:
            run(parameters, states[:members], forcing, options)
        if attempt:
            seconds = min(seconds, time.perf_counter() - begin)
            cores = min(cores, core_seconds() - before)
    return seconds, cores


def core_seconds() -> float:
    """CPU time of this process and those it has started, s."""
    here = psutil.Process()
    times = [process.cpu_times() for process in (here, *here.children(recursive=True))]
    return sum(used.user + used.system for used in times)


def figures(used: tuple[float, float], facts: dict[str, int]) -> dict[str, float]:
    seconds, cores = used
    steps = facts["columns"] * STEPS * sum(MEMBERS)
    return {
        "seconds": round(seconds, 2),
        "core_seconds": round(cores, 2),
        "nanoseconds_a_column_step": round(1e9 * cores / steps),
    }


def bytes_of(parameters: Parameters, states: list[State], forcing: Forcing) -> int:
    """What is sent to the workers and comes back in a window."""
    state = sum(values.nbytes for values in states[0].as_dict().values())
    constant = sum(values.nbytes for values in parameters.as_dict().values())
    air = sum(getattr(forcing, name).nbytes for name in FIELDS)
    return len(MEMBERS) * (constant + air) + 2 * sum(MEMBERS) * state


def weather(columns: Columns) -> Forcing:
    """A mild spring day with a shower, a little different in each cell."""
    cells = columns.shape[0] * columns.shape[1]
    hours = np.arange(HOURS + 1)[:, None] + np.zeros(cells)
    day = np.clip(np.sin(np.pi * (hours - 6.0) / 12.0), 0.0, None)
    tair = 288.0 + 5.0 * np.sin(np.pi * (hours - 8.0) / 12.0) + np.random.default_rng(2).uniform(-2.0, 2.0, cells)
    records = {
        "tair": tair,
        "qair": 0.7 * 0.622 * 611.0 / 95000.0 * np.exp(17.3 * (tair - 273.16) / (tair - 35.9)),
        "wind_e": np.full_like(tair, 2.0),
        "wind_n": np.full_like(tair, 1.5),
        "psurf": np.full_like(tair, 95000.0),
        "rainf": np.where(np.abs(hours - 13.0) < 2.0, 4.0e-4, 0.0),
        "snowf": np.zeros_like(tair),
        "sw_direct": 500.0 * day,
        "sw_diffuse": 150.0 * day,
        "lwdown": 310.0 + 4.0 * (tair - 288.0),
        "co2air": np.full_like(tair, 7.5e-4),
    }
    return Forcing(start=np.datetime64("2026-05-01T18:00:00", "ns"), interval=3600.0, cell=columns.cell, **records)


if __name__ == "__main__":
    main()
