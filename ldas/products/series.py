"""A published Zarr store that grows along time: whole steps or nothing for a reader, whatever happens to the writer.

The root metadata (`zarr.json`, consolidated) is the only thing a reader learns lengths from. Values are written first,
the root last, in one object. Before published steps change (a replay), the root is cut back to the steps before them.
"""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import zarr
from zarr.storage import MemoryStore

from ldas.errors import RecordError
from ldas.products.target import Target, writing
from ldas.products.template import Template

ROOT = "zarr.json"
WRITERS = 8

Layers = dict[str, np.ndarray]
"""Values of a run of steps by variable, each (step, [depth,] lat, lon)."""


class Series:
    """One store of the publication, made from a template."""

    def __init__(self, target: Target, name: str, template: Template) -> None:
        self.target = target
        self.name = name
        self.template = template

    def published(self) -> tuple[np.ndarray, np.ndarray]:
        """(times, revisions) of the steps a reader sees now, int64 each."""
        root = self._root()
        if root is None:
            return np.empty(0, "int64"), np.empty(0, "int64")
        steps = root["consolidated_metadata"]["metadata"]["time"]["shape"][0]
        group = self._group()
        return np.asarray(array_of(group, "time")[:steps]), np.asarray(array_of(group, "revision")[:steps])

    def read(self, name: str, step: int | slice) -> np.ndarray:
        """The stored values of one or some published steps."""
        return np.asarray(array_of(self._group(), name)[step])

    def update(
        self,
        times: np.ndarray,
        bounds: np.ndarray,
        revisions: np.ndarray,
        make_layers: Callable[[int, int], Layers],
        attributes: dict[str, Any],
    ) -> tuple[int, int]:
        """Make the store hold exactly `times`; returns the range [first, last) of steps that were written.

        `times` (step,) and `bounds` (step, 2) are hours since 1970; steps whose time and revision are published
        already are left alone. `make_layers(first, last)` gives the values of a range of steps; ranges end with a
        shard, and each becomes visible when it is whole.
        """
        if len(times) > 1 and not (np.diff(times) > 0).all():
            raise RecordError(f"{self.name}: expected increasing times without a repeat, got {times.tolist()}")
        steps = len(times)
        with writing(f"{self.target.uri}/{self.name}"):
            self._create_if_missing(attributes)
            first = self._unchanged(times, revisions)
            if first < len(self.published()[0]):
                self._commit(first, attributes)
            start = first
            while start < steps:
                end = min(steps, (start // self.template.steps_per_shard + 1) * self.template.steps_per_shard)
                self._write(start, end, times, bounds, revisions, make_layers(start, end))
                self._commit(end, attributes)
                start = end
            if first == steps:
                self._commit(steps, attributes)
        return first, steps

    def _unchanged(self, times: np.ndarray, revisions: np.ndarray) -> int:
        """Leading steps that are published with the same time and revision."""
        old_times, old_revisions = self.published()
        common = min(len(times), len(old_times))
        same = (times[:common] == old_times[:common]) & (revisions[:common] == old_revisions[:common])
        return common if same.all() else int(np.argmin(same))

    def _write(
        self, start: int, end: int, times: np.ndarray, bounds: np.ndarray, revisions: np.ndarray, layers: Layers
    ) -> None:
        if layers.keys() != self.template.rows.keys():
            missing = sorted(self.template.rows.keys() ^ layers.keys())
            raise RecordError(f"{self.name}: expected the layers of the variable table, differing in {missing}")
        group = self._group()

        def put(item: tuple[str, np.ndarray]) -> None:
            name, values = item
            array = array_of(group, name)
            if array.shape[0] < end:
                array.resize((end, *array.shape[1:]))
            array[start:end] = values

        axes = {"time": times[start:end], "time_bnds": bounds[start:end], "revision": revisions[start:end]}
        with ThreadPoolExecutor(WRITERS) as writers:
            for _ in writers.map(put, [*layers.items(), *axes.items()]):
                pass

    def _commit(self, steps: int, attributes: dict[str, Any]) -> None:
        """Write the root metadata for `steps` steps: the one moment at which readers see a change."""
        members = self._members()
        for name, metadata in members.items():
            if (metadata.get("dimension_names") or [None])[0] == "time":
                metadata["shape"][0] = steps
            if name in self.template.rows:
                metadata["attributes"] = self.template.layer_attributes(name)
        root = {
            "zarr_format": 3,
            "node_type": "group",
            "attributes": attributes,
            "consolidated_metadata": {"kind": "inline", "must_understand": False, "metadata": members},
        }
        self.target.write(f"{self.name}/{ROOT}", json.dumps(root).encode())

    def _create_if_missing(self, attributes: dict[str, Any]) -> None:
        if self._root() is not None:
            self._assert_same_template()
            return
        self.target.delete(self.name)
        self.template.create(zarr.open_group(self.target.zarr_store(self.name), mode="w", zarr_format=3))
        self._commit(0, attributes)

    def _members(self) -> dict[str, dict[str, Any]]:
        """Metadata of every array by name: the root's, or the arrays' own before the first root."""
        root = self._root()
        return _metadata_of(self._group()) if root is None else root["consolidated_metadata"]["metadata"]

    def _assert_same_template(self) -> None:
        """Refuse a store whose grid, layers, types or chunks are not the template's: changing them needs a rebuild."""
        fresh = zarr.open_group(MemoryStore(), mode="w", zarr_format=3)
        self.template.create(fresh)
        expected, found = _metadata_of(fresh), self._members()
        differing = {
            name
            for name in found.keys() | expected.keys()
            if name not in found or name not in expected or _layout(found[name]) != _layout(expected[name])
        }
        for name, centres in (("lat", self.template.grid.lat), ("lon", self.template.grid.lon)):
            if name not in differing and not np.allclose(np.asarray(array_of(self._group(), name)[:]), centres):
                differing.add(name)
        if differing:
            raise RecordError(
                f"{self.target.uri}/{self.name}: {', '.join(sorted(differing))} differ from this domain and version; "
                "publish again with --rebuild"
            )

    def _root(self) -> dict[str, Any] | None:
        """The published root metadata, or None when nothing has been committed."""
        content = self.target.read(f"{self.name}/{ROOT}")
        root = json.loads(content) if content else None
        return root if root and root.get("consolidated_metadata") else None

    def _group(self) -> zarr.Group:
        """The store by its arrays' own metadata, which may run ahead of the root's."""
        return zarr.open_group(self.target.zarr_store(self.name), mode="r+", use_consolidated=False)


def array_of(group: zarr.Group, name: str) -> zarr.Array:
    """An array of a group."""
    array = group[name]
    if not isinstance(array, zarr.Array):
        raise RecordError(f"{group.store_path}: expected {name} to be an array")
    return array


def _metadata_of(group: zarr.Group) -> dict[str, dict[str, Any]]:
    """The metadata documents of a group's arrays, as JSON has them."""
    return {
        name: json.loads(json.dumps(array.metadata.to_dict(), default=_plain)) for name, array in sorted(group.arrays())
    }


def _layout(metadata: dict[str, Any]) -> dict[str, Any]:
    """What must stay the same while a store grows."""
    grows = (metadata.get("dimension_names") or [None])[0] == "time"
    fixed = {key: metadata[key] for key in ("data_type", "chunk_grid", "codecs", "fill_value")}
    return fixed | {"shape": metadata["shape"][1:] if grows else metadata["shape"]}


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else str(value)
