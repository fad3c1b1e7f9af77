"""Addresses of records on a local disk and on a real S3 server."""

from pathlib import Path

import pytest

from ldas.config import RecordSettings
from tests.record.small import local_settings
from tests.servers import S3Server


@pytest.fixture
def settings(tmp_path: Path) -> RecordSettings:
    return local_settings(tmp_path)


@pytest.fixture
def s3_settings(s3_server: S3Server, tmp_path: Path) -> RecordSettings:
    bucket = s3_server.make_bucket(tmp_path.name.replace("_", "-").lower())
    return RecordSettings(uri=f"s3://{bucket}/record/small", endpoint_url=s3_server.url)
