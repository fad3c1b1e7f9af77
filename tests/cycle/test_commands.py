"""The commands on a profile file, from an empty folder to a replay."""

from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from ldas.cli import app
from ldas.config import Profile
from ldas.errors import ForcingUnavailable, LdasError, RecordError
from ldas.record import Record
from tests.cycle.conftest import WORLD_DAYS
from tests.cycle.world import day


@pytest.fixture
def profile_file(profile: Profile, tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(profile.model_dump(mode="json")), encoding="utf-8")
    return path


def call(*arguments: object) -> str:
    """Output of a command that ends well; an expected failure is raised as itself."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if isinstance(result.exception, LdasError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_from_nothing_to_a_replay(profile_file: Path, profile: Profile) -> None:
    assert "new record of 4 of 4 cells" in call("init", profile_file)
    with pytest.raises(RecordError, match="holds a record already"):
        call("init", profile_file)
    output = call("run", profile_file, "--until", "2026-05-03")
    assert output.count(" UTC: 0 SSM, 0 LAI cells") == 2
    assert "degraded: observations.stac_url is empty" in output
    assert call("run", profile_file, "--until", "2026-05-03T18:00") == "nothing is due\n"
    assert "last cycle  2026-05-03 18 UTC (2 cycles" in call("status", profile_file)
    assert "1 cycles replayed since 2026-05-03 18 UTC" in call("replay", profile_file, "--from", "2026-05-03")
    assert "commits expired" in call("expire", profile_file)
    assert Record.open(profile.record).time == day(2)


def test_missing_weather_ends_with_its_own_code(profile_file: Path) -> None:
    call("init", profile_file)
    with pytest.raises(ForcingUnavailable) as failure:
        call("run", profile_file, "--until", day(WORLD_DAYS + 2).strftime("%Y-%m-%d"))
    assert failure.value.exit_code == 6


def test_a_replay_outside_the_record_is_refused(profile_file: Path) -> None:
    call("init", profile_file)
    with pytest.raises(LdasError, match="--from: expected a day after 2026-05-01"):
        call("replay", profile_file, "--from", "2026-05-01")
