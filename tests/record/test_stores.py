"""The same guarantees on S3; refusals and failures of a store in words that say what to do."""

from pathlib import Path

import numpy as np
import pytest
import zarr

from ldas.config import RecordSettings
from ldas.errors import CommitConflict, ConfigurationError, LdasError
from ldas.record import Record, begin_replay, finish_replay
from tests.record.small import START, advance, local_settings, make_result, new_record


@pytest.mark.server
def test_cycles_conflict_and_replay_on_s3(s3_settings: RecordSettings) -> None:
    record = new_record(s3_settings)
    parent = record.load()
    advance(record, 2)
    with pytest.raises(CommitConflict):
        record.commit(make_result(record, parent))
    before = record.open_analysis()["lai"].values
    replay = begin_replay(record, record.start)
    advance(replay, 2, seed=9)
    finish_replay(record, replay)
    assert (Record.open(s3_settings).open_analysis()["lai"].values != before).any()
    assert record.time > START


@pytest.mark.server
def test_disk_and_s3_hold_the_same_bits(s3_settings: RecordSettings, tmp_path: Path) -> None:
    records = [new_record(s3_settings), new_record(local_settings(tmp_path))]
    for record in records:
        advance(record, 2)
    ours, theirs = (record.load() for record in records)
    assert ours.analysis.equals(theirs.analysis)
    np.testing.assert_array_equal(records[0].open_analysis()["wg"], records[1].open_analysis()["wg"])


@pytest.mark.server
def test_a_bucket_that_is_not_there_is_named(s3_settings: RecordSettings) -> None:
    settings = s3_settings.model_copy(update={"uri": "s3://no-such-bucket-here/record"})
    with pytest.raises(LdasError, match="s3://no-such-bucket-here/record"):
        new_record(settings)


def test_an_unknown_kind_of_address_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="expected file:///folder or s3://bucket/prefix, got 'ftp://x/y'"):
        Record.open(RecordSettings(uri="ftp://x/y"))


def test_a_full_disk_loses_nothing(settings: RecordSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    record = new_record(settings)
    advance(record, 1)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(zarr.Array, "resize", full)
        with pytest.raises(LdasError, match="the disk is full; nothing of this cycle was written"):
            advance(record, 1)
    assert record.load().cycles == 1
    advance(record, 1)
    assert record.load().cycles == 2


def test_a_file_in_the_place_of_the_record_is_refused(tmp_path: Path) -> None:
    (tmp_path / "record").write_text("a file where the folder should be")
    with pytest.raises(LdasError, match="record"):
        new_record(local_settings(tmp_path))
