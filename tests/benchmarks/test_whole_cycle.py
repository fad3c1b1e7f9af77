"""The whole cycle of the Montpellier grid with observations everywhere; scaling with cells and threads."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]

ROOT = Path(__file__).resolve().parents[2]
ROWS, HALF = 101, 50
READ_AND_WRITE = ("load", "forcing", "observations", "commit", "publication")


def measured(rows: int, threads: int) -> dict:
    command = [sys.executable, "-m", "tests.benchmarks.whole_cycle", "--rows", str(rows), "--threads", str(threads)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=1700)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_whole_cycle(add_row: Callable[..., None]) -> None:
    found = {case: measured(*case) for case in ((ROWS, 2), (ROWS, 1), (HALF, 2))}
    whole = found[ROWS, 2]
    assert whole["cells"] == 139 * ROWS
    assert min(whole["ssm_used"], whole["lai_used"]) > 0.999 * whole["cells"]
    seconds, part = whole["seconds"], f"cycle of {whole['cells']} cells"
    add_row(part, "columns, observed everywhere", str(whole["columns"]))
    for name, value in seconds.items():
        add_row(part, f"{name}, 2 threads", f"{value:.2f} s", "60 s" if name == "whole cycle" else "")
    add_row(part, "processor time of all threads", f"{whole['processor_seconds']:.1f} s")
    share = sum(seconds[name] for name in READ_AND_WRITE) / seconds["whole cycle"]
    add_row(part, "share of reading and writing", f"{100 * share:.0f} %")
    add_row(part, "peak memory", f"{whole['peak_gib']:.2f} GiB", "4 GiB")
    core = {case: run["seconds"]["integration and analysis"] for case, run in found.items()}
    add_row(part, "integration, 1 thread / 2 threads", f"{core[ROWS, 1] / core[ROWS, 2]:.2f}", "2")
    cells = whole["cells"] / found[HALF, 2]["cells"]
    add_row(part, f"integration, {cells:.2f} x the cells", f"x {core[ROWS, 2] / core[HALF, 2]:.2f}", f"x {cells:.2f}")
