"""Which weather drives a domain."""

from ldas.settings import Settings


class ForcingSettings(Settings):
    """Adapter and location of the hourly forcing."""

    adapter: str = "alma"
    uri: str = ""
