"""`kill -9` at any moment loses at most the cycle under way: the record is whole, and resuming gives the same bits.

`LDAS_KILLS` sets the number of kills (100 in the acceptance run).
"""

import os
import shutil
import time
from pathlib import Path

import numpy as np
import pytest

from ldas.config import Profile, RecordSettings
from ldas.demo.servers import KEYS
from ldas.record import Record
from ldas.record.storage import local_path
from ldas.record.template import SERIES, check_layout, layout
from tests.cycle.conftest import DAYS
from tests.cycle.test_cycle import assert_same_record
from tests.cycle.victim import fork_server, start_run
from tests.cycle.world import day, start_service
from tests.servers import S3Server

KILLS = int(os.environ.get("LDAS_KILLS", "6"))


@pytest.mark.slow
def test_killed_on_disk(finished: Profile, profile: Profile, tmp_path: Path, cache: Path) -> None:
    start_service(profile)
    fresh = tmp_path / "fresh"
    path = local_path(profile.record)
    assert path is not None
    shutil.copytree(path, fresh)

    def renew() -> Profile:
        shutil.rmtree(path)
        shutil.copytree(fresh, path)
        return profile

    kill_many_times(profile, renew, Record.open(finished.record), tmp_path, {"LDAS_CACHE": str(cache)})


@pytest.mark.slow
@pytest.mark.server
def test_killed_on_s3(finished: Profile, profile: Profile, tmp_path: Path, cache: Path, s3_server: S3Server) -> None:
    made = 0

    def renew() -> Profile:
        nonlocal made
        made += 1
        bucket = s3_server.make_bucket(f"{tmp_path.name.replace('_', '-').lower()}-{made}")
        record = RecordSettings(uri=f"s3://{bucket}/record", endpoint_url=s3_server.url)
        on_s3 = profile.model_copy(update={"record": record})
        start_service(on_s3)
        return on_s3

    environ = {"LDAS_CACHE": str(cache), **KEYS}
    kill_many_times(renew(), renew, Record.open(finished.record), tmp_path, environ)


def kill_many_times(profile: Profile, renew: object, reference: Record, folder: Path, environ: dict[str, str]) -> None:
    """Kill runs at random moments, checking the record after each; then let one finish and compare every bit."""
    context, random = fork_server(), np.random.default_rng(9)
    seconds = seconds_of_a_cycle(context, profile, folder, environ)
    profile = renew()  # type: ignore[operator]
    killed = interrupted = 0
    while killed < KILLS:
        process = start_run(context, profile, day(DAYS), folder, environ)
        process.join(random.uniform(0.0, 1.5 * seconds))
        if process.is_alive():
            process.kill()
            process.join()
            killed += 1
        else:
            assert process.exitcode == 0, "\n".join(path.read_text() for path in folder.glob("*.err"))
        cycles = check_whole(Record.open(profile.record), reference)
        interrupted += 0 < cycles < DAYS
        if cycles == DAYS and killed < KILLS:
            assert_same_record(Record.open(profile.record), reference)
            profile = renew()  # type: ignore[operator]
    process = start_run(context, profile, day(DAYS), folder, environ)
    process.join()
    assert process.exitcode == 0
    assert interrupted > 0, "no kill fell between two cycles: nothing was tested"
    assert_same_record(Record.open(profile.record), reference)


def seconds_of_a_cycle(context: object, profile: Profile, folder: Path, environ: dict[str, str]) -> float:
    """Wall time of starting a process that runs one cycle, the first process left out."""
    found = 0.0
    for number in (1, 2):
        begin = time.monotonic()
        process = start_run(context, profile, day(number), folder, environ)  # type: ignore[arg-type]
        process.join()
        assert process.exitcode == 0, "\n".join(path.read_text() for path in folder.glob("*.err"))
        found = time.monotonic() - begin
    return found


def check_whole(record: Record, reference: Record) -> int:
    """The record holds whole cycles only, each with the reference's bits; returns how many."""
    snapshot = record.load()
    root = record.root()
    check_layout(record.settings.uri, root, layout(record.domain, snapshot.analysis.snow_layers), snapshot.cycles)
    assert {root[f"{group}/time"].shape[0] for group in SERIES} == {snapshot.cycles}  # type: ignore[union-attr]
    expected = reference.load(reference.commit_of(snapshot.time))
    assert snapshot.cycles == expected.cycles
    assert snapshot.analysis.equals(expected.analysis)
    assert snapshot.open_loop.equals(expected.open_loop)
    assert [entry.time for entry in record.cycles()] == [day(k) for k in range(1, snapshot.cycles + 1)]
    return snapshot.cycles
