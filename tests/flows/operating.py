"""What an operator does and hears: deploys, triggers runs, looks at them, and gets the messages of the alarms."""

import json
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil

from tests.flows.prefect_server import BIN, ROOT, prefect, prefect_server, prefect_worker

BUSY = 503
"""What a server answers whose database is locked; its clients ask again."""
END_STATES = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
NOTIFICATION_BLOCK = "custom-webhook/operators"


class Operator:
    """A Prefect server with a worker, from outside."""

    def __init__(self, environ: dict[str, str], stack: ExitStack) -> None:
        self.environ = environ
        self._stack = stack
        self.start_worker()

    def start_worker(self) -> None:
        """Have a worker, whose children are the runs, until the operating ends."""
        log = Path(self.environ["PREFECT_HOME"]) / f"worker-{uuid4()}.log"
        self.worker = psutil.Process(self._stack.enter_context(prefect_worker(self.environ, log)).pid)

    def lose_host(self) -> None:
        """Kill the worker and its runs, so that nobody is left to report their end."""
        for process in (self.worker, *self.worker.children(recursive=True)):
            process.kill()

    def ask(self, path: str, content: Mapping[str, object] | None = None) -> Any:
        """The answer of the server's API to a GET, or to a POST of `content`."""
        body = None if content is None else json.dumps(content, default=str).encode()
        request = urllib.request.Request(
            f"{self.environ['PREFECT_API_URL']}/{path}", body, {"content-type": "application/json"}
        )
        deadline = time.monotonic() + 60.0
        while True:
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                if error.code != BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(0.5)

    def trigger(self, deployment: str, **parameters: object) -> str:
        """Ask for a run of FLOW/DOMAIN, as the form of the UI does; returns its id."""
        found = self.ask(f"deployments/name/{deployment}")
        wanted = {"parameters": parameters, "idempotency_key": str(uuid4())}
        return self.ask(f"deployments/{found['id']}/create_flow_run", wanted)["id"]

    def run(self, identity: str) -> dict[str, Any]:
        return self.ask(f"flow_runs/{identity}")

    def wall_time(self, identity: str) -> float:
        """Seconds from the worker's taking a run to its end, so with the start of the run's process."""
        states = self.ask(f"flow_run_states/?flow_run_id={identity}")
        taken = min(datetime.fromisoformat(state["timestamp"]) for state in states if state["type"] == "PENDING")
        return (datetime.fromisoformat(self.run(identity)["end_time"]) - taken).total_seconds()

    def wait(self, identity: str, seconds: float = 240.0) -> str:
        """The state in which a run ended."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if (state := self.run(identity)["state_type"]) in END_STATES:
                return state
            time.sleep(0.5)
        raise AssertionError(f"run {identity} is {self.run(identity)['state_type']} after {seconds:.0f} s")

    def artifacts(self) -> list[dict[str, Any]]:
        return self.ask("artifacts/filter", {})


@contextmanager
def operating(home: Path, database_url: str, *deploy: str) -> Iterator[Operator]:
    """A server, a worker and what `prefect deploy` makes of deploy/prefect.yaml with the options `deploy`."""
    subprocess.run([str(BIN / "ldas"), "compile"], check=True, timeout=600)  # runs are then as quick as an operator's
    with ExitStack() as stack:
        environ = stack.enter_context(prefect_server(home, database_url))
        environ["LDAS_CACHE"] = str(home / "cache")
        operator = Operator(environ, stack)
        prefect(environ, "deploy", *deploy)
        yield operator


def apply_automations(environ: Mapping[str, str]) -> str:
    """Run the one command that makes the automations; returns what it printed."""
    return run_python(environ, "-m", "flows.automations")


def shorten_lateness(environ: Mapping[str, str], seconds: float) -> None:
    """Apply the automations with a domain late after `seconds` already."""
    code = (
        "import sys; from datetime import timedelta; "
        "from flows.automations import apply_automations, build_automations, notification_actions; "
        "apply_automations(build_automations("
        "notification_actions(sys.argv[1]), timedelta(seconds=float(sys.argv[2]))))"
    )
    run_python(environ, "-c", code, NOTIFICATION_BLOCK, str(seconds))


def save_notification_block(environ: Mapping[str, str], url: str) -> None:
    """Make the block that automations send their messages through, one that posts to `url`."""
    code = (
        "import sys; from prefect.blocks.notifications import CustomWebhookNotificationBlock as Block; "
        "Block(name='operators', url=sys.argv[1], json_data={'subject': '{{subject}}', 'body': '{{body}}'})"
        ".save('operators', overwrite=True)"
    )
    run_python(environ, "-c", code, url)


def run_python(environ: Mapping[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments], env=environ, cwd=ROOT, capture_output=True, text=True, timeout=180, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


class Inbox:
    """Where the alarms' messages arrive."""

    def __init__(self) -> None:
        self.messages: list[dict[str, str]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _receiver(self.messages))
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def find(self, subject: str, told: str) -> list[dict[str, str]]:
        """The messages so far with this subject and `told` in their body."""
        return [message for message in list(self.messages) if message["subject"] == subject and told in message["body"]]

    def wait_for(self, subject: str, told: str, seconds: float = 90.0) -> dict[str, str]:
        """The first message with this subject and `told` in its body."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for message in self.find(subject, told):
                return message
            time.sleep(0.3)
        raise AssertionError(f"no message {subject!r} about {told} in {seconds:.0f} s, but {self.messages}")

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _receiver(messages: list[dict[str, str]]) -> type[BaseHTTPRequestHandler]:
    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            messages.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Keep the tests' output quiet."""

    return Receiver
