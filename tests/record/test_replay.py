"""A replay changes the days it redoes and no other; readers see the switch at once; old history goes at expiry."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from ldas.config import RecordSettings
from ldas.errors import CommitConflict, RecordError
from ldas.record import Record, begin_replay, expire, finish_replay
from tests.record.small import START, advance, local_settings, new_record


def test_a_replay_changes_its_days_and_nothing_before(settings: RecordSettings) -> None:
    record = new_record(settings)
    advance(record, 7)
    before, old_tip = record.open_analysis()["wg"].values, record.tip
    reader = Record.open(settings)
    replay = begin_replay(record, START + timedelta(days=2))
    advance(replay, 5, seed=50)
    np.testing.assert_array_equal(reader.open_analysis()["wg"].values, before)
    finish_replay(record, replay)
    after = reader.open_analysis()["wg"].values
    np.testing.assert_array_equal(after[:2], before[:2])
    assert all((after[index] != before[index]).any() for index in range(2, 7))
    np.testing.assert_array_equal(reader.open_analysis(old_tip)["wg"].values, before)
    assert [entry.summary["ssm_used"] for entry in reader.cycles()] == [0, 1, 50, 50, 50, 50, 50]
    assert not any(branch.startswith("replay/") for branch in record.repository.list_branches())
    assert record.repository.lookup_tag("cycle/20260104.1") in {commit for commit, _, _ in record.history()}
    assert record.repository.lookup_tag("cycle/20260104") not in {commit for commit, _, _ in record.history()}


def test_an_interrupted_replay_is_taken_up_again(settings: RecordSettings) -> None:
    record = new_record(settings)
    advance(record, 4)
    advance(begin_replay(record, START + timedelta(days=1)), 2, seed=50)
    replay = begin_replay(Record.open(settings), START + timedelta(days=1))
    assert replay.time == START + timedelta(days=3)
    advance(replay, 1, seed=50)
    finish_replay(record, replay)
    assert [entry.summary["ssm_used"] for entry in record.cycles()] == [0, 50, 50, 50]


def test_main_that_moved_meanwhile_is_not_overwritten(settings: RecordSettings) -> None:
    record = new_record(settings)
    advance(record, 2)
    replay = begin_replay(record, START + timedelta(days=1))
    advance(record, 1)
    advance(replay, 2, seed=50)
    with pytest.raises(CommitConflict):
        finish_replay(record, replay)
    assert [entry.summary["ssm_used"] for entry in record.cycles()] == [0, 1, 2]


def test_an_unfinished_replay_never_becomes_main(settings: RecordSettings) -> None:
    record = new_record(settings)
    advance(record, 3)
    replay = begin_replay(record, START + timedelta(days=1))
    with pytest.raises(RecordError, match="the replay reached 2026-01-02 18 UTC but the record ends 2026-01-04 18 UTC"):
        finish_replay(record, replay)


def test_expiry_keeps_the_last_states_and_every_day(tmp_path: Path) -> None:
    record = new_record(local_settings(tmp_path, retention_days=3))
    advance(record, 4)
    replay = begin_replay(record, START + timedelta(days=3))
    old_tip = record.tip
    advance(replay, 1, seed=50)
    finish_replay(record, replay)
    advance(record, 4)
    series = record.open_analysis()["wg"].values
    size = folder_size(tmp_path)
    expired = expire(record, grace=timedelta(0))
    assert expired.commits > 0
    assert folder_size(tmp_path) < size
    np.testing.assert_array_equal(record.open_analysis()["wg"].values, series)
    assert len(record.cycles()) == 8
    kept = [valid for _, valid, _ in record.history()]
    assert kept == [START + timedelta(days=number) for number in (8, 7, 6, 5)]
    with pytest.raises(RecordError, match="expired"):
        begin_replay(record, START + timedelta(days=2))
    assert not any(branch.startswith("replaced/") for branch in record.repository.list_branches())
    with pytest.raises(RecordError):
        Record.open(record.settings).open_analysis(old_tip)
    advance(record, 1)


def test_the_repository_stays_bounded_over_a_long_run(tmp_path: Path) -> None:
    record = new_record(local_settings(tmp_path, retention_days=2))
    sizes = []
    for _ in range(4):
        advance(record, 3)
        expire(record, grace=timedelta(0))
        sizes.append(folder_size(tmp_path / "record" / "chunks"))
    growth = np.diff(sizes)
    state = sum(values.nbytes for values in record.load().analysis.as_dict().values())
    assert growth.max() < 2 * state, "states of expired cycles are still there"


def folder_size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
