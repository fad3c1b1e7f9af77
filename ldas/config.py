"""A domain's profile: one YAML file read into strict settings.

`${NAME}` and `${NAME:-default}` in a value are replaced from the environment before parsing, so that a profile holds
no machine's paths and no secret.
"""

import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml
from pydantic import Field, ValidationError

from ldas.assimilation.settings import AssimilationSettings, Experiment
from ldas.errors import ConfigurationError
from ldas.forcing.settings import ForcingSettings
from ldas.grid import Grid
from ldas.model.options import ModelOptions
from ldas.observations.settings import ObservationSettings
from ldas.physiography.settings import PhysiographySettings
from ldas.products.settings import PublicationSettings
from ldas.settings import Settings


class DomainSettings(Settings):
    """The box of a domain; cell centres lie at (k + 1/2) * resolution inside it."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    title: str = ""
    west: float
    south: float
    east: float
    north: float
    resolution: float = Field(default=0.01, gt=0)

    def grid(self) -> Grid:
        return Grid(self.west, self.south, self.east, self.north, self.resolution)


class WindowSettings(Settings):
    """The assimilation windows: 24 h, ending at `hour` UTC; the first window starts at `start`."""

    hour: int = Field(default=18, ge=0, le=23)
    start: datetime
    """Start of the first window; its hour must be `hour`."""
    ssm_look_back_days: int = Field(default=10, ge=0)
    """A late SSM granule this old or younger triggers a replay."""
    lai_look_back_days: int = Field(default=40, ge=0)
    surface_state_look_back_days: int = Field(default=10, ge=0)
    """The same for surface state flags, which come some days after the soil moisture they judge; 0 waits for none."""

    def first(self) -> datetime:
        """`start` as an aware UTC datetime."""
        return self.start.replace(tzinfo=UTC) if self.start.tzinfo is None else self.start.astimezone(UTC)

    def window_of(self, end: datetime) -> tuple[datetime, datetime]:
        """(t0, t1) of the window that ends at `end`."""
        return end - timedelta(days=1), end


class RecordSettings(Settings):
    """The Icechunk repository of the domain."""

    uri: str
    endpoint_url: str = ""
    """S3 endpoint when it is not AWS; keys come from the environment."""
    region: str = "us-east-1"
    tries: int = Field(default=10, ge=1)
    """How often a request to the store is tried; the pauses double from 0.1 s (10 tries: up to 50 s)."""
    retention_days: int = Field(default=60, ge=1)
    """Snapshots and cycle tags older than this may expire."""


class Profile(Settings):
    """All settings of one domain."""

    domain: DomainSettings
    window: WindowSettings
    experiment: Experiment = "SSM_LAI"
    model: ModelOptions = ModelOptions()
    assimilation: AssimilationSettings = AssimilationSettings()
    observations: ObservationSettings = ObservationSettings()
    forcing: ForcingSettings = ForcingSettings()
    physiography: PhysiographySettings = PhysiographySettings()
    record: RecordSettings
    publication: PublicationSettings
    dask_scheduler: str = ""
    """Address of a Dask scheduler; empty runs tiles in threads here."""


def load_profile(path: str | Path) -> Profile:
    """Read and validate a profile; raises ConfigurationError naming the file, the key and what was expected."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot read the profile ({error.strerror})") from error
    return parse_profile(text, str(path))


def parse_profile(text: str, name: str = "profile") -> Profile:
    """Validate the YAML text of a profile called `name` in messages."""
    try:
        content = yaml.safe_load(_expand(text, name))
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{name}: not valid YAML ({' '.join(str(error).split())})") from error
    try:
        return Profile.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "the whole file"
        raise ConfigurationError(f"{name}: {key}: {first['msg']} (got {first['input']!r:.80})") from error


def _expand(text: str, name: str) -> str:
    def value(match: re.Match[str]) -> str:
        found = os.environ.get(match["name"], match["default"])
        if found is None:
            raise ConfigurationError(f"{name}: ${{{match['name']}}} is not set in the environment and has no default")
        return found

    return re.sub(r"\$\{(?P<name>\w+)(?::-(?P<default>[^}]*))?\}", value, text)
