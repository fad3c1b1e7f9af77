"""Making a past stretch of cycles anew: on a branch of its own, then one atomic move of `main`."""

from datetime import UTC, datetime

from ldas.errors import RecordError
from ldas.record.repository import MAIN, Record
from ldas.record.storage import exclusive, storing

REPLAY, REPLACED = "replay/", "replaced/"


def begin_replay(record: Record, since: datetime) -> Record:
    """The record on a branch whose last commit is the state of `since` (a window's end, aware UTC).

    Cycles are committed there while readers go on with `main`. An interrupted replay of the same stretch of the same
    history is taken up where it stopped; branches of other unfinished replays are removed. Raises RecordError when
    the commit of `since` has expired.
    """
    base, tip = record.commit_of(since), record.tip
    name = f"{REPLAY}{since:%Y%m%d}-{tip}"
    with storing(record.settings), exclusive(record.settings):
        branches = record.repository.list_branches()
        for other in branches:
            if other.startswith(REPLAY) and other != name:
                record.repository.delete_branch(other)
        if name not in branches:
            record.repository.create_branch(name, base)
    return record.on_branch(name)


def finish_replay(record: Record, replay: Record) -> None:
    """Move `main` to the end of the replay in one step; readers that open the record from then on see it.

    The replaced history stays reachable under a branch `replaced/...` until it expires. Raises CommitConflict when
    `main` has moved since the replay began, RecordError when the replay has not reached `main`'s last cycle.
    """
    replaced = replay.branch.rpartition("-")[2]
    if replay.time != record.time:
        raise RecordError(
            f"{record.settings.uri}: the replay reached {replay.time:%Y-%m-%d %H} UTC but the record ends "
            f"{record.time:%Y-%m-%d %H} UTC"
        )
    name = f"{REPLACED}{datetime.now(UTC):%Y%m%dT%H%M%S}-{replaced}"
    tip = replay.tip
    with storing(record.settings), exclusive(record.settings):
        repository = record.repository
        if not any(branch.endswith(replaced) for branch in repository.list_branches() if branch.startswith(REPLACED)):
            repository.create_branch(name, replaced)
        repository.reset_branch(MAIN, tip, from_snapshot_id=replaced)
        repository.delete_branch(replay.branch)
    tag_cycles(record)


def tag_cycles(record: Record) -> None:
    """Give every commit of a cycle that has no tag its tag (after a move of `main`, or an interruption)."""
    with storing(record.settings), exclusive(record.settings):
        repository = record.repository
        tagged = {repository.lookup_tag(tag) for tag in repository.list_tags()}
        for commit, valid, _ in record.history():
            if commit not in tagged and valid > record.start:
                record.tag(valid, commit)
