"""What the satellites of the demo world see: scenes in the products' own grids, integers and flags (data document §1).

Soil moisture is drawn from the truth at 18 UTC on the patches a radar sees, biased and rescaled to a degree of
saturation, so that the service's seasonal rescaling is exercised; LAI with 20 % noise and clouds. Scenes arrive late
and some are revised.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

import numpy as np
import xarray as xr

from ldas.demo.fields import generator, smooth_field
from ldas.demo.maps import DECIDUOUS, NEEDLELEAF, SHRUB, URBAN, WATER, land_cover
from ldas.grid import Grid

SSM_STEP = 1.0 / 112.0
LAI_STEP = 1.0 / 336.0
SSM_VALID, WATER_MASK, SENSITIVITY_MASK, MISSING = 200, 251, 252, 255
DRIEST, WETTEST = 0.02, 0.46
SSM_NOISE = 0.05
LAI_NOISE = 0.20
REVISIT_DAYS = 6
LATE_EVERY = 9  # every ninth soil moisture scene is four days late


@dataclass(frozen=True)
class Scene:
    """One granule to be: integers as the product stores them, on its own pixel centres (latitude descending)."""

    product: Literal["ssm", "lai"]
    nominal: date
    revision: int  # RT number of LAI, 0 for SSM
    version: str
    arrives: datetime  # when the catalogue first lists it, aware UTC
    lat: np.ndarray
    lon: np.ndarray
    layers: dict[str, np.ndarray]  # uint8 (lat, lon): ssm and noise; or lai, rmse and nobs


def scenes(grid: Grid, truth: xr.Dataset, seed: int) -> Iterator[Scene]:
    """All scenes of the truth's period in the order of their arrival."""
    drawn = [*_ssm_scenes(grid, truth, seed), *_lai_scenes(grid, truth, seed)]
    yield from sorted(drawn, key=lambda scene: (scene.arrives, scene.product, scene.nominal, scene.revision))


def edge_pixels(low: float, high: float, step: float) -> np.ndarray:
    """Centres of pixels whose edges are multiples of `step` and that overlap [low, high], ascending."""
    return (np.arange(np.floor(low / step + 1e-9), np.ceil(high / step - 1e-9)) + 0.5) * step


def centre_pixels(low: float, high: float, step: float) -> np.ndarray:
    """Centres at multiples of `step` of the pixels that overlap [low, high], ascending."""
    return np.arange(np.floor(low / step + 0.5), np.ceil(high / step - 0.5) + 1) * step


def _nearest(grid: Grid, field: np.ndarray, lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
    """Value of the cell that each pixel centre lies in or next to."""
    row = np.clip(np.round((grid.lat[0] - lat) / grid.resolution).astype(int), 0, grid.shape[0] - 1)
    col = np.clip(np.round((lon - grid.lon[0]) / grid.resolution).astype(int), 0, grid.shape[1] - 1)
    return field[np.ix_(row, col)]


def _dominant_cover(grid: Grid, seed: int, lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
    return land_cover(grid, seed).sel(lat=lat, lon=lon, method="nearest").values


def _evening(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 18, tzinfo=UTC)


def _days(truth: xr.Dataset) -> list[date]:
    return [value.astype("datetime64[D]").item() for value in truth["time"].values]


def _ssm_scenes(grid: Grid, truth: xr.Dataset, seed: int) -> Iterator[Scene]:
    """A daily mosaic: full coverage every sixth day, the west three days later, nothing on other days."""
    lat = edge_pixels(grid.south, grid.north, SSM_STEP)[::-1].copy()
    lon = edge_pixels(grid.west, grid.east, SSM_STEP)
    cover = _dominant_cover(grid, seed, lat, lon)
    shape = grid.shape
    offset = 0.03 * np.clip(smooth_field(shape, 6.0, generator(seed, "ssm-offset")), -1.6, 1.6)
    slope = 1.0 + 0.2 * np.clip(smooth_field(shape, 6.0, generator(seed, "ssm-slope")), -2.0, 2.0)
    swath = lon < lon.min() + 0.6 * np.ptp(lon)
    for index, day in enumerate(_days(truth)):
        rng = generator(seed, "ssm", str(day))
        phase = day.toordinal() % REVISIT_DAYS
        seen = np.broadcast_to({0: lon > -999.0, 3: swath}.get(phase, lon < -999.0), (len(lat), len(lon)))
        observed = offset + slope * truth["ssm_observed_patches"].values[index]
        pixels = _nearest(grid, observed, lat, lon) + SSM_NOISE * rng.standard_normal((len(lat), len(lon)))
        percent = 100.0 * (pixels - DRIEST) / (WETTEST - DRIEST)
        number = np.where(np.isfinite(percent), np.clip(np.round(2.0 * percent), 0, SSM_VALID), MISSING)
        number = np.where(seen, number, MISSING)
        number = np.where(np.isin(cover, (URBAN, WATER)), WATER_MASK, number)
        number = np.where(np.isin(cover, (DECIDUOUS, NEEDLELEAF, SHRUB)), SENSITIVITY_MASK, number)
        noise = np.where(number <= SSM_VALID, 16, number)
        delay = timedelta(days=4) if day.toordinal() % LATE_EVERY == 0 else timedelta(hours=6)
        layers = {"ssm": number.astype(np.uint8), "noise": noise.astype(np.uint8)}
        yield Scene("ssm", day, 0, "V1.2.1", _evening(day) + delay, lat, lon, layers)


def _lai_scenes(grid: Grid, truth: xr.Dataset, seed: int) -> Iterator[Scene]:
    """A near-real-time scene two days after each dekad, and for the first dekad of a month a less noisy revision."""
    lat = centre_pixels(grid.south, grid.north, LAI_STEP)[::-1].copy()
    lon = centre_pixels(grid.west, grid.east, LAI_STEP)
    for index, day in enumerate(_days(truth)):
        if (day + timedelta(days=1)).day not in (1, 11, 21):
            continue
        base = _nearest(grid, truth["lai"].values[index], lat, lon)
        rng = generator(seed, "lai", str(day))
        error = LAI_NOISE * _nearest(grid, smooth_field(grid.shape, 1.0, rng), lat, lon)
        cloud = smooth_field((len(lat), len(lon)), 12.0, rng) > 1.2
        revisions = ((0, 1.0, 2), (1, 0.6, 12)) if day.day == 10 else ((0, 1.0, 2),)
        for revision, share, delay in revisions:
            value = np.clip(base * (1.0 + share * error), 0.05, 7.0)
            gap = cloud if revision == 0 else np.zeros_like(cloud)
            number = np.where(np.isfinite(value) & ~gap, np.round(30.0 * np.nan_to_num(value)), MISSING)
            layers = {
                "lai": number.astype(np.uint8),
                "rmse": np.where(number == MISSING, MISSING, 9).astype(np.uint8),
                "nobs": np.where(number == MISSING, 0, 6).astype(np.uint8),
            }
            arrives = _evening(day) + timedelta(days=delay)
            yield Scene("lai", day, revision, "V2.0.1", arrives, lat, lon, layers)
