"""One small world on disk for all tests of the cycle, and records of its runs."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ldas.config import Profile
from ldas.cycle import run_until
from ldas.demo.world import World
from tests.cycle.world import day, make_profile, start_service, write_world

DAYS, WORLD_DAYS = 6, 12


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A download cache that the tests of this folder share."""
    folder = tmp_path_factory.mktemp("cache")
    before = os.environ.get("LDAS_CACHE")
    os.environ["LDAS_CACHE"] = str(folder)
    yield folder
    if before is None:
        del os.environ["LDAS_CACHE"]
    else:
        os.environ["LDAS_CACHE"] = before


@pytest.fixture(scope="session")
def world_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("world")


@pytest.fixture(scope="session")
def world(world_folder: Path) -> World:
    return write_world(world_folder, WORLD_DAYS)


@pytest.fixture
def profile(world: World, world_folder: Path, tmp_path: Path) -> Profile:
    """A profile with a record of its own, not made yet."""
    base = make_profile(world_folder, world)
    return base.model_copy(update={"record": base.record.model_copy(update={"uri": f"file://{tmp_path}/record"})})


@pytest.fixture(scope="session")
def finished(world: World, world_folder: Path) -> Profile:
    """The record of an uninterrupted run over all days; to be read, not changed."""
    profile = make_profile(world_folder, world)
    run_until(start_service(profile), day(DAYS))
    return profile


@pytest.fixture
def after_finished(finished: Profile, tmp_path: Path) -> Profile:
    """A copy of the finished record that a test may change."""
    target = tmp_path / "finished"
    shutil.copytree(finished.record.uri.removeprefix("file://"), target)
    record = finished.record.model_copy(update={"uri": f"file://{target}"})
    return finished.model_copy(update={"record": record})
