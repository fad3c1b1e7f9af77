"""A reverse proxy that stands between the service and a real server and spoils chosen answers."""

import http.client
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import urlsplit

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}
Kind = Literal["unavailable", "too many", "not found", "nonsense", "cut short", "no answer", "replaced"]


@dataclass(frozen=True)
class Spoiler:
    """What to do to the requests whose path holds `path`: after the first `after` of them, at most `times` times.

    `unavailable` is HTTP 503, `too many` 429, `not found` 404, `nonsense` a page of HTML with status 200. The server
    does what it was asked in the other kinds: `cut short` sends half of its answer, `no answer` breaks the connection
    instead, and `replaced` sends `body`.
    """

    kind: Kind
    path: str
    methods: tuple[str, ...] = ("GET", "HEAD", "POST", "PUT", "DELETE")
    after: int = 0
    times: int = 1_000_000
    body: bytes = b""


class Gateway:
    """Forwards to `upstream`; `spoil` sets what happens from now on, `hits` counts the spoiled answers by kind."""

    def __init__(self, upstream: str) -> None:
        self._upstream = urlsplit(upstream).netloc
        self._lock = threading.Lock()
        self._spoilers: list[Spoiler] = []
        self._matched: Counter[int] = Counter()
        self.hits: Counter[str] = Counter()
        self._server = _Server(("127.0.0.1", 0), _handler(self._answer))
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def spoil(self, *spoilers: Spoiler) -> None:
        """Spoil these requests and no others from now on; `hits` starts again."""
        with self._lock:
            self._spoilers = list(spoilers)
            self._matched.clear()
            self.hits.clear()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _chosen(self, method: str, path: str) -> Spoiler | None:
        with self._lock:
            for index, spoiler in enumerate(self._spoilers):
                if spoiler.path in path and method in spoiler.methods:
                    self._matched[index] += 1
                    if spoiler.after < self._matched[index] <= spoiler.after + spoiler.times:
                        self.hits[spoiler.kind] += 1
                        return spoiler
        return None

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        body = _body(request)
        spoiler = self._chosen(request.command, request.path)
        kind = spoiler.kind if spoiler else None
        if kind == "unavailable":
            return _send(request, 503, {}, b"unavailable")
        if kind == "too many":
            return _send(request, 429, {"Retry-After": "0"}, b"too many requests")
        if kind == "not found":
            return _send(request, 404, {}, b"")
        if kind == "nonsense":
            return _send(request, 200, {"Content-Type": "text/html"}, b"<html>maintenance</html>")
        status, headers, content = self._forward(request, body)
        if kind == "no answer":
            request.close_connection = True
            return None
        if spoiler and kind == "replaced":
            plain = {
                name: value for name, value in headers.items() if name.lower() in ("content-type", "last-modified")
            }
            return _send(request, 200, {**plain, "Content-Length": str(len(spoiler.body))}, spoiler.body)
        return _send(request, status, headers, content, withheld=len(content) // 2 if kind == "cut short" else 0)

    def _forward(self, request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(self._upstream, timeout=60)
        headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP_BY_HOP}
        connection.request(request.command, request.path, body, {**headers, "Content-Length": str(len(body))})
        answer = connection.getresponse()
        content = answer.read()
        kept = {name: value for name, value in answer.getheaders() if name.lower() not in HOP_BY_HOP}
        if request.command == "HEAD":
            kept["Content-Length"] = answer.getheader("Content-Length", "0")
        connection.close()
        return answer.status, kept, content


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was killed leaves its connections broken; that is wanted here."""


def _handler(answer: Callable[[BaseHTTPRequestHandler], None]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # small answers would wait 40 ms for an acknowledgement

        def forward(self) -> None:
            answer(self)

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = forward

        def log_message(self, format: str, *args: object) -> None:
            """Keep the season's output quiet."""

    return Handler


def _body(request: BaseHTTPRequestHandler) -> bytes:
    if request.headers.get("Transfer-Encoding", "").lower() != "chunked":
        return request.rfile.read(int(request.headers.get("Content-Length", 0)))
    parts = []
    while size := int(request.rfile.readline().split(b";")[0], 16):
        parts.append(request.rfile.read(size))
        request.rfile.readline()
    request.rfile.readline()
    return b"".join(parts)


def _send(
    request: BaseHTTPRequestHandler, status: int, headers: dict[str, str], content: bytes, withheld: int = 0
) -> None:
    request.send_response_only(status)
    length = {} if "Content-Length" in headers else {"Content-Length": str(len(content))}
    for name, value in {**headers, **length}.items():
        request.send_header(name, value)
    request.end_headers()
    if request.command != "HEAD":
        request.wfile.write(content[: len(content) - withheld])
    request.close_connection = withheld > 0
