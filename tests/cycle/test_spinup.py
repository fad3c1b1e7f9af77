"""A spin-up repeats its year, reports what a pass changed, and has the same bits when it was interrupted."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pytest

from ldas.config import Profile
from ldas.cycle import Service
from ldas.errors import RecordError
from ldas.model.forcing import Forcing
from ldas.model.options import ModelOptions
from ldas.model.parameters import Parameters
from ldas.model.state import State
from ldas.spinup import spin_up
from ldas.window import integrate_here
from tests.cycle.world import day, reopen, start_service

WINDOWS = 11


@pytest.fixture(autouse=True)
def short_year(monkeypatch: pytest.MonkeyPatch) -> None:
    def year_from(start: datetime, year: int) -> tuple[datetime, datetime]:
        return day(0), day(WINDOWS)

    monkeypatch.setattr("ldas.spinup._year_from", year_from)


def failing_after(service: Service, windows: int) -> Service:
    """The service, whose machine dies after some windows."""
    left = windows

    def run(p: Parameters, states: Sequence[State], forcing: Forcing, options: ModelOptions) -> list[State]:
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt
        return integrate_here(p, states, forcing, options)

    return replace(service, run=run)


def test_an_interrupted_spin_up_ends_with_the_same_bits(profile: Profile, after_finished: Profile) -> None:
    service = start_service(profile)
    whole = spin_up(service, 2025, 2)
    expected = service.record.load()
    again = after_finished.model_copy(
        update={"record": profile.record.model_copy(update={"uri": profile.record.uri + "-again"})}
    )
    start_service(again)
    for windows in (4, 10, 3):
        with pytest.raises(KeyboardInterrupt):
            spin_up(failing_after(reopen(again), windows), 2025, 2)
    assert spin_up(reopen(again), 2025, 2) == whole
    found = reopen(again).record.load()
    assert found.analysis.equals(expected.analysis)
    assert found.open_loop.equals(found.analysis)
    assert (found.time, found.cycles) == (day(0), 0)
    assert [change.passed for change in whole] == [1, 2]
    assert whole[1].water_largest < whole[0].water_largest


def test_a_spin_up_stops_early_only_when_asked_and_never_changes_its_year(profile: Profile) -> None:
    service = start_service(profile)
    assert len(spin_up(service, 2025, 3, stop_below=1e6)) == 1
    with pytest.raises(RecordError, match="its spin-up repeats 2025, got 2024"):
        spin_up(service, 2024, 3)
