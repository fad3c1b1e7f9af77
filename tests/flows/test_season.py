"""A short season with a fault on most days; the whole one is `python -m tests.flows.season --days 90`."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.flows.prefect_server import ROOT
from tests.flows.season_faults import FAULTS, RECORD, WARM_UP, draw_faults

DAYS, SEED = 7, 8


@pytest.mark.slow
@pytest.mark.server
@pytest.mark.xdist_group("prefect")
def test_a_disturbed_week_ends_like_an_undisturbed_one(tmp_path: Path) -> None:
    command = ["--days", str(DAYS), "--seed", str(SEED), "--share", "1", "--record", "disk", "--folder", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.flows.season", *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the record equals the undisturbed one to the last bit" in done.stdout
    told = re.search(r"(\d+) triggers, (\d+) faults with effect", done.stdout)
    assert told and int(told[2]) >= 3, done.stdout


def test_every_kind_of_fault_occurs_in_a_season() -> None:
    faults = draw_faults(90, seed=1, share=0.6, of_record=True)
    assert {fault.name for fault in faults.values()} == {fault.name for fault in FAULTS}
    assert min(faults) > WARM_UP
    assert len(faults) == round(0.6 * (90 - WARM_UP))
    spared = [fault.spoiler.after for fault in faults.values() if fault.spoiler and fault.spoiler.path == RECORD]
    assert len(np.unique(spared)) > 1, "the record fails at different moments"


def test_a_record_on_disk_has_no_faults_of_its_store() -> None:
    faults = draw_faults(90, seed=1, share=0.6, of_record=False)
    assert not [fault for fault in faults.values() if fault.spoiler and fault.spoiler.path == RECORD]
