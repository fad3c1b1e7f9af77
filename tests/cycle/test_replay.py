"""Late data is found once, and a replay for it changes its day and those after, nothing before."""

from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest

from ldas.config import Profile
from ldas.cycle import Service, run_until
from ldas.errors import ForcingUnavailable
from ldas.observations import GranuleRef, Observations
from ldas.record import Record
from ldas.replay import late_dates, late_since, replay
from tests.cycle.conftest import DAYS
from tests.cycle.world import day, draw_observations, granule, reopen, start_service

LATE = 2


def with_late_granule(profile: Profile) -> Service:
    """A service whose catalogue now holds a better LAI of day 2, with other values."""
    service = reopen(profile)
    grid = service.record.domain.grid

    def observe(t0: datetime, t1: datetime) -> Observations:
        found = draw_observations(grid, t1, 1)
        if t1 != day(LATE) or found.lai is None:
            return found
        better = [granule("ssm", t1), granule("lai", t1, revision=1)]
        return replace(found, lai=found.lai.assign(value=found.lai["value"] + 0.4), used=better, seen=better)

    return replace(service, observe=observe)


def test_a_late_granule_changes_its_day_and_those_after(after_finished: Profile) -> None:
    service = with_late_granule(after_finished)
    reader = Record.open(after_finished.record)
    before, tip = reader.open_analysis().load(), reader.tip
    done = replay(service, day(LATE))
    assert [entry.time for entry in done.committed] == [day(k) for k in range(LATE, DAYS + 1)]
    after = reader.open_analysis().load()
    for name in before.data_vars:
        if "time" in before[name].dims:
            np.testing.assert_array_equal(after[name][: LATE - 1], before[name][: LATE - 1])
    changed = (after["lai"].values != before["lai"].values).any(axis=(1, 2))
    assert changed.tolist() == [False] + [True] * (DAYS - 1)
    assert (after["wg_ol"].values == before["wg_ol"].values).all()
    np.testing.assert_array_equal(reader.open_analysis(tip)["lai"].values, before["lai"].values)


def test_a_replay_equals_a_run_that_had_the_granule_in_time(after_finished: Profile, profile: Profile) -> None:
    replay(with_late_granule(after_finished), day(LATE))
    start_service(profile)
    run_until(with_late_granule(profile), day(DAYS))
    ours, theirs = Record.open(after_finished.record).load(), Record.open(profile.record).load()
    assert ours.analysis.equals(theirs.analysis)
    np.testing.assert_array_equal(ours.moments.mean_observed, theirs.moments.mean_observed)


def test_a_replay_without_weather_leaves_the_record_as_it_was(after_finished: Profile) -> None:
    service = with_late_granule(after_finished)
    tip = service.record.tip
    forcing = after_finished.forcing.model_copy(update={"uri": "nowhere/weather_{date:%Y%m%d}.nc"})
    lost = replace(service, profile=after_finished.model_copy(update={"forcing": forcing}))
    with pytest.raises(ForcingUnavailable):
        replay(lost, day(LATE))
    assert service.record.tip == tip


def test_late_dates_are_those_not_seen_in_this_form(finished: Profile) -> None:
    cycles = Record.open(finished.record).cycles()
    assert late_dates([granule("lai", day(k)) for k in range(1, DAYS + 1)], cycles) == set()
    assert late_dates([granule("lai", day(2), revision=1)], cycles) == {day(2).date()}
    assert late_dates([granule("lai", day(DAYS + 1))], cycles) == set(), "its window has not been run yet"


@pytest.mark.parametrize(("look_back", "found"), [(DAYS, 2), (3, None)])
def test_late_data_is_looked_for_within_the_look_back(
    finished: Profile, monkeypatch: pytest.MonkeyPatch, look_back: int, found: int | None
) -> None:
    window = finished.window.model_copy(update={"lai_look_back_days": look_back, "ssm_look_back_days": 1})
    service = reopen(finished.model_copy(update={"window": window}))
    listed = [granule("lai", day(2), revision=1), granule("ssm", day(2), revision=1)]

    def available(settings: object, grid: object, since: object, until: object) -> list[GranuleRef]:
        return listed

    monkeypatch.setattr("ldas.replay.available", available)
    assert late_since(service) == (None if found is None else day(found))


def test_a_replayed_granule_is_not_late_again(after_finished: Profile) -> None:
    service = with_late_granule(after_finished)
    better = [granule("lai", day(LATE), revision=1)]
    assert late_dates(better, service.record.cycles()) == {day(LATE).date()}
    replay(service, day(LATE))
    assert late_dates(better, service.record.cycles()) == set()
