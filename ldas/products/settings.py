"""What is published and where."""

from ldas.settings import Settings


class PublicationSettings(Settings):
    """Target of the published layers; `public_url` is the address consumers use, when it differs from `uri`."""

    uri: str
    public_url: str = ""
