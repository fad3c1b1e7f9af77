"""Surface state flag (SSF) of CLMS SWI 1 km (data document §1.4): frozen, thawing or snow-covered ground.

The codes changed with the version, so the codebook is chosen by it and an unknown version is refused. The generic
scale of 0.5 in the metadata does not belong to SSF and is not applied.
"""

from pathlib import Path

import numpy as np

from ldas.errors import InputError
from ldas.grid import Grid
from ldas.observations.onto_grid import Overlap
from ldas.observations.raster import RawField, check_registration, read_netcdf

STEP = 1.0 / 112.0
CODEBOOKS = {
    1: {0: "unknown", 1: "unfrozen", 2: "frozen", 3: "melting", 255: "missing"},
    2: {0: "unfrozen", 1: "frozen", 2: "thawing", 3: "frozen_snow", 4: "wet_snow", 255: "missing"},
}
MASK_CODES = {241, 242, 251, 252, 253, 254}
"""Flags of the sibling layers, met in SSF as well (252 in the real file of June 2017): nothing is known there."""
FROZEN = ("frozen", "melting", "thawing", "frozen_snow", "wet_snow")


def read_surface_state(path: Path, version: tuple[int, ...], grid: Grid) -> np.ndarray | None:
    """Share of each cell's known area that is frozen, thawing or under snow, (lat, lon), NaN where nothing is known."""
    field = read_netcdf(path, "SSF", grid)
    return None if field is None else frozen_share(field, version, grid, path.name)


def frozen_share(field: RawField, version: tuple[int, ...], grid: Grid, name: str) -> np.ndarray:
    """The same from raw codes."""
    codebook = CODEBOOKS.get(version[0])
    if codebook is None:
        raise InputError(f"{name}: SSF codes of version {'.'.join(map(str, version))} are not known here (1 and 2 are)")
    check_registration(field, name, STEP, "edge")
    unexpected = set(np.unique(field.number).tolist()) - set(codebook) - MASK_CODES
    if unexpected:
        raise InputError(f"{name}: {min(unexpected)} is not an SSF code of version {version[0]}")
    known = np.isin(field.number, [code for code, meaning in codebook.items() if meaning not in ("unknown", "missing")])
    frozen = np.isin(field.number, [code for code, meaning in codebook.items() if meaning in FROZEN])
    return Overlap.of(field.lat, field.lon, grid).mean(frozen.astype(float), known)
