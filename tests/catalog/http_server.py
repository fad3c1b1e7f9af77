"""A small static HTTP server with byte ranges, as any object store's public front has them.

It runs in a process of its own: GDAL holds the interpreter while it waits for an answer.
"""

import re
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from ldas.demo.servers import free_port
from ldas.errors import LdasError


@contextmanager
def serve(folder: Path, certificate: Path | None = None) -> Iterator[str]:
    """Serve a folder on the loopback address; yields its URL. With a certificate (PEM, with its key) over https."""
    port = free_port()
    command = [sys.executable, "-m", "tests.catalog.http_server", str(folder), str(port)]
    process = subprocess.Popen(command if certificate is None else [*command, str(certificate)])
    url = f"{'http' if certificate is None else 'https'}://127.0.0.1:{port}"
    try:
        _wait_for_port(port, process)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until something listens, whatever certificate it has."""
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=2).close()
            return
        except OSError:
            time.sleep(0.05)
    raise LdasError(f"port {port}: the server ended with code {process.returncode} before it listened")


class StaticHandler(BaseHTTPRequestHandler):
    """GET and HEAD of files below `folder`."""

    protocol_version = "HTTP/1.1"
    folder: Path

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def _answer(self, body: bool) -> None:
        path = self.folder / self.path.partition("?")[0].lstrip("/")
        if not path.is_file():
            self._send(404, b"", body, {})
            return
        content = path.read_bytes()
        asked = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
        if asked is None:
            self._send(200, content, body, {})
            return
        first, last = asked.groups()
        start = int(first) if first else max(0, len(content) - int(last))
        end = min(int(last) + 1, len(content)) if first and last else len(content)
        self._send(206, content[start:end], body, {"Content-Range": f"bytes {start}-{end - 1}/{len(content)}"})

    def _send(self, code: int, content: bytes, body: bool, headers: dict[str, str]) -> None:
        self.send_response(code)
        for name, value in {"Content-Length": str(len(content)), "Accept-Ranges": "bytes", **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if body:
            self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        """Nothing: the tests look at answers, not at logs."""


if __name__ == "__main__":
    StaticHandler.folder = Path(sys.argv[1])
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), StaticHandler)
    if len(sys.argv) > 3:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[3])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()
