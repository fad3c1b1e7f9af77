"""Keeping the repository bounded: old snapshots expire, and what only they used is deleted."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ldas.record.repository import Record
from ldas.record.storage import exclusive, storing

GRACE = timedelta(hours=1)
"""Objects younger than this are never deleted: another process may be about to commit them."""


@dataclass(frozen=True)
class Expired:
    """What one clean-up removed."""

    commits: int
    bytes: int


def expire(record: Record, grace: timedelta = GRACE) -> Expired:
    """Forget the states before the last `retention_days` cycles and delete what nothing refers to any more.

    The bound is counted in cycles, not by the clock, so that a long backfill stays bounded too. Replaced histories and
    tags of commits written before that point go with them. Time series, moments and the provenance of every cycle
    stay in all later commits. Of several commits for one time (a spin-up) the newest is kept.
    """
    oldest_kept = record.time - timedelta(days=record.settings.retention_days)
    written_of: dict[datetime, datetime] = {}
    for _, valid, written in record.history():
        written_of.setdefault(valid, written)
    cutoff = min(written for valid, written in written_of.items() if valid >= oldest_kept)
    with storing(record.settings), exclusive(record.settings):
        expired = record.repository.expire_snapshots(cutoff, delete_expired_branches=True, delete_expired_tags=True)
        deleted = record.repository.garbage_collect(min(cutoff, datetime.now(UTC) - grace))
    return Expired(len(expired), deleted.bytes_deleted)
