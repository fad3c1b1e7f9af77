"""Which static maps describe a domain."""

from ldas.settings import Settings


class PhysiographySettings(Settings):
    """Locations of land cover, texture, elevation and masks."""

    uri: str = ""
