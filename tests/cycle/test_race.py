"""Two processes on one domain: one commit a cycle, and the slower one says so and ends with its own code."""

import os
from pathlib import Path

import pytest

from ldas.config import Profile, RecordSettings
from ldas.demo.servers import KEYS
from ldas.errors import CommitConflict
from ldas.record import Record
from tests.cycle.victim import fork_server, start_run
from tests.cycle.world import day, make_profile, start_service, write_world
from tests.servers import S3Server

RACES = int(os.environ.get("LDAS_RACES", "4"))


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    """A world with one window a race."""
    folder = tmp_path / "world"
    folder.mkdir()
    return make_profile(folder, write_world(folder, RACES))


@pytest.mark.slow
def test_two_processes_on_disk(profile: Profile, tmp_path: Path, cache: Path) -> None:
    start_service(profile)
    race(profile, tmp_path, {"LDAS_CACHE": str(cache)})


@pytest.mark.slow
@pytest.mark.server
def test_two_processes_on_s3(profile: Profile, tmp_path: Path, cache: Path, s3_server: S3Server) -> None:
    bucket = s3_server.make_bucket(tmp_path.name.replace("_", "-").lower())
    record = RecordSettings(uri=f"s3://{bucket}/record", endpoint_url=s3_server.url)
    on_s3 = profile.model_copy(update={"record": record})
    start_service(on_s3)
    race(on_s3, tmp_path, {"LDAS_CACHE": str(cache), **KEYS})


def race(profile: Profile, folder: Path, environ: dict[str, str]) -> None:
    """Both processes load the same state, wait for each other, and go on to commit the next cycle."""
    context = fork_server()
    for number in range(1, RACES + 1):
        barrier = context.Barrier(2)
        both = [start_run(context, profile, day(number), folder, environ, barrier) for _ in range(2)]
        for process in both:
            process.join()
        said = {process.exitcode: (folder / f"{process.pid}.err").read_text() for process in both}
        assert sorted(said) == [0, CommitConflict.exit_code], said
        message = " ".join(said[CommitConflict.exit_code].split())
        assert message.startswith("error:")
        assert message.endswith("another process committed first; this one has written nothing, run again to continue")
        record = Record.open(profile.record)
        assert [entry.time for entry in record.cycles()] == [day(k) for k in range(1, number + 1)]
        assert len(list(record.history())) == number + 1
