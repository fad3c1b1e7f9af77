"""The publication of a domain, made from its record: `publish` is the whole story. Publishing again changes nothing."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from ldas.dekads import DEKADS_PER_YEAR, Dekad, complete_dekads
from ldas.errors import InputError
from ldas.products import catalogs
from ldas.products.attributes import anomaly_attributes, day_bounds, global_attributes
from ldas.products.climatology import Climatology
from ldas.products.drought import ANOMALIES, DroughtStory
from ldas.products.image_sets import update_images
from ldas.products.series import Layers, Series
from ldas.products.settings import PublicationSettings
from ldas.products.source import EPOCH, HOUR, Source, midnight
from ldas.products.target import Target
from ldas.products.template import Template
from ldas.variables import variables

ANALYSIS = "analysis.zarr"
DROUGHT = "drought.zarr"


@dataclass(frozen=True)
class PublicationReport:
    """What one call of `publish` wrote."""

    days_written: int
    dekads_written: int
    days_published: int
    dekads_published: int
    address: str


def publish(
    source: Source, settings: PublicationSettings, now: datetime, *, rebuild: bool = False
) -> PublicationReport:
    """Bring the publication up to the record; `rebuild` deletes it first. `now` (aware UTC) dates the history.

    Stores come first, then images, then the catalogues and last `status.json`, so that nothing points at what is not
    there yet. Raises InputError for a record without a cycle; AccessError or TransientError from the target.
    """
    if not source.cycles:
        raise InputError(f"record of {source.name}: expected at least one cycle to publish, got none")
    target = Target(settings)
    if rebuild:
        target.delete()
    analysis = analysis_series(target, source, settings)
    first_day, days = _update_analysis(analysis, source, settings, now)
    dekads = complete_dekads(source.days[0], source.days[-1])
    drought = drought_series(target, source, settings, dekads[-1] if dekads else None)
    first_dekad, count = _update_drought(drought, source, settings, dekads, now)
    images = update_images(target, source, settings, drought, dekads, first_day, first_dekad)
    catalogs.write(target, source, settings, dekads, images, now)
    return PublicationReport(days - first_day, count - first_dekad, days, count, target.address)


def analysis_series(target: Target, source: Source, settings: PublicationSettings) -> Series:
    """The daily store."""
    rows = variables("analysis") | variables("product")
    return Series(
        target,
        ANALYSIS,
        Template(rows, source.grid, source.depth_bounds, settings.tile, settings.days_per_shard, {}),
    )


def drought_series(target: Target, source: Source, settings: PublicationSettings, newest: Dekad | None) -> Series:
    """The dekad store; a shard holds a year."""
    extra = anomaly_attributes(source, settings.drought, newest)
    return Series(
        target, DROUGHT, Template(variables("drought"), source.grid, None, settings.tile, DEKADS_PER_YEAR, extra)
    )


def _update_analysis(series: Series, source: Source, settings: PublicationSettings, now: datetime) -> tuple[int, int]:
    hours = source.hours()
    attributes = global_attributes(source, settings, "daily analysis", now)
    return series.update(hours, day_bounds(hours), source.revisions(), source.daily, attributes)


def _update_drought(
    series: Series, source: Source, settings: PublicationSettings, dekads: list[Dekad], now: datetime
) -> tuple[int, int]:
    times = np.array([_hours(dekad) for dekad in dekads], dtype="int64")
    ends = np.array([_hours(dekad.shift(1)) for dekad in dekads], dtype="int64")
    attributes = global_attributes(source, settings, "dekad drought layers", now)
    bounds = np.stack([times, ends], axis=1)
    return series.update(
        times,
        bounds,
        dekad_revisions(source, settings, dekads),
        _drought_layers(series, source, settings, dekads),
        attributes,
    )


def _drought_layers(
    series: Series, source: Source, settings: PublicationSettings, dekads: list[Dekad]
) -> Callable[[int, int], Layers]:
    story: DroughtStory | None = None

    def make(first: int, last: int) -> Layers:
        nonlocal story
        if story is None:
            story = _story_before(series, source, settings, dekads, first)
        maps = [story.maps(dekad) for dekad in dekads[first:last]]
        return {name: np.stack([each[name] for each in maps]) for name in variables("drought")}

    return make


def _story_before(
    series: Series, source: Source, settings: PublicationSettings, dekads: list[Dekad], first: int
) -> DroughtStory:
    """The story as it stands before `dekads[first]`, its past read back from the published means."""
    climatology = Climatology(source.identity)
    for name in ANOMALIES:
        past = series.read(name, slice(0, first)) if first else np.empty((0, *source.grid.shape), "float32")
        entries = {dekad.index: values for dekad, values in zip(dekads[:first], past, strict=True)}
        climatology = climatology.merge(Climatology(source.identity, {name: entries}))
    spell = series.read("dry_spell_dekads", first - 1) if first else None
    years = {dekad.year for dekad in dekads[:first]}
    story = DroughtStory(source, settings.drought, climatology, spell, years)
    if settings.drought.baseline is not None:
        low, high = settings.drought.baseline
        story.learn(dekad for dekad in dekads[first:] if low <= dekad.year <= high)
    return story


def dekad_revisions(source: Source, settings: PublicationSettings, dekads: list[Dekad]) -> np.ndarray:
    """A number for the content behind each dekad: the record up to its last day, and the drought settings."""
    revisions = source.revisions()
    rules = json.dumps(settings.drought.model_dump(mode="json"), sort_keys=True).encode()
    found = []
    for dekad in dekads:
        last = source.steps(dekad.first_day, dekad.last_day)[1] - 1
        digest = hashlib.sha256(rules + int(revisions[last]).to_bytes(8)).digest()
        found.append(int.from_bytes(digest[:8]) >> 1)
    return np.array(found, dtype="int64")


def _hours(dekad: Dekad) -> int:
    return (midnight(dekad.first_day) - EPOCH) // HOUR
