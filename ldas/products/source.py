"""What the publication is made from: the record's analysis, static maps and provenance, and nothing else."""

import hashlib
import json
from bisect import bisect_left, bisect_right
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
import xarray as xr

from ldas import __version__
from ldas.config import Profile
from ldas.grid import Grid
from ldas.products.layers import ROOT_ZONE_BOTTOM, daily_layers, depth_mean, thickness_within
from ldas.record import Provenance, Record, state_configuration
from ldas.variables import variables

HOUR = timedelta(hours=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Source:
    """The content of a record at one commit."""

    name: str
    grid: Grid
    analysis: xr.Dataset
    """Rows of kind `analysis` on (time[, depth], lat, lon) with `depth_bnds`; integers raw with their fill."""
    static: xr.Dataset
    """`w_wilt`, `w_fc` (mean of 0-1 m), `urban_fraction`, `water_fraction` on (lat, lon)."""
    cycles: tuple[Provenance, ...]
    """One a time of `analysis`, in order."""
    identity: str
    """Hash of grid, parameters and configuration: the version of every climatology made from this record."""
    experiment: str = "SSM_LAI"
    record: dict[str, Any] | None = None
    """How consumers open the record itself (`storage`, `options`) for the Icechunk catalogue."""

    @property
    def times(self) -> list[datetime]:
        """Ends of the windows, aware UTC."""
        return [cycle.time for cycle in self.cycles]

    @property
    def days(self) -> list[date]:
        """The date of each analysis."""
        return [time.date() for time in self.times]

    @property
    def depth_bounds(self) -> np.ndarray:
        return self.analysis["depth_bnds"].values

    @property
    def land_cells(self) -> int:
        """Cells with soil, where layers hold values."""
        return int(np.isfinite(self.static["w_fc"]).sum())

    def hours(self) -> np.ndarray:
        """Times in hours since 1970, int64."""
        return np.array([(time - EPOCH) // HOUR for time in self.times], dtype="int64")

    def revisions(self) -> np.ndarray:
        """A number for the content behind each time: it changes when the cycle or any cycle before it was remade."""
        found = []
        chain = self.identity.encode()
        for cycle in self.cycles:
            content = {key: value for key, value in asdict(cycle).items() if key != "seconds"}
            chain = hashlib.sha256(chain + json.dumps(content, sort_keys=True, default=str).encode()).digest()
            found.append(int.from_bytes(chain[:8]) >> 1)
        return np.array(found, dtype="int64")

    def daily(self, first: int, last: int, names: tuple[str, ...] = ()) -> dict[str, np.ndarray]:
        """Analysis and product layers of the steps [first, last); all of them, or those named."""
        part = self.analysis.isel(time=slice(first, last))
        derived = daily_layers(part, self.static["w_wilt"], self.static["w_fc"])
        wanted = names or (*variables("analysis"), *variables("product"))
        return {name: (part if name in part else derived)[name].values for name in wanted}

    def steps(self, first_day: date, last_day: date) -> tuple[int, int]:
        """The range of steps whose date lies within [first_day, last_day]."""
        return bisect_left(self.days, first_day), bisect_right(self.days, last_day)


def record_source(profile: Profile) -> Source:
    """The source of a profile's record as it is now."""
    record = Record.open(profile.record, state_configuration(profile))
    domain = record.domain
    bounds = record.open_analysis()["depth_bnds"]
    thickness = thickness_within(bounds.values, 0.0, ROOT_ZONE_BOTTOM)
    static = xr.Dataset(
        {
            name: depth_mean(
                xr.DataArray(domain.columns.cell_mean(getattr(domain.parameters, name)), dims=("depth", "lat", "lon")),
                thickness,
            )
            for name in ("w_wilt", "w_fc")
        }
    )
    shape = domain.grid.shape
    for name in ("urban_fraction", "water_fraction"):
        values = domain.maps[name].values if name in domain.maps else np.zeros(shape)
        static[name] = (("lat", "lon"), values)
    snapshot = record.load().id
    return Source(
        name=profile.domain.name,
        grid=domain.grid,
        analysis=record.open_analysis(snapshot),
        static=static,
        cycles=tuple(record.cycles(snapshot)),
        identity=hashlib.sha256(json.dumps([__version__, record.identity], sort_keys=True).encode()).hexdigest()[:16],
        experiment=profile.experiment,
        record=icechunk_address(profile),
    )


def midnight(day: date) -> datetime:
    """00 UTC of a day."""
    return datetime.combine(day, time(), UTC)


def icechunk_address(profile: Profile) -> dict[str, Any]:
    """Storage name and options with which intake's Icechunk reader opens the record; never a key."""
    settings = profile.record
    if settings.uri.startswith("s3://"):
        bucket, _, prefix = settings.uri.removeprefix("s3://").partition("/")
        options: dict[str, Any] = {"bucket": bucket, "prefix": prefix.strip("/"), "region": settings.region}
        if settings.endpoint_url:
            options |= {
                "endpoint_url": settings.endpoint_url,
                "allow_http": settings.endpoint_url.startswith("http://"),
                "force_path_style": True,
            }
        access = {"anonymous": True} if profile.publication.record_public else {"from_env": True}
        return {"storage": "s3", "options": options | access}
    return {"storage": "local_filesystem", "options": {"path": settings.uri.removeprefix("file://")}}
