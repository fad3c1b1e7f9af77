"""Real servers for the tests: S3 (moto) with its keys in the environment, and HTTP with scripted failures."""

import json
import os
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest

from ldas.demo.servers import ObjectStore


class S3Server:
    """A running S3 endpoint and the few things tests do to it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.client = boto3.client("s3", endpoint_url=url)

    def make_bucket(self, name: str, public: bool = False) -> str:
        """Create a bucket (readable by everybody when `public`) and return its name."""
        self.client.create_bucket(Bucket=name, **({"ACL": "public-read"} if public else {}))
        return name

    def upload(self, folder: Path, bucket: str) -> None:
        """Put every file below a folder into a bucket, made when missing."""
        self.make_bucket(bucket)
        for path in folder.rglob("*"):
            if path.is_file():
                self.client.upload_file(str(path), bucket, path.relative_to(folder).as_posix())


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """A moto S3 server; its keys stand in the environment while the session lasts."""
    store = ObjectStore()
    kept = {name: os.environ.get(name) for name in store.environ}
    os.environ.update(store.environ)
    try:
        yield S3Server(store.url)
    finally:
        store.close()
        for name, value in kept.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@dataclass(frozen=True)
class Answer:
    """One HTTP answer: status, body, headers, seconds of silence before it, and bytes kept back of the body.

    The connection is closed where the body is cut, or kept open for `stall` seconds without another byte.
    """

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    silence: float = 0.0
    withheld: int = 0
    stall: float = 0.0


class ScriptedServer:
    """An HTTP server that gives each path its answers in turn, the last one for ever; `default` (404) elsewhere.

    `requests` lists method and path of what was asked, `bytes_sent` counts the bodies. Ranges are honoured for answers
    of status 200.
    """

    def __init__(self) -> None:
        self.script: dict[str, list[Answer]] = {}
        self.default = Answer(status=404)
        self.requests: list[tuple[str, str]] = []
        self.bytes_sent = 0
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                path = self.path.partition("?")[0]
                owner.requests.append((self.command, path))
                answers = owner.script.get(self.path) or owner.script.get(path) or [owner.default]
                given = answers.pop(0) if len(answers) > 1 else answers[0]
                time.sleep(given.silence)
                body, status, headers = given.body, given.status, dict(given.headers)
                asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
                if asked and status == 200:
                    first, last = int(asked[1]), min(int(asked[2] or len(body) - 1), len(body) - 1)
                    headers["Content-Range"] = f"bytes {first}-{last}/{len(body)}"
                    body, status = body[first : last + 1], 206
                self.send_response(status)
                for name, value in {"Accept-Ranges": "bytes", **headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    owner.bytes_sent += len(body) - given.withheld
                    self.wfile.write(body[: len(body) - given.withheld])
                    self.wfile.flush()
                    time.sleep(given.stall)
                self.close_connection = given.withheld > 0

            do_GET = do_POST = do_HEAD = answer

            def log_message(self, format: str, *args: object) -> None:
                """Keep the test's output quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def json(self, path: str, *answers: Any) -> None:
        """Answer `path` with these JSON documents in turn; an `Answer` among them is given as it is."""
        kind = {"Content-Type": "application/geo+json"}
        self.script[path] = [
            given if isinstance(given, Answer) else Answer(json.dumps(given).encode(), headers=kind)
            for given in answers
        ]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def scripted_server() -> Iterator[ScriptedServer]:
    server = ScriptedServer()
    yield server
    server.close()
