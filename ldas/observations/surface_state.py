"""Surface state flag (SSF) of CLMS SWI 1 km (data document §1.4): frozen, thawing or snow-covered ground.

The codes changed with the version, so the codebook is chosen by it and an unknown version is refused. The generic
scale of 0.5 in the metadata does not belong to SSF and is not applied. An item of nominal day D covers 12 UTC of the
day before to 12 UTC of D.
"""

import numpy as np
import xarray as xr

from ldas.errors import InputError
from ldas.grid import Grid
from ldas.observations.clms_ssm import read_layers
from ldas.observations.dataset import observation_dataset
from ldas.observations.download import AssetReader
from ldas.observations.granule import GranuleRef
from ldas.observations.onto_grid import Overlap
from ldas.observations.raster import check_registration
from ldas.observations.settings import ProductSettings

STEP = 1.0 / 112.0
CODEBOOKS = {
    1: {0: "unknown", 1: "unfrozen", 2: "frozen", 3: "melting", 255: "missing"},
    2: {0: "unfrozen", 1: "frozen", 2: "thawing", 3: "frozen_snow", 4: "wet_snow", 255: "missing"},
}
MASK_CODES = {241, 242, 251, 252, 253, 254}
"""Flags of the sibling layers, met in SSF as well (252 in the real file of June 2017): nothing is known there."""
FROZEN_MEANINGS = ("frozen", "melting", "thawing", "frozen_snow", "wet_snow")
"""Meanings that refuse SSM. Version 1 does not tell melting from surface water: the radar fails over either."""
FROZEN, UNKNOWN = 1, 2
FLAGS = {FROZEN: "frozen", UNKNOWN: "unknown"}


def read(reader: AssetReader, granule: GranuleRef, settings: ProductSettings, grid: Grid) -> xr.Dataset | None:
    """Share of each cell's known area that is frozen, thawing or under snow, NaN where nothing is known.

    The bit FROZEN of `flags` marks cells whose share exceeds `largest_frozen_share`; `count` is the known share in
    per cent. None when the granule does not touch the grid.
    """
    codebook = CODEBOOKS.get(granule.version[0])
    if codebook is None:
        raise InputError(
            f"item {granule.id}: this reader knows the SSF codes of versions 1 and 2 of the product, not of "
            f"{'.'.join(map(str, granule.version))}"
        )
    fields = read_layers(reader, granule, {"ssf": ("SSF",)}, settings.variant, grid)
    if fields is None:
        return None
    ssf = fields["ssf"]
    check_registration(ssf, granule.id, STEP, "edge")
    unexpected = set(np.unique(ssf.number).tolist()) - set(codebook) - MASK_CODES
    if unexpected:
        raise InputError(f"item {granule.id}: {min(unexpected)} is not an SSF code of version {granule.version[0]}")
    known = np.isin(ssf.number, [code for code, meaning in codebook.items() if meaning not in ("unknown", "missing")])
    frozen = np.isin(ssf.number, [code for code, meaning in codebook.items() if meaning in FROZEN_MEANINGS])
    overlap = Overlap.of(ssf.lat, ssf.lon, grid)
    share = overlap.mean(frozen.astype(float), known)
    known_share = overlap.share(known)
    flags = np.where(share > settings.largest_frozen_share, FROZEN, 0) | np.where(np.isnan(share), UNKNOWN, 0)
    return observation_dataset(
        grid,
        value=share,
        uncertainty=np.full(grid.shape, np.nan),
        flags=flags,
        count=100.0 * known_share,
        units="1",
        nominal=granule.nominal,
        provenance=[granule.provenance()],
        flag_meanings=FLAGS,
    )
