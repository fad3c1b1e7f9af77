"""Addresses of inputs: any fsspec URL, with its S3 endpoint, and the translation of its failures into our errors."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import aiohttp
import botocore.exceptions
import fsspec
import xarray as xr

from ldas.errors import AccessError, InputError, LdasError, TransientError

CLIENT_ERRORS = (aiohttp.ClientError, botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError)
_TRANSIENT_CODES = {"429", "500", "502", "503", "504", "SlowDown", "InternalError", "ServiceUnavailable"}
_REFUSED_CODES = {
    "401",
    "403",
    "AccessDenied",
    "ExpiredToken",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "TokenRefreshRequired",
}


def storage_options(uri: str, endpoint_url: str = "", anonymous: bool = False) -> dict[str, Any]:
    """fsspec options of a URL; only S3 takes an endpoint and may be read without keys."""
    if not uri.startswith("s3://"):
        return {}
    options: dict[str, Any] = {"anon": anonymous}
    if endpoint_url:
        options["client_kwargs"] = {"endpoint_url": endpoint_url}
    return options


def filesystem(uri: str, endpoint_url: str = "", anonymous: bool = False) -> tuple[fsspec.AbstractFileSystem, str]:
    """The fsspec filesystem of a URL and the path on it."""
    return fsspec.core.url_to_fs(uri, **storage_options(uri, endpoint_url, anonymous))


def open_dataset(uri: str, endpoint_url: str = "") -> xr.Dataset:
    """A Zarr store or a NetCDF file at an fsspec URL, values read on demand; a remote NetCDF file is fetched whole."""
    if uri.rstrip("/").endswith(".zarr"):
        return xr.open_zarr(uri, chunks=None, storage_options=storage_options(uri, endpoint_url) or None)
    fs, path = filesystem(uri, endpoint_url)
    if "file" in fs.protocol:
        return xr.open_dataset(path, engine="netcdf4")
    protocol = uri.partition("://")[0]
    fetched = fsspec.open_local(f"simplecache::{uri}", **{protocol: storage_options(uri, endpoint_url)})
    return xr.open_dataset(fetched, engine="netcdf4")


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
    except (OSError, ValueError, RuntimeError, EOFError, KeyError, *CLIENT_ERRORS) as error:
        raise _classify(uri, error) from error


def _classify(uri: str, error: Exception) -> LdasError:
    codes = _codes(error)
    if codes & _REFUSED_CODES:
        return AccessError(f"{uri}: access refused ({_short(error)})")
    if codes & _TRANSIENT_CODES or isinstance(error, ConnectionError):
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
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:200]
