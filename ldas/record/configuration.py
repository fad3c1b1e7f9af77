"""The part of a profile that decides the state, and hashes of what a record must never change silently."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from ldas.config import Profile
from ldas.errors import RecordError
from ldas.record.contents import Domain

_LOCATIONS = frozenset({"uri", "url", "stac_url", "endpoint_url", "url_template", "source_elevation_uri", "href"})
_LEAVE_OUT = {
    "domain": frozenset({"title", "name"}),
    "window": frozenset({"ssm_look_back_days", "lai_look_back_days", "surface_state_look_back_days"}),
    "model": frozenset({"threads", "block_size"}),
    "assimilation": frozenset({"desroziers_cycles"}),
    "observations": frozenset(
        {"suspended", "key_variable", "secret_variable", "page_size", "cache_gigabytes"}
        | {"parallel_reads", "connect_timeout", "read_timeout", "retries"}
    ),
    "forcing": frozenset({"cached_windows", "connect_timeout", "read_timeout"}),
}
_SECTIONS = ("domain", "window", "experiment", "model", "assimilation", "observations", "forcing", "physiography")


def state_configuration(profile: Profile) -> dict[str, Any]:
    """The settings that decide the state, by dotted key: no addresses, titles, threads, publication or retention."""
    content = profile.model_dump(mode="json", include=set(_SECTIONS))
    for section, keys in _LEAVE_OUT.items():
        content[section] = {key: value for key, value in content[section].items() if key not in keys}
    return dict(_flatten("", content))


def configuration_hash(configuration: Mapping[str, Any]) -> str:
    """SHA-256 of a configuration, independent of the order of its keys."""
    return hashlib.sha256(json.dumps(dict(configuration), sort_keys=True).encode()).hexdigest()


def grid_hash(domain: Domain) -> str:
    """SHA-256 of cell centres and columns."""
    columns = domain.columns
    return _hash([domain.grid.lat, domain.grid.lon, columns.cell, columns.patch, columns.fraction])


def parameter_hash(domain: Domain) -> str:
    """SHA-256 of every parameter of every column, to the last bit."""
    return _hash(list(domain.parameters.as_dict().values()))


def check_configuration(uri: str, recorded: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    """Raise RecordError naming the first setting that differs from those the record was made with."""
    for key in sorted(recorded.keys() | asked.keys()):
        ours, theirs = asked.get(key), recorded.get(key)
        if ours != theirs:
            raise RecordError(
                f"{uri}: {key} is {ours!r} in the profile but the record was made with {theirs!r}; undo the change or "
                "start a new record"
            )


def _hash(arrays: list[np.ndarray]) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _flatten(prefix: str, value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [
            item for key, inner in value.items() if key not in _LOCATIONS for item in _flatten(f"{prefix}{key}.", inner)
        ]
    return [(prefix[:-1], value)]
