"""A store that fails, refuses, dawdles or has another clock: nothing is lost, and the message says what to do."""

import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from ldas.config import RecordSettings
from ldas.errors import AccessError, LdasError, TransientError
from ldas.record import Record
from tests.flows.gateway import Gateway, Spoiler
from tests.record.small import advance, new_record

pytestmark = [pytest.mark.server, pytest.mark.slow]


class FaultyStore(Gateway):
    """An S3 endpoint before the real one that answers writes with an S3 error, or every request late."""

    error: tuple[int, str] | None = None
    delay = 0.0
    delayed = 0
    """Requests that were answered late."""

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        time.sleep(self.delay)
        self.delayed += self.delay > 0.0
        if self.error is None or request.command not in ("PUT", "POST"):
            return super()._answer(request)
        status, code = self.error
        request.rfile.read(int(request.headers.get("Content-Length", 0)))
        content = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{code}</Message></Error>".encode()
        request.send_response_only(status)
        request.send_header("Content-Type", "application/xml")
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)
        return None


@pytest.fixture
def store(s3_settings: RecordSettings) -> Iterator[tuple[FaultyStore, RecordSettings]]:
    gateway = FaultyStore(s3_settings.endpoint_url)
    yield gateway, s3_settings.model_copy(update={"endpoint_url": gateway.url, "tries": 3})
    gateway.close()


@pytest.mark.parametrize(
    ("status", "code", "kind", "advice"),
    [
        (500, "InternalError", TransientError, "run again later"),
        (403, "AccessDenied", AccessError, "check its keys, policy or file permissions"),
        (403, "RequestTimeTooSkewed", AccessError, "this machine's clock"),
    ],
)
def test_a_store_that_refuses_writes_loses_nothing(
    store: tuple[FaultyStore, RecordSettings], status: int, code: str, kind: type[LdasError], advice: str
) -> None:
    gateway, settings = store
    record = new_record(settings)
    advance(record, 1)
    gateway.error = (status, code)
    with pytest.raises(kind, match=advice):
        advance(record, 1)
    assert Record.open(settings).load().cycles == 1
    gateway.error = None
    advance(record, 1)
    assert Record.open(settings).load().cycles == 2


def test_a_slow_store_is_waited_for(store: tuple[FaultyStore, RecordSettings]) -> None:
    gateway, settings = store
    record = new_record(settings)
    gateway.delay = 0.05
    advance(record, 1)
    assert gateway.delayed > 0
    assert Record.open(settings).load().cycles == 1


def test_the_tries_of_a_request_are_those_of_the_profile(store: tuple[FaultyStore, RecordSettings]) -> None:
    gateway, settings = store
    new_record(settings)
    hits = []
    for tries in (1, 3):
        gateway.spoil(Spoiler("unavailable", "/"))
        with pytest.raises(TransientError, match="did not answer"):
            Record.open(settings.model_copy(update={"tries": tries}))
        hits.append(gateway.hits["unavailable"])
    assert hits[1] > hits[0] >= 1
