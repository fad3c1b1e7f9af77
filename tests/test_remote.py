"""What a failed read becomes: missing, transient, refused or unusable, never one for another."""

from types import SimpleNamespace
from typing import Any

import aiohttp
import botocore.exceptions
import pytest

from ldas.errors import AccessError, InputError, LdasError, TransientError
from ldas.remote import Patience, reading, storage_options


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


def test_a_refused_head_request_has_no_body_to_say_why() -> None:
    response: Any = {"Error": {"Code": "400", "Message": "Bad Request"}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    refused = botocore.exceptions.ClientError(response, "HeadObject")
    with pytest.raises(AccessError), reading("somewhere"):
        raise caused(OSError(22, "Bad Request"), refused)
    with pytest.raises(InputError), reading("somewhere"):
        raise caused(OSError(22, "Bad Request"), botocore.exceptions.ClientError(response, "GetObject"))


def test_an_index_error_is_a_time_out_only_above_a_time_out() -> None:
    with pytest.raises(TransientError, match="no answer in time"), reading("somewhere"):
        try:
            raise TimeoutError
        except TimeoutError as silence:
            silence.args[0]
    with pytest.raises(IndexError), reading("somewhere"):
        raise IndexError


def test_only_s3_takes_an_endpoint_and_only_the_net_a_time_out() -> None:
    patience = Patience(3.0, 7.0, 0)
    assert storage_options("file:///file.nc", "http://endpoint", patience=patience) == {}
    over_http = storage_options("https://host/file.nc", "http://endpoint", patience=patience)
    assert (over_http["client_kwargs"]["timeout"].sock_connect, over_http["client_kwargs"]["timeout"].sock_read) == (
        3,
        7,
    )
    assert list(over_http) == ["client_kwargs"]
    assert storage_options("s3://bucket/file.nc", "http://endpoint", patience=patience) == {
        "anon": False,
        "config_kwargs": {"connect_timeout": 3.0, "read_timeout": 7.0, "retries": {"max_attempts": 0}},
        "client_kwargs": {"endpoint_url": "http://endpoint"},
    }


def test_a_body_that_ends_early_may_be_whole_next_time() -> None:
    broken = aiohttp.ClientPayloadError("Response payload is not completed")
    broken.__cause__ = aiohttp.http_exceptions.ContentLengthError("Not enough data to satisfy content length header.")
    with pytest.raises(TransientError, match="did not answer"), reading("s3://bucket/granule.tiff"):
        raise broken
