"""What is published and where, and the numbers behind the drought layers."""

from datetime import timedelta
from typing import Literal

from pydantic import Field, model_validator

from ldas.settings import Settings


class DroughtSettings(Settings):
    """Reference years, windows and masks of the anomalies (method document §6.4)."""

    baseline: tuple[int, int] | None = None
    """First and last reference year, the evaluated year always left out; none takes all years before the evaluated."""
    percentile_half_window: int = Field(default=1, ge=0, le=4)
    """Dekads pooled on each side for percentiles."""
    short_record_half_window: int = Field(default=3, ge=0, le=9)
    """Dekads pooled on each side for z-scores of 3 or 4 reference years (3 dekads: +-30 days)."""
    minimum_days: int = Field(default=8, ge=1, le=11)
    """Days with a value that a dekad mean needs."""
    shrink_deviation: bool = False
    """Shrink the standard deviation towards its spatial mean with weight (n - 1) / (n - 1 + 4)."""
    relative_reference_year: int | None = None
    """Reference year of the relative monthly anomaly; none takes the year before."""
    relative_minimum_days: int = Field(default=20, ge=1, le=28)
    snow_water_equivalent: float = Field(default=1.0, ge=0)
    """A day above this (kg m-2) counts as snow-covered; more than half of such days masks a dekad."""
    minimum_lai: float = Field(default=0.5, ge=0)
    minimum_lai_deviation: float = Field(default=0.05, ge=0)
    minimum_rzsm_deviation: float = Field(default=0.005, ge=0)
    maximum_urban_fraction: float = Field(default=0.15, ge=0, le=1)
    maximum_water_fraction: float = Field(default=0.10, ge=0, le=1)

    @model_validator(mode="after")
    def _ordered(self) -> "DroughtSettings":
        if self.baseline and self.baseline[0] > self.baseline[1]:
            raise ValueError("baseline: expected the first year before the last")
        return self


class PublicationSettings(Settings):
    """Target of the published layers."""

    uri: str
    """An fsspec URL: `file://...` or `s3://bucket/prefix`."""
    public_url: str = ""
    """The address consumers use, when it differs from `uri` (e.g. an https:// front of the bucket)."""
    endpoint_url: str = ""
    """S3 endpoint when it is not AWS; keys come from the environment."""
    acl: Literal["", "public-read"] = ""
    """Object ACL for anonymous readers; leave empty where a bucket policy opens the publication."""
    record_public: bool = False
    """Whether anyone may read the record's bucket without keys (for the Icechunk catalogue)."""
    title: str = "Soil moisture, vegetation and drought monitoring"
    institution: str = "not stated"
    licence: str = "CC-BY-4.0"
    references: str = "Rojas-Munoz et al. (2023), Remote Sensing 15, 4329"
    tile: int = Field(default=64, ge=8)
    """Cells on the side of a chunk."""
    days_per_shard: int = Field(default=32, ge=1)
    """Time steps that share one object."""
    image_days: int = Field(default=10, ge=0)
    """GeoTIFFs and quicklooks are kept for this many of the newest days and dekads."""
    consolidation_days: int = Field(default=40, ge=1)
    """Days after which no late observation can change a layer: it is consolidated."""
    maximum_age_hours: float = Field(default=36.0, gt=0)
    """`validate` fails when the newest day is older than the newest due one by more than this."""
    minimum_valid_fraction: float = Field(default=0.5, ge=0, le=1)
    """`validate` fails when fewer of the active cells of a headline layer hold a value."""
    drought: DroughtSettings = DroughtSettings()

    def maximum_age(self) -> timedelta:
        return timedelta(hours=self.maximum_age_hours)
