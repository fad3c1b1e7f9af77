"""Which static maps describe a domain."""

from typing import Literal

from pydantic import Field

from ldas.settings import Settings


class MapLayer(Settings):
    """One static map: COG, GeoTIFF or VRT in any projection, or Zarr or NetCDF on longitude and latitude."""

    uri: tuple[str, ...]
    """fsspec URLs; several are tiles of one map."""
    variable: str = ""
    """Variable of a Zarr or NetCDF file; empty when it holds one map only."""
    units: str = ""
    """Units when the file does not state them; a file that states others is refused."""


class PhysiographySettings(Settings):
    """Locations of land cover, texture, elevation and masks, and how land cover becomes patches.

    Either `land_cover` or `patch_fields` is needed; `sand`, `clay` and `elevation` always, unless `patch_fields` holds
    them.
    """

    land_cover: MapLayer | None = None
    """CGLS-LC100 discrete codes."""
    sand: MapLayer | None = None
    clay: MapLayer | None = None
    organic_carbon: MapLayer | None = None
    elevation: MapLayer | None = None
    slope: MapLayer | None = None
    """Terrain slope; computed from the elevation's pixels when absent."""
    patch_fields: MapLayer | None = None
    """ECOCLIMAP-like dataset on the model grid: `patch_fraction` (patch, lat, lon), per-patch parameters, maps."""
    region: str = "europe"
    """Row of the crop-share table (`data/lc100.yaml`)."""
    town: Literal["masked", "rock_and_grass"] = "masked"
    """`masked` takes towns out of the natural part; `rock_and_grass` models them as 0.7 rock and 0.3 grass."""
    smallest_patch_fraction: float = Field(default=0.0, ge=0, le=0.5)
    """Patches below this share of the natural part are given to the cell's largest patch; 0 keeps all."""
    smallest_nature_fraction: float = Field(default=0.05, ge=0, le=1)
    """Cells whose natural part is smaller have no columns."""
    endpoint_url: str = ""
    """S3 endpoint when it is not AWS; keys come from the environment."""
