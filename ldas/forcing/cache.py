"""Complete windows kept as Zarr in a local folder, so that a repeated or resumed cycle does not download again."""

import errno
import hashlib
import json
import shutil
import tempfile
from datetime import datetime
from pathlib import Path

import xarray as xr

from ldas.forcing.settings import ForcingSettings
from ldas.grid import Grid
from ldas.remote import ABSENT

_CONTENT = "source_fingerprints"
_LOST_RACE = (errno.ENOENT, errno.EEXIST, errno.ENOTEMPTY)
"""Another process has kept the same window in this moment: its copy stays."""


class WindowCache:
    """One window of one domain and setting in a cache folder; without a folder nothing is kept.

    The name of a kept window holds a hash of the settings, the grid and the model's terrain: a changed setting never
    finds an old window. With it stand the fingerprints of what it was made from: a window whose source or terrain was
    written again is made anew. One whose source is gone is good, for sources forget and replays look back.
    """

    def __init__(
        self,
        folder: str | Path | None,
        settings: ForcingSettings,
        grid: Grid,
        t0: datetime,
        t1: datetime,
        elevation: xr.DataArray | None,
    ) -> None:
        self._folder = None if folder is None else Path(folder) / "forcing"
        self._keep = settings.cached_windows
        digest = hashlib.sha256(
            settings.model_dump_json(exclude={"cached_windows", "connect_timeout", "read_timeout"}).encode()
        )
        digest.update(json.dumps([grid.west, grid.south, grid.east, grid.north, grid.resolution]).encode())
        if settings.elevation_correction is not None and elevation is not None:
            digest.update(elevation.values.tobytes())
        self._name = f"{t0:%Y%m%dT%H}_{t1:%Y%m%dT%H}_{digest.hexdigest()[:16]}.zarr"

    def read(self, content: dict[str, str]) -> xr.Dataset | None:
        """The kept window, or None; `content` is the source's fingerprint now."""
        if self._folder is None or not (self._folder / self._name).is_dir():
            return None
        with xr.open_zarr(self._folder / self._name, chunks=None, consolidated=False) as dataset:
            made_from = json.loads(dataset.attrs.pop(_CONTENT))
            if any(mark not in (ABSENT, made_from.get(item)) for item, mark in content.items()):
                return None
            return dataset.load()

    def write(self, dataset: xr.Dataset, content: dict[str, str]) -> None:
        """Keep a window, whole or not at all, and remove the oldest beyond the bound.

        `content` is the source's fingerprint before it was read.

        A window with fall-back records is not kept: its run may still appear.
        """
        if self._folder is None or bool(dataset["fallback"].any()):
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        target = self._folder / self._name
        with tempfile.TemporaryDirectory(dir=self._folder, prefix=".writing-") as scratch:
            written = Path(scratch) / "window.zarr"
            dataset.assign_attrs({_CONTENT: json.dumps(content)}).to_zarr(written, consolidated=False)
            try:
                if target.exists():
                    target.rename(Path(scratch) / "older.zarr")
                written.rename(target)
            except OSError as error:
                if error.errno not in _LOST_RACE:
                    raise
        kept = sorted(self._folder.glob("*.zarr"), key=lambda path: path.stat().st_mtime)
        for old in kept[: -self._keep]:
            shutil.rmtree(old)
