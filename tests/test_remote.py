"""What a failed read becomes: missing, transient, refused or unusable, never one for another."""

from types import SimpleNamespace
from typing import Any

import aiohttp
import botocore.exceptions
import pytest

from ldas.errors import AccessError, InputError, LdasError, TransientError
from ldas.remote import reading, storage_options


def s3_error(code: str, status: int) -> botocore.exceptions.ClientError:
    response = {"Error": {"Code": code, "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return botocore.exceptions.ClientError(response, "GetObject")


def http_error(status: int) -> aiohttp.ClientResponseError:
    request: Any = SimpleNamespace(real_url="http://host/file")
    return aiohttp.ClientResponseError(request_info=request, history=(), status=status)


def caused(error: Exception, by: Exception) -> Exception:
    error.__cause__ = by
    return error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (s3_error("SlowDown", 503), TransientError),
        (s3_error("InternalError", 500), TransientError),
        (s3_error("ExpiredToken", 400), AccessError),
        (s3_error("AccessDenied", 403), AccessError),
        (http_error(429), TransientError),
        (http_error(403), AccessError),
        (caused(FileNotFoundError("x"), http_error(503)), TransientError),
        (caused(FileNotFoundError("x"), http_error(401)), AccessError),
        (PermissionError("denied"), AccessError),
        (TimeoutError(), TransientError),
        (ConnectionResetError(), TransientError),
        (botocore.exceptions.EndpointConnectionError(endpoint_url="http://x"), TransientError),
        (OSError("NetCDF: Unknown file format"), InputError),
        (ValueError("year 2503 is out of range"), InputError),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_each_failure_has_its_kind(error: Exception, expected: type[LdasError]) -> None:
    with pytest.raises(expected, match="somewhere") as found, reading("somewhere"):
        raise error
    assert type(found.value) is expected


@pytest.mark.parametrize("cause", [None, 404])
def test_a_missing_file_stays_a_missing_file(cause: int | None) -> None:
    error = FileNotFoundError("x")
    with pytest.raises(FileNotFoundError), reading("somewhere"):
        raise error if cause is None else caused(error, http_error(cause))


def test_our_own_errors_pass_unchanged() -> None:
    with pytest.raises(InputError, match=r"^units$"), reading("somewhere"):
        raise InputError("units")


def test_a_programming_error_is_not_hidden() -> None:
    with pytest.raises(TypeError), reading("somewhere"):
        raise TypeError("a defect of ours")


def test_only_s3_takes_an_endpoint() -> None:
    assert storage_options("https://host/file.nc", "http://endpoint") == {}
    assert storage_options("s3://bucket/file.nc", "http://endpoint") == {
        "anon": False,
        "client_kwargs": {"endpoint_url": "http://endpoint"},
    }
