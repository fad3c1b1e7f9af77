"""Where observations come from and how much of each product is accepted."""

from ldas.settings import Settings


class ObservationSettings(Settings):
    """STAC API, collections and asset keys of the SSM and LAI products."""

    stac_url: str = ""
