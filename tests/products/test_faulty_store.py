"""A publication whose store fails, refuses, dawdles, has another clock or is full: readers see the days before."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import s3fs
import xarray as xr

from ldas.errors import AccessError, LdasError, TransientError
from ldas.products.publication import publish
from ldas.products.settings import PublicationSettings
from tests.products.builders import first_days, settings_for
from tests.products.test_publication import NOW, SOURCE
from tests.record.test_faulty_s3 import FaultyStore
from tests.servers import S3Server


@pytest.fixture(scope="module")
def store(s3_server: S3Server) -> Iterator[tuple[FaultyStore, PublicationSettings]]:
    """A bucket with three days behind a gateway that can be made to fail; clients do not repeat a request."""
    bucket = s3_server.make_bucket("faulty-publication")
    gateway = FaultyStore(s3_server.url)
    settings = settings_for(".", uri=f"s3://{bucket}/public", endpoint_url=gateway.url)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(s3fs.S3FileSystem, "retries", 1)
        patch.setitem(os.environ, "AWS_MAX_ATTEMPTS", "1")
        publish(first_days(SOURCE, 3), settings, NOW)
        yield gateway, settings
    gateway.close()


def published_days(settings: PublicationSettings) -> int:
    options = {"client_kwargs": {"endpoint_url": settings.endpoint_url}} if settings.endpoint_url else {}
    store = xr.open_zarr(f"{settings.uri}/analysis.zarr", storage_options=options or None)
    return store.sizes["time"]


@pytest.mark.server
@pytest.mark.slow
@pytest.mark.parametrize(
    ("status", "code", "kind", "advice"),
    [
        (500, "InternalError", TransientError, "publish again"),
        (403, "AccessDenied", AccessError, "check the publication's keys, policy"),
        (403, "RequestTimeTooSkewed", AccessError, "this machine's clock"),
    ],
)
def test_a_store_that_fails_keeps_the_days_before(
    store: tuple[FaultyStore, PublicationSettings], status: int, code: str, kind: type[LdasError], advice: str
) -> None:
    gateway, settings = store
    days = published_days(settings)
    gateway.error = (status, code)
    try:
        with pytest.raises(kind, match=advice):
            publish(first_days(SOURCE, days + 1), settings, NOW)
    finally:
        gateway.error = None
    assert published_days(settings) == days
    publish(first_days(SOURCE, days + 1), settings, NOW)
    assert published_days(settings) == days + 1


@pytest.mark.server
@pytest.mark.slow
def test_a_slow_store_is_waited_for(store: tuple[FaultyStore, PublicationSettings]) -> None:
    gateway, settings = store
    days, before = published_days(settings), gateway.delayed
    gateway.delay = 0.05
    try:
        publish(first_days(SOURCE, days + 1), settings, NOW)
    finally:
        gateway.delay = 0.0
    assert gateway.delayed > before
    assert published_days(settings) == days + 1


def test_a_full_disk_says_so_and_keeps_the_days_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_for(tmp_path)
    publish(first_days(SOURCE, 3), settings, NOW)

    def full(self: Path, content: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device", str(self))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        with pytest.raises(TransientError, match="no space left; free some and publish again"):
            publish(first_days(SOURCE, 4), settings, NOW)
    assert published_days(settings) == 3
    publish(first_days(SOURCE, 4), settings, NOW)
    assert published_days(settings) == 4
