"""Typed access to the nodes of a Zarr group."""

from typing import Any

import numpy as np
import zarr


def array_at(root: zarr.Group, path: str) -> zarr.Array:
    """The array at a path; raises KeyError when there is none."""
    node = root[path]
    if not isinstance(node, zarr.Array):
        raise KeyError(path)
    return node


def values_at(root: zarr.Group, path: str) -> np.ndarray:
    """All values of the array at a path."""
    return np.asarray(array_at(root, path)[...])


def attributes_at(root: zarr.Group, path: str = "") -> dict[str, Any]:
    """Attributes of the root or of the node at a path."""
    return dict(root[path].attrs if path else root.attrs)
