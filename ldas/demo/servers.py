"""The outside world of the demo on this machine: an S3 object store and a STAC API, both real servers."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ldas.errors import LdasError

KEYS = {"AWS_ACCESS_KEY_ID": "demo", "AWS_SECRET_ACCESS_KEY": "demo-demo", "AWS_DEFAULT_REGION": "us-east-1"}


def free_port() -> int:
    """A TCP port of the loopback address that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_up(url: str, process: subprocess.Popen[bytes] | None = None, seconds: float = 60.0) -> None:
    """Wait until `url` answers with any HTTP status; raises LdasError when it does not or its process ended."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process is not None and process.poll() is not None:
            raise LdasError(f"{url}: the server ended with code {process.returncode} before it answered")
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    raise LdasError(f"{url}: no answer within {seconds:.0f} s")


class ObjectStore:
    """A moto S3 server in a process of its own; `environ` holds the keys a client needs."""

    def __init__(self) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.environ = {**KEYS, "LDAS_S3_ENDPOINT": self.url}
        self._process = subprocess.Popen(
            [str(Path(sys.executable).parent / "moto_server"), "-H", "127.0.0.1", "-p", str(port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **KEYS},
        )
        wait_until_up(self.url, self._process)

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=20)


class StacApi:
    """`rustac serve` on one address; `serve` restarts it with another set of items, as a growing catalogue."""

    def __init__(self) -> None:
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._folder = Path(tempfile.mkdtemp(prefix="ldas-stac-"))
        self._process: subprocess.Popen[bytes] | None = None

    def serve(self, collections: Sequence[dict[str, Any]], items: Sequence[dict[str, Any]]) -> None:
        """Serve these collections and items from now on."""
        self._stop()
        files = []
        for collection in collections:
            path = self._folder / f"{collection['id']}.json"
            path.write_text(json.dumps(collection), encoding="utf-8")
            files.append(str(path))
        content = self._folder / "items.json"
        content.write_text(json.dumps({"type": "FeatureCollection", "features": list(items)}), encoding="utf-8")
        command = [str(Path(sys.executable).parent / "rustac"), "serve", "--addr", f"127.0.0.1:{self._port}"]
        self._process = subprocess.Popen(
            [*command, *files, str(content)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_until_up(self.url, self._process)

    def _stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=20)
            self._process = None

    def close(self) -> None:
        self._stop()
        shutil.rmtree(self._folder, ignore_errors=True)
