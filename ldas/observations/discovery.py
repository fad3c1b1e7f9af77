"""Which granules a STAC API holds: paged to the end, filtered again here, the best one of each date."""

import logging
import re
import warnings
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pystac
import requests
from pystac_client import Client
from pystac_client.exceptions import APIError
from pystac_client.stac_api_io import StacApiIO
from pystac_client.warnings import DoesNotConformTo
from urllib3.exceptions import InvalidHeader
from urllib3.util.retry import Retry

from ldas.errors import AccessError, InputError, TransientError
from ldas.grid import Grid
from ldas.observations.granule import Asset, GranuleRef, parse_id
from ldas.observations.settings import ObservationSettings, ProductSettings

LONGEST_RETRY_AFTER = 20
_TRANSIENT = {429, 500, 502, 503, 504}
_log = logging.getLogger(__name__)


class _BoundedRetry(Retry):
    """urllib3's retry with the server's Retry-After cut to `LONGEST_RETRY_AFTER` seconds; nonsense in it is ignored."""

    def get_retry_after(self, response: Any) -> float | None:
        try:
            asked = super().get_retry_after(response)
        except InvalidHeader:
            return None
        return None if asked is None else min(asked, LONGEST_RETRY_AFTER)


def find_granules(
    settings: ObservationSettings, product: str, grid: Grid, since: date, until: date
) -> list[GranuleRef]:
    """The best granule of each nominal date in [since, until], in order of date.

    `product` is `ssm`, `lai` or `surface_state`. Best is the highest version, then the highest revision. Raises
    TransientError when the catalogue does not answer after all retries, AccessError when it refuses, InputError when it
    answers nonsense; no granule at all is an empty list. A catalogue that gives fewer items than it promises is used
    with a warning; when nothing is among those it gives, that is a TransientError, since the granule may be among the
    others. An item that cannot be used (its id, its assets) is left out with a warning where there are others, else it
    is the InputError.
    """
    wanted: ProductSettings | None = getattr(settings, product)
    if wanted is None or product in settings.suspended or not settings.stac_url:
        return []
    margin = timedelta(days=wanted.search_margin_days)
    period = f"{since - margin}T00:00:00Z/{until + margin}T23:59:59Z"
    found: dict[date, GranuleRef] = {}
    unusable: list[InputError] = []
    items, missing = _search(settings, wanted.collection, grid, period)
    for item in items:
        try:
            granule = _granule(item, product, wanted, since, until)
        except InputError as error:
            unusable.append(error)
            continue
        if granule is not None:
            found[granule.nominal] = _better(granule, found.get(granule.nominal))
    if unusable and not found:
        raise unusable[0]
    for reason in unusable:
        _log.warning("%s: left out: %s", settings.stac_url, reason)
    if missing and not found:
        raise TransientError(f"{settings.stac_url}: {missing}")
    if missing:
        _log.warning("%s: %s", settings.stac_url, missing)
    return [found[day] for day in sorted(found)]


def _search(settings: ObservationSettings, collection: str, grid: Grid, period: str) -> tuple[list[pystac.Item], str]:
    """All items of a collection that touch the domain, each id once, page after page even past an empty page.

    And a sentence when they are fewer than the catalogue's `numberMatched`, else nothing.
    """
    url = settings.stac_url
    retry = _BoundedRetry(
        total=settings.retries,
        backoff_factor=0.5,
        status_forcelist=sorted(_TRANSIENT),
        allowed_methods=None,
        respect_retry_after_header=True,
        raise_on_status=False,
    )
    timeout = settings.connect_timeout, settings.read_timeout
    reader = StacApiIO(timeout=timeout, max_retries=retry)
    items: dict[str, pystac.Item] = {}
    seen: set[str] = set()
    matched = None
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", DoesNotConformTo)
            client = Client.open(
                url, stac_io=reader, timeout=timeout
            )  # without it, the reader's own is put back to none
            search = client.search(
                collections=[collection],
                bbox=[grid.west, grid.south, grid.east, grid.north],
                datetime=period,
                limit=settings.page_size,
            )
            for page in _pages(reader, search.url_with_parameters() if search.method == "GET" else search.url, search):
                matched = page.get("numberMatched", matched)
                for feature in page.get("features", []):
                    seen.add(feature["id"])
                    if feature["id"] not in items and feature.get("collection", collection) == collection:
                        items[feature["id"]] = pystac.Item.from_dict(feature)
        for warning in caught:
            _log.warning("%s: %s", url, warning.message)
    except APIError as error:
        raise _api_failure(url, error) from error
    except (requests.exceptions.Timeout, requests.exceptions.ConnectionError, requests.exceptions.RetryError) as error:
        raise TransientError(f"{url}: the catalogue does not answer ({type(error).__name__})") from error
    except (pystac.STACError, KeyError, TypeError, ValueError) as error:
        problem = f"{type(error).__name__}: {error!s:.120}"
        raise InputError(f"{url}: expected a STAC item collection, got {problem}") from error
    short = isinstance(matched, int) and len(seen) < matched
    return list(items.values()), f"the catalogue gave {len(seen)} of {matched} items of {collection}" if short else ""


def _pages(reader: StacApiIO, url: str, search: Any) -> Iterator[dict[str, Any]]:
    """Pages by `rel=next` until there is none (pystac-client's own iterator stops at an empty page)."""
    method = search.method
    page = reader.read_json(url, method=method, parameters=search.get_parameters() if method == "POST" else None)
    visited = set()
    while True:
        yield page
        link = next((link for link in page.get("links", []) if link.get("rel") == "next"), None)
        if link is None:
            return
        mark = f"{link.get('href')} {link.get('body')}"
        if mark in visited:
            raise InputError(f"{url}: the catalogue's pages go in a circle")
        visited.add(mark)
        body = link.get("body")
        if link.get("merge") and body is not None:
            body = {**search.get_parameters(), **body}
        page = reader.read_json(link["href"], method=link.get("method", "GET").upper(), parameters=body)


def _api_failure(url: str, error: APIError) -> TransientError | AccessError | InputError:
    status = getattr(error, "status_code", None)  # absent when there was no response at all
    if status in (401, 403):
        return AccessError(f"{url}: the catalogue refuses us (HTTP {status})")
    if status is None or status in _TRANSIENT:
        silent = "timed out" in str(error)
        why = status or ("no answer in time" if silent else type(error.__context__).__name__)
        return TransientError(f"{url}: the catalogue does not answer ({why})")
    return InputError(f"{url}: the catalogue refuses the search (HTTP {status}: {error!s:.120})")


def _granule(item: pystac.Item, product: str, wanted: ProductSettings, since: date, until: date) -> GranuleRef | None:
    """The granule of an item, None when it is of another variant or date."""
    parsed = parse_id(item.id, product)
    if parsed.variant not in ("", wanted.variant) or not since <= parsed.nominal <= until:
        return None
    return GranuleRef(
        item.id,
        product,
        parsed.nominal,
        parsed.version,
        parsed.revision,
        _assets(item, wanted),
        str(item.properties.get("processing:version", "")),
    )


def _better(granule: GranuleRef, known: GranuleRef | None) -> GranuleRef:
    """The one of higher rank, which remembers the other's id."""
    if known is None:
        return granule
    best, other = (granule, known) if granule.rank > known.rank else (known, granule)
    return replace(best, passed_over=(*known.passed_over, other.id))


def _assets(item: pystac.Item, wanted: ProductSettings) -> dict[str, Asset]:
    """The wanted layers of an item; the first one is needed, the others where the item has them."""
    assets = {}
    for index, (layer, key) in enumerate(wanted.assets.items()):
        found = _asset(item, layer, key)
        if found is None:
            if index == 0:
                raise InputError(f"item {item.id}: expected an asset {key!r}, got {', '.join(sorted(item.assets))}")
            continue
        extra = found.extra_fields
        assets[layer] = Asset(
            href=found.href,
            size=extra.get("file:size"),
            md5=_md5(item.id, key, extra.get("file:checksum")),
            scale=_of_band(extra, "scale"),
            offset=_of_band(extra, "offset"),
        )
    return assets


def _asset(item: pystac.Item, layer: str, key: str) -> pystac.Asset | None:
    """The asset of a key, or without it the only one whose key ends with the layer's name, with a warning.

    The keys of some collections are not documented (data document §1.5).
    """
    if key in item.assets:
        return item.assets[key]
    alike = [name for name in item.assets if re.split(r"[^a-z0-9]+", name.lower())[-1] == layer]
    if len(alike) != 1:
        return None
    _log.warning("item %s: no asset %r, %r is taken", item.id, key, alike[0])
    return item.assets[alike[0]]


def _of_band(extra: dict[str, Any], name: str) -> float | None:
    """`raster:scale` or `raster:offset` of an asset or of its only band: catalogues put them in several places."""
    for place in (extra, *(extra.get("bands") or [])[:1], *(extra.get("raster:bands") or [])[:1]):
        found = place.get(f"raster:{name}", place.get(name))
        if found is not None:
            return found
    return None


def _md5(item_id: str, key: str, multihash: str | None) -> str | None:
    """The MD5 of a multihash `d50110…`; other hash functions are not checked."""
    if multihash is None or not multihash.startswith("d50110"):
        return None
    if len(multihash) != 38:
        raise InputError(f"item {item_id}: file:checksum of {key!r} is not an MD5 multihash: {multihash}")
    return multihash[6:]
