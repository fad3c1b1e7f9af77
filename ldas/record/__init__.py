"""The record of a domain: one Icechunk repository, the only source of truth, one atomic commit a cycle.

This package alone opens the repository. It stores what it is given and knows no physics.
"""

from ldas.record.configuration import state_configuration
from ldas.record.contents import CycleResult, Domain, Provenance, Snapshot
from ldas.record.replay import begin_replay, finish_replay
from ldas.record.repository import MAIN, Record
from ldas.record.retention import expire

__all__ = [
    "MAIN",
    "CycleResult",
    "Domain",
    "Provenance",
    "Record",
    "Snapshot",
    "begin_replay",
    "expire",
    "finish_replay",
    "state_configuration",
]
