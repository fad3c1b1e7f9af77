"""Assets on this disk: a bounded cache of verified files, filled through fsspec by a bounded number of reads."""

import hashlib
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import fsspec

from ldas.errors import InputError, TransientError
from ldas.observations.granule import Asset
from ldas.observations.settings import ObservationSettings
from ldas.remote import Patience, open_filesystem, reading, storage_options

CHUNK = 1 << 20
MAGIC = {
    ".nc": (b"\x89HDF\r\n\x1a\n", b"CDF"),
    ".tif": (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"),
    ".tiff": (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"),
}


class AssetReader:
    """Opens and fetches assets with the settings' keys, limits and retries."""

    def __init__(self, settings: ObservationSettings, cache: str | Path) -> None:
        self.settings = settings
        self.cache = Path(cache)
        self.bytes_read = 0
        """Bytes asked of the sources so far."""
        self._gate = threading.BoundedSemaphore(settings.parallel_reads)

    def filesystem(self, href: str) -> tuple[fsspec.AbstractFileSystem, str]:
        """The fsspec filesystem and path of an address: `s3://` with the settings' endpoint and keys, https, file."""
        given = self.settings
        patience = Patience(given.connect_timeout, given.read_timeout, repeats=0)
        key, secret = os.environ.get(given.key_variable), os.environ.get(given.secret_variable)
        options = storage_options(href, given.endpoint_url, anonymous=not (key and secret), patience=patience)
        if href.startswith("s3://"):
            options["client_kwargs"] = {**options.get("client_kwargs", {}), "region_name": given.region}
            options |= {"key": key, "secret": secret} if key and secret else {}
        return open_filesystem(href, options)

    def whole_file(self, asset: Asset) -> Path:
        """The asset as a local file, fetched once, its size, MD5 and magic bytes verified.

        A known address with another checksum is fetched again. Raises InputError for a file that is not what the
        catalogue says or larger than the cache may be (final), TransientError or AccessError for a source that does
        not answer or refuses, TransientError for a cache folder that cannot be written.
        """
        target = self.cache / f"{_key(asset)}{Path(asset.href).suffix}"
        if target.exists():
            os.utime(target)
            return target
        if asset.size is not None:
            self._check_bound(asset.href, asset.size)

        def fetch() -> Path:
            fs, path = self.filesystem(asset.href)
            with self._writing():
                self.cache.mkdir(parents=True, exist_ok=True)
                handle, name = tempfile.mkstemp(dir=self.cache, prefix=".part-")
            partial, size = Path(name), 0
            try:
                with os.fdopen(handle, "wb", buffering=0) as out, fs.open(path, "rb", block_size=4 * CHUNK) as source:
                    while block := source.read(4 * CHUNK):
                        size += len(block)
                        self.bytes_read += len(block)
                        self._check_bound(asset.href, size)
                        with self._writing():
                            rest = memoryview(block)
                            while rest:
                                rest = rest[out.write(rest) :]
                verify(partial, asset)
                partial.replace(target)
            finally:
                partial.unlink(missing_ok=True)
            return target

        found = self.patiently(asset.href, fetch)
        self._trim(keep=found)
        return found

    def patiently[T](self, href: str, read: Callable[[], T]) -> T:
        """Call `read` behind the gate of parallel reads, again after transient failures with growing pauses."""
        for attempt in range(self.settings.retries + 1):
            try:
                with self._gate, reading(href):
                    return read()
            except FileNotFoundError as error:
                raise InputError(f"{href}: the catalogue lists this file but it is not there") from error
            except TransientError:
                if attempt == self.settings.retries:
                    raise
                time.sleep(min(0.5 * 2**attempt, 20.0))
        raise TransientError(f"{href}: no try was allowed (retries {self.settings.retries})")

    def _check_bound(self, href: str, size: int) -> None:
        bound = self.settings.cache_gigabytes
        if size > bound * 1e9:
            limit = f"the {bound:g} GB of observations.cache_gigabytes"
            raise InputError(f"{href}: {size / 1e9:.3g} GB or more, expected at most {limit}")

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """A full or read-only disk of ours is no fault of the granule: later the granule may be had."""
        try:
            yield
        except OSError as error:
            raise TransientError(f"{self.cache}: the cache cannot be written ({error.strerror})") from error

    def _trim(self, keep: Path) -> None:
        """Remove the files used longest ago until the cache is within its bound."""
        files = sorted((path for path in self.cache.iterdir() if path.is_file()), key=lambda path: path.stat().st_mtime)
        excess = sum(path.stat().st_size for path in files) - self.settings.cache_gigabytes * 1e9
        for path in files:
            if excess <= 0:
                break
            if path != keep and not path.name.startswith(".part-"):
                excess -= path.stat().st_size
                path.unlink(missing_ok=True)


def verify(path: Path, asset: Asset) -> None:
    """Raise InputError naming the asset when a fetched file's size, MD5 or first bytes are not as they should be.

    A short file is a broken transfer and raises TransientError.
    """
    size = path.stat().st_size
    if asset.size is not None and size < asset.size:
        raise TransientError(f"{asset.href}: the transfer ended early, {size} of {asset.size} bytes")
    if asset.size is not None and size > asset.size:
        raise InputError(f"{asset.href}: expected {asset.size} bytes as the catalogue says, got {size}")
    with path.open("rb") as file:
        check_magic(asset.href, file.read(8))
    if asset.md5 is not None:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
        if found != asset.md5:
            raise InputError(f"{asset.href}: expected MD5 {asset.md5} as the catalogue says, got {found}")


def check_magic(href: str, head: bytes) -> None:
    """Raise InputError when the first bytes do not fit the name's ending."""
    expected = MAGIC.get(Path(href).suffix.lower())
    if expected and not head.startswith(expected):
        what = "an HTML page" if head.lstrip().lower().startswith((b"<!doc", b"<html")) else f"bytes {head[:4]!r}"
        raise InputError(f"{href}: expected a {Path(href).suffix} file, got {what}")


def _key(asset: Asset) -> str:
    return hashlib.sha256(f"{asset.href} {asset.md5} {asset.size}".encode()).hexdigest()[:32]
