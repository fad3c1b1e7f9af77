"""Records on a local disk and on a real S3 server."""

import os
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from ldas.config import RecordSettings
from ldas.demo.servers import ObjectStore
from tests.record.small import local_settings


@pytest.fixture
def settings(tmp_path: Path) -> RecordSettings:
    return local_settings(tmp_path)


@pytest.fixture(scope="session")
def object_store() -> Iterator[ObjectStore]:
    """A moto server with its keys in the environment."""
    store = ObjectStore()
    before = {name: os.environ.get(name) for name in store.environ}
    os.environ.update(store.environ)
    yield store
    store.close()
    for name, value in before.items():
        if value is None:
            del os.environ[name]
        else:
            os.environ[name] = value


@pytest.fixture
def s3_settings(object_store: ObjectStore, tmp_path: Path) -> RecordSettings:
    bucket = tmp_path.name.replace("_", "-").lower()
    boto3.client("s3", endpoint_url=object_store.url).create_bucket(Bucket=bucket)
    return RecordSettings(uri=f"s3://{bucket}/record/small", endpoint_url=object_store.url)
