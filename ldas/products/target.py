"""Where a publication is written: a local folder or an S3 prefix, one whole object at a time."""

import errno
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import fsspec
from zarr.abc.store import Store
from zarr.storage import FsspecStore, LocalStore

from ldas.errors import AccessError, LdasError, TransientError
from ldas.products.settings import PublicationSettings
from ldas.remote import reading

CONTENT_TYPES = {
    ".json": "application/json",
    ".yaml": "application/yaml",
    ".html": "text/html; charset=utf-8",
    ".png": "image/png",
    ".tif": "image/tiff; application=geotiff; profile=cloud-optimized",
}


class Target:
    """Reads and writes objects under the publication's address; a reader sees an object's old or new bytes, never part.

    Failures come as AccessError (refused, read-only), TransientError (no answer, no space) or InputError.
    """

    def __init__(self, settings: PublicationSettings) -> None:
        self.uri = settings.uri.rstrip("/")
        self.local = "://" not in self.uri or self.uri.startswith("file://")
        self.options: dict[str, Any] = {}
        if not self.local:
            # Listings change under our own writes: never from a cache.
            self.options = {"client_kwargs": {}, "use_listings_cache": False, "skip_instance_cache": True}
            if settings.endpoint_url:
                self.options["client_kwargs"] = {"endpoint_url": settings.endpoint_url}
            if settings.acl:
                self.options["s3_additional_kwargs"] = {"ACL": settings.acl}
        self._filesystem, self._root = fsspec.core.url_to_fs(self.uri, **self.options)

    @property
    def address(self) -> str:
        """The address with its protocol, as consumers on this machine or network would use it."""
        return f"file://{self._root}" if self.local else self.uri

    def zarr_store(self, name: str) -> Store:
        """The Zarr store of a folder of the publication."""
        if self.local:
            return LocalStore(Path(self._root) / name)
        options = {key: value for key, value in self.options.items() if key != "skip_instance_cache"}
        return FsspecStore.from_url(f"{self.uri}/{name}", storage_options=options)

    def read(self, path: str) -> bytes | None:
        """Bytes of an object, or None when there is none."""
        try:
            with reading(f"{self.uri}/{path}"):
                return self._filesystem.cat_file(self._path(path))
        except FileNotFoundError:
            return None

    def write(self, path: str, content: bytes) -> None:
        """Write an object whole; it appears under its name in one step."""
        with writing(f"{self.uri}/{path}"):
            if self.local:
                final = Path(self._path(path))
                final.parent.mkdir(parents=True, exist_ok=True)
                partial = final.with_name(f".{final.name}.{uuid.uuid4().hex}")
                try:
                    partial.write_bytes(content)
                    partial.replace(final)
                finally:
                    partial.unlink(missing_ok=True)
            else:
                content_type = CONTENT_TYPES.get(Path(path).suffix, "application/octet-stream")
                self._filesystem.pipe_file(self._path(path), content, ContentType=content_type)

    def write_changed(self, path: str, content: bytes) -> None:
        """Write an object unless it holds these bytes already: a reader in the middle of it is not disturbed."""
        if self.read(path) != content:
            self.write(path, content)

    def names(self, folder: str) -> list[str]:
        """Paths of the objects below a folder, relative to the publication, sorted."""
        with reading(f"{self.uri}/{folder}"):
            try:
                found = self._filesystem.find(self._path(folder))
            except FileNotFoundError:
                return []
        return sorted(str(path)[len(self._root) :].lstrip("/") for path in found)

    def delete(self, path: str = "") -> None:
        """Delete an object, a folder or (with no path) the whole publication; nothing there is no error."""
        with writing(f"{self.uri}/{path}"):
            if self._filesystem.exists(self._path(path)):
                self._filesystem.rm(self._path(path), recursive=True)

    def size(self, folder: str = "") -> int:
        """Bytes of all objects below a folder."""
        return sum(self._filesystem.du(self._path(folder), total=False).values())

    def _path(self, path: str) -> str:
        return f"{self._root}/{path}".rstrip("/")


@contextmanager
def writing(uri: str) -> Iterator[None]:
    """Turn failures of writing to `uri` into ours, saying what to do."""
    try:
        yield
    except LdasError:
        raise
    except OSError as error:
        if isinstance(error, PermissionError) or error.errno == errno.EROFS:
            raise AccessError(
                f"{uri}: writing was refused ({error}); check the publication's keys, policy and this machine's clock"
            ) from error
        if error.errno == errno.ENOSPC:
            raise TransientError(
                f"{uri}: no space left; free some and publish again, nothing of it is visible"
            ) from error
        raise TransientError(f"{uri}: could not be written ({error}); publish again, it goes on from here") from error
