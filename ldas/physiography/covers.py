"""From land-cover shares to patch fractions and vegetation types (vegetation document §10.3)."""

from functools import cache
from importlib import resources
from typing import Literal

import numpy as np
import yaml

from ldas.errors import ConfigurationError, InputError
from ldas.grid import PATCHES
from ldas.model.vegetation_table import type_names

Climate = Literal["temperate", "boreal", "tropical"]
MOUNTAIN_SLOPE = 0.15
UNKNOWN = (0, 255)


@cache
def cover_table() -> dict:
    """`data/lc100.yaml`: crop shares by region, the patch and type of each cover, the covers of each code."""
    text = resources.files("ldas.physiography").joinpath("data", "lc100.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)


def known_codes() -> tuple[int, ...]:
    """The land-cover codes of the product, without the unknown ones."""
    return tuple(cover_table()["codes"])


def climate_of(lat: np.ndarray) -> np.ndarray:
    """Climate of each latitude, degrees north, by the fallback rule: tropical below 23.5, boreal above 60 degrees."""
    return np.where(np.abs(lat) < 23.5, "tropical", np.where(np.abs(lat) > 60.0, "boreal", "temperate"))


def type_shares(
    code_shares: dict[int, np.ndarray], climate: np.ndarray, mountain: np.ndarray, region: str, town: str
) -> tuple[np.ndarray, np.ndarray]:
    """Shares of the cell by (patch, type), shape (12, 19, lat, lon), and the natural part of the cell, (lat, lon).

    `code_shares` holds the share of each code in the known part of each cell, `climate` (lat,) is one of the three,
    `mountain` (lat, lon) is true on slopes over 15 %. The shares sum to the natural part; towns and water are left out.
    """
    table = cover_table()
    if region not in table["crop_shares"]:
        raise ConfigurationError(
            f"physiography.region: expected one of {', '.join(table['crop_shares'])}, got {region!r}"
        )
    shape = mountain.shape
    shares = np.zeros((PATCHES, len(type_names()), *shape))
    for code, code_share in code_shares.items():
        if code not in table["codes"]:
            raise InputError(f"land cover: {code} is not a code of CGLS-LC100")
        row = table["codes"][code]
        for zone in np.unique(climate):
            here = code_share * (climate == zone)[:, None]
            covers = _covers(row, str(zone), town)
            if "mountain_covers" in row:
                _add(shares, here * mountain, row["mountain_covers"], str(zone), region)
                here = here * ~mountain
            _add(shares, here, covers, str(zone), region)
    return shares, shares.sum(axis=(0, 1))


def _covers(row: dict, zone: str, town: str) -> dict[str, float]:
    if town == "rock_and_grass" and "town_covers" in row:
        return row["town_covers"]
    return row.get(f"{zone}_covers", row["covers"])


def _add(shares: np.ndarray, cell_share: np.ndarray, covers: dict[str, float], zone: str, region: str) -> None:
    """Add a code's share of the cells to the (patch, type) shares, in place."""
    table = cover_table()
    for cover, fraction in covers.items():
        if cover == "crop":
            split = [(patch, name, share) for (patch, name, share) in table["crop_shares"][region]]
        else:
            patch, name = table["cover_types"][cover].get(zone, table["cover_types"][cover]["temperate"])
            split = [(patch, name, 1.0)]
        for patch, name, share in split:
            shares[patch - 1, type_names().index(name)] += fraction * share * cell_share


def dominant_types(shares: np.ndarray) -> np.ndarray:
    """Number 1 to 19 of the largest type of each patch, int8 (12, lat, lon); 0 where the patch is absent."""
    return np.where(shares.sum(axis=1) > 0.0, shares.argmax(axis=1) + 1, 0).astype(np.int8)
