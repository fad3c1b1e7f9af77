"""Rasters read block by block through any fsspec file: GDAL sees a file, the source only the blocks it needs."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import fsspec
import rasterio
from rasterio.session import DummySession

from ldas.remote import CLIENT_ERRORS

BLOCK = 1 << 17
"""Bytes of one request to a remote raster."""


def open_blocks(fs: fsspec.AbstractFileSystem, path: str) -> Any:
    """A file of which only the blocks that are touched are fetched, each once."""
    return fs.open(path, "rb", block_size=BLOCK, cache_type="blockcache")


@contextmanager
def open_raster(file: Any, name: str) -> Iterator[rasterio.DatasetReader]:
    """The raster in an open binary file; `name` is what GDAL's messages call it.

    A read that fails raises the file's own error, of which GDAL says only that there was one.
    """
    watched = _WatchedFile(file, Path(name).name)
    environment = rasterio.Env(session=DummySession(), GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR")
    try:
        # given the file as such, rasterio would read it to its end first
        with environment, rasterio.open(watched.name, opener=watched.open) as source:
            yield source
    except rasterio.errors.RasterioError:
        if watched.failure is not None:
            raise watched.failure from None
        raise


class _WatchedFile:
    def __init__(self, file: Any, name: str) -> None:
        self.file, self.name = file, name
        self.failure: Exception | None = None

    def open(self, path: str, mode: str = "rb") -> "_Handle":
        """One of GDAL's handles on the file; there are no others beside it."""
        if Path(path).name != self.name:
            raise FileNotFoundError(path)
        return _Handle(self)


class _Handle(io.RawIOBase):
    """A place in a watched file; all handles read through the one file and its blocks."""

    def __init__(self, watched: _WatchedFile) -> None:
        self._watched, self._position = watched, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position}.get(whence)
        self._position = offset + (self._watched.file.seek(0, os.SEEK_END) if start is None else start)
        return self._position

    def tell(self) -> int:
        return self._position

    def read(self, size: int = -1) -> bytes:
        try:
            self._watched.file.seek(self._position)
            found = bytes(self._watched.file.read(size))
        except (OSError, IndexError, *CLIENT_ERRORS) as error:
            self._watched.failure = error
            raise
        self._position += len(found)
        return found
