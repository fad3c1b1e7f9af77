"""Processes that run `ldas run` on the small world and may be killed or raced."""

import multiprocessing
import os
import sys
from collections.abc import Mapping
from datetime import datetime
from multiprocessing.context import ForkServerContext, ForkServerProcess
from multiprocessing.synchronize import Barrier
from pathlib import Path

import yaml

import ldas.cycle
from ldas.cli import main
from ldas.config import Profile
from ldas.observations import Observations
from tests.cycle.world import draw_observations


def fork_server() -> ForkServerContext:
    """A context whose processes start with everything imported and compiled."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.cycle.warm_process"])
    return context


def start_run(
    context: ForkServerContext,
    profile: Profile,
    until: datetime,
    folder: Path,
    environ: Mapping[str, str],
    barrier: Barrier | None = None,
) -> ForkServerProcess:
    """Start `ldas run --until`; its standard error goes to `folder`. A barrier is met between load and commit."""
    path = folder / "profile.yaml"
    path.write_text(yaml.safe_dump(profile.model_dump(mode="json")), encoding="utf-8")
    arguments = ["ldas", "run", str(path), "--until", f"{until:%Y-%m-%dT%H}"]
    process = context.Process(target=_run, args=(arguments, dict(environ), folder, barrier))
    process.start()
    return process


def _run(arguments: list[str], environ: dict[str, str], folder: Path, barrier: Barrier | None) -> None:
    os.environ.update(environ)

    def observe(settings: object, grid: object, t0: datetime, t1: datetime, cache: object) -> Observations:
        if barrier is not None:
            barrier.wait()
        return draw_observations(grid, t1, 1)  # type: ignore[arg-type]

    ldas.cycle.collect = observe
    sys.argv = arguments
    with (folder / f"{os.getpid()}.err").open("w") as errors, (folder / f"{os.getpid()}.out").open("w") as output:
        sys.stderr, sys.stdout = errors, output
        main()
