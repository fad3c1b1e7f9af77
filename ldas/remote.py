"""Addresses of inputs: any fsspec URL, with its S3 endpoint, and the translation of its failures into our errors."""

import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import aiohttp
import botocore.exceptions
import fsspec
import numpy as np
import xarray as xr
import zarr
from zarr.storage import FsspecStore

from ldas.errors import AccessError, InputError, LdasError, TransientError

CLIENT_ERRORS = (aiohttp.ClientError, botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError)
ABSENT = "absent"
"""Fingerprint of what is not there."""
PARALLEL_QUESTIONS = 4
_TRANSIENT_CODES = {"429", "500", "502", "503", "504", "SlowDown", "InternalError", "ServiceUnavailable"}
_REFUSED_CODES = {
    "401",
    "403",
    "AccessDenied",
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidToken",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
    "TokenRefreshRequired",
}


@dataclass(frozen=True)
class Patience:
    """Seconds of silence after which a source is given up, and how often the S3 client asks again by itself."""

    connect: float = 10.0
    read: float = 60.0
    repeats: int = 2


PATIENCE = Patience()


def storage_options(
    uri: str, endpoint_url: str = "", anonymous: bool = False, patience: Patience = PATIENCE
) -> dict[str, Any]:
    """fsspec options of a URL: time-outs for http and S3; only S3 takes an endpoint and may be read without keys."""
    if uri.startswith(("http://", "https://")):
        limits = aiohttp.ClientTimeout(total=None, sock_connect=patience.connect, sock_read=patience.read)
        return {"client_kwargs": {"timeout": limits}}
    if not uri.startswith("s3://"):
        return {}
    times = {"connect_timeout": patience.connect, "read_timeout": patience.read}
    options: dict[str, Any] = {
        "anon": anonymous,
        "config_kwargs": {**times, "retries": {"max_attempts": patience.repeats}},
    }
    if endpoint_url:
        options["client_kwargs"] = {"endpoint_url": endpoint_url}
    return options


def open_filesystem(uri: str, options: dict[str, Any]) -> tuple[fsspec.AbstractFileSystem, str]:
    """The fsspec filesystem of a URL and the path on it."""
    fs, path = fsspec.core.url_to_fs(uri, **options)
    if uri.startswith("s3://"):
        fs.retries = 1  # s3fs repeats the client's repeats, up to 25 times: a silence of one minute becomes an hour
    return fs, path


def filesystem(
    uri: str, endpoint_url: str = "", anonymous: bool = False, patience: Patience = PATIENCE
) -> tuple[fsspec.AbstractFileSystem, str]:
    """The same from an endpoint and time-outs."""
    return open_filesystem(uri, storage_options(uri, endpoint_url, anonymous, patience))


def open_dataset(uri: str, endpoint_url: str = "", patience: Patience = PATIENCE) -> xr.Dataset:
    """A Zarr store or a NetCDF file at an fsspec URL, values read on demand.

    A remote NetCDF file is fetched whole, anew each time, and removed when the dataset is closed: load what is wanted
    before.
    """
    options = storage_options(uri, endpoint_url, patience=patience)
    if uri.rstrip("/").endswith(".zarr"):
        if not options:
            return xr.open_zarr(uri, chunks=None)
        fs, path = open_filesystem(uri, {**options, "asynchronous": True})
        return xr.open_zarr(FsspecStore(fs, path=path, read_only=True), chunks=None)
    fs, path = open_filesystem(uri, options)
    if "file" in fs.protocol:
        return xr.open_dataset(path, engine="netcdf4")
    folder = tempfile.TemporaryDirectory(prefix="ldas-netcdf-")
    fetched = Path(folder.name) / "fetched.nc"
    fs.get_file(path, str(fetched))
    dataset = xr.open_dataset(fetched, engine="netcdf4")
    close = dataset._close

    def close_and_remove() -> None:
        if close is not None:
            close()
        folder.cleanup()

    dataset.set_close(close_and_remove)
    return dataset


def fingerprint(uri: str, endpoint_url: str = "", patience: Patience = PATIENCE) -> str:
    """Size, entity tag and time of change of one file or object; ABSENT without it.

    What is written again under its name has another one. Raises as `reading` does.
    """
    fs, path = filesystem(uri, endpoint_url, patience=patience)
    try:
        with reading(uri):
            fs.invalidate_cache()
            found = fs.info(path)
    except FileNotFoundError:
        return ABSENT
    return " ".join(str(found.get(key, "")) for key in ("size", "ETag", "LastModified", "mtime"))


def fingerprints(uris: Iterable[str], endpoint_url: str = "", patience: Patience = PATIENCE) -> dict[str, str]:
    """Address → fingerprint of several files or objects, asked a few at a time."""
    listed = list(uris)
    with ThreadPoolExecutor(PARALLEL_QUESTIONS) as pool:
        found = pool.map(lambda uri: fingerprint(uri, endpoint_url, patience), listed)
        return dict(zip(listed, found, strict=True))


def zarr_objects(
    uri: str, wanted: Mapping[str, Sequence[np.ndarray]], endpoint_url: str = "", patience: Patience = PATIENCE
) -> list[str]:
    """Addresses of the chunks (or shards) of a Zarr store that hold elements: array name → their indices by axis."""
    options = storage_options(uri, endpoint_url, patience=patience)
    store: Any = uri
    if options:
        fs, path = open_filesystem(uri, {**options, "asynchronous": True})
        store = FsspecStore(fs, path=path, read_only=True)
    group = zarr.open_group(store, mode="r")
    addresses = []
    for name, indices in wanted.items():
        array = group[name]
        assert isinstance(array, zarr.Array)
        stored = array.shards or array.chunks
        rows = [np.unique(index // size).tolist() for index, size in zip(indices, stored, strict=True)]
        addresses += [f"{uri.rstrip('/')}/{name}/{array.metadata.encode_chunk_key(place)}" for place in product(*rows)]
    return addresses


@contextmanager
def reading(uri: str) -> Iterator[None]:
    """Turn failures of reading `uri` into ours: FileNotFoundError passes, the rest becomes one of three.

    fsspec reports every failed HTTP request as FileNotFoundError: it passes only when the answer behind it was not
    another status or no answer at all. Catch it outside this context.
    TransientError for time-outs, broken connections, 429 and 5xx; AccessError for 401, 403 and expired keys;
    InputError for anything that was read and is not what its name says.
    """
    try:
        yield
    except LdasError:
        raise
    except FileNotFoundError as error:
        if _codes(error) & (_REFUSED_CODES | _TRANSIENT_CODES):
            raise _classify(uri, error) from error
        raise
    except PermissionError as error:
        raise AccessError(f"{uri}: access refused ({_short(error)})") from error
    except TimeoutError as error:
        raise TransientError(f"{uri}: no answer in time") from error
    except IndexError as error:  # s3fs stumbles over a time-out in the middle of a body
        if isinstance(error.__context__, TimeoutError):
            raise TransientError(f"{uri}: no answer in time") from error
        raise
    except (OSError, ValueError, RuntimeError, EOFError, KeyError, *CLIENT_ERRORS) as error:
        raise _classify(uri, error) from error


def _classify(uri: str, error: Exception) -> LdasError:
    codes = _codes(error)
    if codes & _REFUSED_CODES:
        return AccessError(f"{uri}: access refused ({_short(error)})")
    if codes & _TRANSIENT_CODES or isinstance(error, ConnectionError | aiohttp.ClientPayloadError):
        return TransientError(f"{uri}: the source did not answer ({_short(error)})")
    return InputError(f"{uri}: cannot be read ({_short(error)})")


def _codes(error: BaseException | None) -> set[str]:
    """HTTP and S3 error codes found along the chain of causes."""
    found: set[str] = set()
    while error is not None:
        status = getattr(error, "status", None)
        if status is not None:
            found.add(str(status))
        response = getattr(error, "response", None)
        if isinstance(response, dict):
            found.add(str(response.get("Error", {}).get("Code", "")))
            found.add(str(response.get("ResponseMetadata", {}).get("HTTPStatusCode", "")))
            if "400" in found and getattr(error, "operation_name", "").startswith("Head"):
                found.add("ExpiredToken")  # the answer to a HEAD has no body that could say it
        if (
            type(error).__module__.partition(".")[0] in {"aiohttp", "botocore", "requests", "urllib3"}
            and status is None
        ):
            found.update(
                re.findall(r"\b(4\d\d|5\d\d)\b", str(error))
                or (["503"] if re.search("onnect|imeout", type(error).__name__) else [])
            )
        error = error.__cause__ or error.__context__
    return found


def _short(error: Exception) -> str:
    if isinstance(error, FileNotFoundError) and isinstance(error.__cause__, Exception):
        error = error.__cause__
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:200]
