"""A consumer that polls through intake while days are published sees whole days, each once, and no exception."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import intake
import numpy as np
import pytest

from ldas.products.publication import publish
from ldas.products.settings import PublicationSettings
from tests.products.builders import build_source, first_days, settings_for
from tests.servers import S3Server

PUBLICATIONS = 30
FIRST = 6
SOURCE = build_source(FIRST + PUBLICATIONS)
WATCHED = ("lai", "wg", "n_lai_obs", "qc_flags", "lai_increment")


class Poller:
    """Opens the catalogue again and again in a thread and checks all it sees against the source."""

    def __init__(self, url: str, pause: float = 0.0, **options: Any) -> None:
        self.url, self.pause, self.options = url, pause, options
        self.polls = 0
        self.lengths: set[int] = set()
        self.failures: list[str] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Poller":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set() and len(self.failures) < 5:
            try:
                self._poll()
            except Exception as error:  # noqa: BLE001 - any exception of a consumer is what this test is about
                self.failures.append(f"{type(error).__name__}: {error}")
            self.polls += 1
            self._stop.wait(self.pause)

    def _poll(self) -> None:
        dataset = intake.open_catalog(f"{self.url}/catalog.yaml", **self.options)["analysis_daily"].to_dask()
        steps = dataset.sizes["time"]
        self.lengths.add(steps)
        times = dataset.indexes["time"]
        if not (times.is_unique and times.is_monotonic_increasing and times[-1] == _time_of(steps - 1)):
            self.failures.append(f"times {times}")
        for name in WATCHED:
            expected = SOURCE.analysis[name].isel(time=slice(0, steps))
            fill = SOURCE.analysis[name].dtype.kind == "i"
            found = dataset[name].fillna(-1) if fill else dataset[name]
            if not np.array_equal(found.values, expected.values, equal_nan=True):
                self.failures.append(f"{name} of {steps} days differs")


def _time_of(step: int) -> np.datetime64:
    return np.datetime64(SOURCE.times[step].replace(tzinfo=None))


@pytest.fixture(params=["disk", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[PublicationSettings, Poller]]:
    """Where to publish, and a consumer of it."""
    if request.param == "disk":
        yield settings_for(tmp_path, tile=8, days_per_shard=16), Poller(str(tmp_path))
        return
    server: S3Server = request.getfixturevalue("s3_server")
    bucket = server.make_bucket("polled")
    settings = settings_for(
        "", uri=f"s3://{bucket}/p", tile=8, days_per_shard=16, endpoint_url=server.url, acl="public-read"
    )
    anonymous = {"anon": True, "client_kwargs": {"endpoint_url": server.url}}
    yield settings, Poller(f"s3://{bucket}/p", pause=0.5, storage_options=anonymous)


@pytest.mark.server
@pytest.mark.slow
def test_thirty_publications_under_a_polling_consumer(place: tuple[PublicationSettings, Poller]) -> None:
    settings, poller = place
    publish(first_days(SOURCE, FIRST), settings, SOURCE.times[FIRST - 1])
    with poller:
        for days in range(FIRST + 1, FIRST + PUBLICATIONS + 1):
            publish(first_days(SOURCE, days), settings, SOURCE.times[days - 1] + timedelta(hours=1))
    print(f"{poller.polls} polls saw {len(poller.lengths)} lengths of the store")
    assert poller.failures == []
    assert poller.polls >= PUBLICATIONS / 2 and len(poller.lengths) >= PUBLICATIONS / 3
