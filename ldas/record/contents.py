"""What goes into the record and comes out of it, as plain containers."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
import xarray as xr

from ldas.assimilation.moments import PairMoments
from ldas.assimilation.rescaling import RescalingParameters
from ldas.grid import Columns, Grid
from ldas.model.parameters import Parameters
from ldas.model.state import State


@dataclass(frozen=True)
class Domain:
    """What never changes in a record: the grid, its static maps, the columns and their parameters."""

    grid: Grid
    maps: xr.Dataset
    """The dataset of `ldas.physiography.build`."""
    columns: Columns
    parameters: Parameters


@dataclass(frozen=True)
class Snapshot:
    """The record after its last cycle: all that the next one needs."""

    id: str
    """Commit on which the next cycle must be made."""
    time: datetime
    """Valid time of the states, aware UTC: the start of the next window."""
    cycles: int
    """Cycles committed so far."""
    analysis: State
    open_loop: State
    moments: PairMoments
    rescaling: RescalingParameters
    days_since: np.ndarray
    """Days since an SSM and an LAI observation was assimilated, int16 (2, cell), -1 before the first."""


@dataclass(frozen=True)
class Provenance:
    """What one cycle used and how it went; JSON in the record."""

    time: datetime
    """End of the window, aware UTC."""
    code_version: str
    configuration: str
    """Hash of the configuration that decides the state."""
    forcing: list[dict[str, Any]] = field(default_factory=list)
    """One entry a run of consecutive hours of one source: `source`, `run_time`, `first`, `last`, `fallback`."""
    observations: list[dict[str, Any]] = field(default_factory=list)
    """One entry a granule that was used: item id, version, revision, addresses, checksum."""
    seen: list[dict[str, Any]] = field(default_factory=list)
    """Product, date, id, version, revision and checksum of every granule that was looked at, used or not."""
    degraded: list[str] = field(default_factory=list)
    """Sentences; empty for a cycle that had everything it should."""
    rescaling_version: str = "none"
    summary: dict[str, float | int | bool | None] = field(default_factory=dict)
    """Counts and means of the analysis (`ldas.assimilation.diagnostics.domain_summary`)."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Wall time by step of the cycle."""

    def to_json(self) -> str:
        content = asdict(self) | {"time": self.time.astimezone(UTC).isoformat()}
        return json.dumps(_finite(content), sort_keys=True, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> "Provenance":
        content = json.loads(text)
        return cls(**{**content, "time": datetime.fromisoformat(content["time"])})


@dataclass(frozen=True)
class CycleResult:
    """Everything one cycle made; goes into the record in one commit or not at all."""

    parent: str
    """`Snapshot.id` the cycle was made from."""
    time: datetime
    """End of the window, aware UTC."""
    analysis: State
    open_loop: State
    maps: Mapping[str, np.ndarray]
    """Every row of the kinds `analysis` and `diagnostic` of the variable table, on ([depth or control,] lat, lon)."""
    consistency: np.ndarray
    """`ldas.assimilation.diagnostics.consistency_sums`, (2, sums)."""
    provenance: Provenance
    dekad: int
    """Dekad of the year (0 to 35) whose row of `moments` may have changed."""
    moments: PairMoments
    rescaling: RescalingParameters | None = None
    """None: as before."""


def _finite(value: Any) -> Any:
    """`value` with numbers that JSON does not know as null."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
