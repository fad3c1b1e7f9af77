"""Rasters read block by block through any fsspec file: GDAL sees a file, the source only the blocks it needs."""

import io
import os
import posixpath
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import fsspec
import rasterio
from rasterio.session import DummySession

from ldas.errors import InputError, LdasError
from ldas.remote import CLIENT_ERRORS, reading

BLOCK = 1 << 17
"""Bytes of one request to a remote raster."""
_OPTIONS = {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "GDAL_VRT_ENABLE_PYTHON": "NO"}


def open_blocks(fs: fsspec.AbstractFileSystem, path: str) -> Any:
    """A file of which only the blocks that are touched are fetched, each once."""
    return fs.open(path, "rb", block_size=BLOCK, cache_type="blockcache")


@contextmanager
def open_raster(file: Any, name: str) -> Iterator[rasterio.DatasetReader]:
    """The raster in an open binary file; `name` is what GDAL's messages call it.

    A read that fails raises the file's own error, of which GDAL says only that there was one.
    """
    watched = _WatchedFile(file, Path(name).name)
    with _opened(watched.name, watched) as source:
        yield source


@contextmanager
def open_mosaic(fs: fsspec.AbstractFileSystem, path: str) -> Iterator[rasterio.DatasetReader]:
    """A VRT with the rasters it names, in its own folder or below it; the blocks that are touched are fetched.

    Raises InputError for a VRT that names a file elsewhere: what comes from outside must not lead anywhere else.
    """
    folder, _, name = path.rpartition("/")
    with _opened(name, _WatchedFolder(fs, folder)) as source:
        yield source


@contextmanager
def _opened(name: str, watched: "_WatchedFile | _WatchedFolder") -> Iterator[rasterio.DatasetReader]:
    try:
        # given the file as such, rasterio would read it to its end first
        with rasterio.Env(session=DummySession(), **_OPTIONS), rasterio.open(name, opener=watched.open) as source:
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


class _WatchedFolder:
    def __init__(self, fs: fsspec.AbstractFileSystem, folder: str) -> None:
        self._fs, self._folder = fs, folder
        self._files: dict[str, _WatchedFile] = {}
        self._refused: Exception | None = None

    @property
    def failure(self) -> Exception | None:
        """The first failure of any file."""
        return next((file.failure for file in self._files.values() if file.failure), self._refused)

    def open(self, path: str, mode: str = "rb") -> "_Handle":
        """One of GDAL's handles on a file of the folder."""
        name = posixpath.normpath(path.lstrip("/"))
        if name not in self._files:
            address = f"{self._folder}/{name}"
            try:
                with reading(address):
                    file = open_blocks(self._fs, address)
                    _check_sources(file, address)
            except FileNotFoundError:
                self._refused = InputError(f"{address}: named by the VRT but not there")
                raise
            except LdasError as error:
                self._refused = error
                raise
            self._files[name] = _WatchedFile(file, name)
        return _Handle(self._files[name])


def _check_sources(file: Any, address: str) -> None:
    """Raise InputError when a VRT names a file that is not in its folder or below; other files pass."""
    if b"<VRTDataset" in file.read(1024):
        file.seek(0)
        try:
            root = ElementTree.fromstring(file.read())
        except ElementTree.ParseError as error:
            raise InputError(f"{address}: not a VRT ({error})") from error
        for element in (found for tag in ("SourceFilename", "SourceDataset") for found in root.iter(tag)):
            source = (element.text or "").strip()
            relative = element.get("relativeToVRT") == "1"
            if not relative or source.startswith(("/", "<", "..")) or ":" in source or "/../" in source:
                raise InputError(f"{address}: expected sources in the folder of the VRT, got {source[:120]!r}")
    file.seek(0)


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
