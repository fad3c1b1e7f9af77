"""The process of one trigger of the season: the daily flow as a worker starts it, forked with everything imported."""

import multiprocessing
import os
import sys
import time
from datetime import datetime
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path


def fork_server() -> ForkServerContext:
    """A context whose processes start with Prefect, the libraries and the compiled model."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        ["tests.cycle.warm_process", "prefect", "prefect.artifacts", "rasterio", "pystac_client", "s3fs", "matplotlib"]
    )
    return context


def start_daily(
    context: ForkServerContext, profile: Path, until: datetime, publish: bool, log: Path
) -> ForkServerProcess:
    """Start the daily flow up to `until`; its output and errors go to `log`."""
    process = context.Process(target=_run, args=(profile, until, publish, log))
    process.start()
    return process


def _run(profile: Path, until: datetime, publish: bool, log: Path) -> None:
    with log.open("a") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    sys.stdout = os.fdopen(1, "w", buffering=1)
    sys.stderr = os.fdopen(2, "w", buffering=1)
    from flows.daily import daily

    begin = time.perf_counter()
    committed = daily(str(profile), until=until, publish=publish)
    print(f"the run of {until:%Y-%m-%d} committed {committed} cycles in {time.perf_counter() - begin:.2f} s")
