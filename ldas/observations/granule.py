"""What an item id says: product date, version, revision and variant (data document §§1.3, 1.5)."""

import re
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from ldas.errors import InputError

FINAL_REVISION = 99
"""Revision of LAI granules without an RT token: the consolidated form (§1.5)."""

_ID = re.compile(
    r"^[A-Za-z0-9_]+?(?:-RT(?P<rt>\d))?_(?P<stamp>\d{8}(?:\d{4})?)_.*?V(?P<version>\d+(?:\.\d+)*)(?:_(?P<variant>cog|nc))?$"
)


@dataclass(frozen=True)
class Asset:
    """One file of a granule. `size` in bytes and `md5` are None where the catalogue does not give them."""

    href: str
    size: int | None = None
    md5: str | None = None
    scale: float | None = None
    offset: float | None = None


@dataclass(frozen=True)
class GranuleRef:
    """One granule of a catalogue, as a cycle records what it used."""

    id: str
    product: str  # ssm, lai or surface_state
    nominal: date
    version: tuple[int, ...]
    revision: int  # RT number; FINAL_REVISION without one; 0 for products without revisions
    assets: dict[str, Asset]
    processing_version: str = ""
    """What the item's properties say beside the id; empty where they say nothing."""
    passed_over: tuple[str, ...] = ()
    """Ids of other granules of the date, of a lower version or revision."""

    @property
    def rank(self) -> tuple[tuple[int, ...], int]:
        """Larger is better: version first, then revision."""
        return self.version, self.revision

    @property
    def checksum(self) -> str:
        """MD5s of the assets in the order of their keys; empty where the catalogue gives none."""
        return ",".join(f"{key}:{asset.md5}" for key, asset in sorted(self.assets.items()) if asset.md5)

    def provenance(self) -> dict[str, Any]:
        """The granule in JSON types."""
        return {
            "id": self.id,
            "product": self.product,
            "nominal": self.nominal.isoformat(),
            "version": ".".join(map(str, self.version)),
            "revision": self.revision,
            "checksum": self.checksum,
            "processing_version": self.processing_version,
            "passed_over": list(self.passed_over),
            "assets": {key: asdict(asset) for key, asset in self.assets.items()},
        }


@dataclass(frozen=True)
class ParsedId:
    """The parts of an item id; `variant` is empty when the id does not name one."""

    nominal: date
    version: tuple[int, ...]
    revision: int
    variant: str


def parse_id(item_id: str, product: str) -> ParsedId:
    """The parts of an id; raises InputError when it does not follow the producers' pattern."""
    match = _ID.match(item_id)
    if match is None:
        raise InputError(f"item {item_id}: expected an id like c_gls_NAME_YYYYMMDDhhmm_…_Vx.y.z")
    try:
        nominal = datetime.strptime(match["stamp"][:8], "%Y%m%d").date()
    except ValueError as error:
        raise InputError(f"item {item_id}: {match['stamp']} is not a date") from error
    without_token = FINAL_REVISION if product == "lai" else 0
    return ParsedId(
        nominal,
        tuple(int(part) for part in match["version"].split(".")),
        int(match["rt"]) if match["rt"] is not None else without_token,
        match["variant"] or "",
    )
