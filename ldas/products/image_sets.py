"""The images of a publication: which dates have them, where they are, and writing the missing ones."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from ldas.dekads import Dekad
from ldas.products.images import DAILY_IMAGES, DEKAD_IMAGES, geotiff, quicklook
from ldas.products.series import Layers, Series
from ldas.products.settings import PublicationSettings
from ldas.products.source import Source, midnight
from ldas.products.target import Target
from ldas.variables import Variable, variables


@dataclass(frozen=True)
class ImageSet:
    """Images of one date: `stem` is in their names, `start` and `end` the time they stand for."""

    stem: str
    label: str
    start: datetime
    end: datetime
    names: tuple[str, ...]

    def paths(self) -> set[str]:
        """Every object of the set, relative to the publication."""
        return {
            f"{folder}/{name}_{self.stem}.{suffix}"
            for name in self.names
            for folder, suffix in (("cog", "tif"), ("quicklook", "png"))
        }


def daily_set(end: datetime) -> ImageSet:
    """The images of the window that ends at `end`."""
    return ImageSet(f"{end:%Y%m%d}", f"{end:%Y-%m-%d %H:%M} UTC", end - timedelta(days=1), end, DAILY_IMAGES)


def dekad_set(dekad: Dekad) -> ImageSet:
    """The images of a dekad, named by month and dekad of the month."""
    stem = f"{dekad.first_day:%Y%m}_d{(dekad.number - 1) % 3 + 1}"
    label = f"{dekad.first_day} to {dekad.last_day}"
    return ImageSet(stem, label, midnight(dekad.first_day), midnight(dekad.shift(1).first_day), DEKAD_IMAGES)


def update_images(
    target: Target,
    source: Source,
    settings: PublicationSettings,
    drought: Series,
    dekads: list[Dekad],
    first_day: int,
    first_dekad: int,
) -> list[ImageSet]:
    """Write the images of the newest days and dekads that are missing or changed, delete older ones.

    Steps from `first_day` and `first_dekad` on are new or changed. Returns the sets there are, oldest first, days
    before dekads.
    """
    there = {name for folder in ("cog", "quicklook") for name in target.names(folder)}
    daily = [
        (step, daily_set(source.times[step]))
        for step in range(max(0, len(source.cycles) - settings.image_days), len(source.cycles))
    ]
    by_dekad = [
        (step, dekad_set(dekads[step])) for step in range(max(0, len(dekads) - settings.image_days), len(dekads))
    ]
    daily_rows = variables("analysis") | variables("product")
    for step, images in daily:
        if step >= first_day or not images.paths() <= there:
            maps = {name: values[0] for name, values in source.daily(step, step + 1, images.names).items()}
            _write(target, source, images, maps, daily_rows)
    for step, images in by_dekad:
        if step >= first_dekad or not images.paths() <= there:
            maps = {name: drought.read(name, step) for name in images.names}
            _write(target, source, images, maps, variables("drought"))
    sets = [images for _, images in (*daily, *by_dekad)]
    for name in sorted(there - {path for images in sets for path in images.paths()}):
        target.delete(name)
    return sets


def _write(target: Target, source: Source, images: ImageSet, maps: Layers, rows: dict[str, Variable]) -> None:
    for name, values in maps.items():
        target.write(f"cog/{name}_{images.stem}.tif", geotiff(values, source.grid, rows[name]))
        target.write(f"quicklook/{name}_{images.stem}.png", quicklook(values, source.grid, rows[name], images.label))
