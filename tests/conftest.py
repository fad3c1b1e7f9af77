"""Fixtures shared by all tests: the shared folder's real files and reference numbers, when they are there."""

import os
from pathlib import Path

import pytest

from tests.servers import s3_server as s3_server
from tests.servers import scripted_server as scripted_server

SHARED = Path(os.environ.get("LDAS_SHARED", Path(__file__).resolve().parents[2] / "shared"))


def _shared_folder(name: str) -> Path:
    folder = SHARED / name
    if not folder.is_dir():
        pytest.skip(f"{name} of the shared folder is not here (looked in {SHARED}); set LDAS_SHARED to run this test")
    return folder


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real sample files of the products (`shared/data`), never committed."""
    return _shared_folder("data")


@pytest.fixture(scope="session")
def shared_reference() -> Path:
    """Numbers computed with the reference model (`shared/reference`)."""
    return _shared_folder("reference")
