"""Real servers for the tests, started once a session: S3 (moto) with its keys in the environment."""

import os
from collections.abc import Iterator
from pathlib import Path

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
