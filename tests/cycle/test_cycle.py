"""A cycle: what it stores, what it does when something is missing, and that nothing but its inputs changes its bits."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from ldas.config import Profile
from ldas.cycle import due_cycles, make_cycle, run_next, run_until
from ldas.errors import AccessError, ForcingUnavailable, RecordError, TransientError
from ldas.forcing import to_model_forcing, window_forcing
from ldas.model.integrate import integrate
from ldas.observations import Observations
from ldas.record import Record
from tests.cycle.conftest import DAYS, WORLD_DAYS
from tests.cycle.world import day, draw_observations, reopen, start_service


def test_a_run_commits_every_due_window(finished: Profile) -> None:
    record = Record.open(finished.record)
    assert record.time == day(DAYS)
    assert [entry.time for entry in record.cycles()] == [day(k) for k in range(1, DAYS + 1)]
    assert due_cycles(record, day(DAYS) + timedelta(hours=23)) == []
    assert due_cycles(record, day(DAYS + 2)) == [day(DAYS + 1), day(DAYS + 2)]


def test_analysis_differs_from_the_open_loop_where_observed_only(finished: Profile) -> None:
    analysis = Record.open(finished.record).open_analysis()
    lai, open_loop = analysis["lai"].values, analysis["lai_ol"].values
    seen = analysis["n_lai_obs"].values > 0
    assert seen[0].tolist() == [[False, True], [True, True]]
    assert (lai[0] != open_loop[0]).tolist() == seen[0].tolist()
    assert (lai[:, 0, 0] == open_loop[:, 0, 0]).all()
    np.testing.assert_array_equal(analysis["days_since_lai"][-1].values, np.where(seen[-1], 0, -1))


def test_stored_increment_is_analysis_minus_background(profile: Profile) -> None:
    service = start_service(profile)
    result = make_cycle(service, service.record.load())
    columns = service.record.domain.columns
    background = result.maps["lai"] - result.maps["lai_increment"]
    np.testing.assert_allclose(background, columns.cell_mean(result.open_loop.lai), rtol=1e-6)


def test_the_open_loop_is_the_model_alone(profile: Profile, world_folder: Path) -> None:
    service = start_service(profile)
    state = service.record.load().open_loop
    run_until(service, day(3))
    domain = service.record.domain
    for k in range(3):
        weather = window_forcing(profile.forcing, domain.grid, day(k), day(k + 1), elevation=domain.maps["elevation"])
        (state,), _ = integrate(domain.parameters, [state], to_model_forcing(weather, domain.columns), profile.model)
    assert service.record.load().open_loop.equals(state)


def test_a_run_split_at_every_cycle_has_the_bits_of_one_run(finished: Profile, profile: Profile) -> None:
    start_service(profile)
    for k in range(1, DAYS + 1):
        run_until(reopen(profile), day(k))
    assert_same_record(Record.open(profile.record), Record.open(finished.record))


@pytest.mark.parametrize(("threads", "block_size"), [(1, 256), (2, 4), (4, 1)])
def test_threads_and_blocks_do_not_change_a_bit(
    finished: Profile, profile: Profile, threads: int, block_size: int
) -> None:
    options = profile.model.model_copy(update={"threads": threads, "block_size": block_size})
    service = start_service(profile.model_copy(update={"model": options}))
    run_until(service, day(3))
    expected = Record.open(finished.record).open_analysis()["wg"][:3].values
    np.testing.assert_array_equal(service.record.open_analysis()["wg"].values, expected)


def test_missing_weather_stops_the_loop_with_nothing_written(after_finished: Profile) -> None:
    service = reopen(after_finished)
    done = run_until(service, day(WORLD_DAYS + 3))
    assert [entry.time for entry in done.committed] == [day(k) for k in range(DAYS + 1, WORLD_DAYS + 1)]
    assert isinstance(done.waiting_for, ForcingUnavailable)
    tip = service.record.tip
    with pytest.raises(ForcingUnavailable):
        run_next(service)
    assert service.record.tip == tip


@pytest.mark.parametrize("failure", [TransientError("catalogue: 503"), AccessError("catalogue: HTTP 403")])
def test_a_failing_catalogue_degrades_the_cycle(profile: Profile, failure: Exception) -> None:
    def fail(t0: object, t1: object) -> Observations:
        raise failure

    service = replace(start_service(profile), observe=fail)
    entry = run_next(service)
    assert entry.degraded == [f"no observations: {failure}"]
    snapshot = service.record.load()
    assert snapshot.analysis.equals(snapshot.open_loop)
    assert service.record.cycles()[0].degraded == entry.degraded


def test_a_service_without_a_catalogue_says_so(profile: Profile) -> None:
    entry = run_next(start_service(profile, seed=None))
    assert entry.degraded == ["observations.stac_url is empty: no catalogue was asked"]


def test_provenance_names_what_was_used(finished: Profile) -> None:
    entry = Record.open(finished.record).cycles()[0]
    assert [granule["id"] for granule in entry.observations] == ["ssm-20260502", "lai-20260502"]
    assert entry.forcing[0]["first"] == "2026-05-01T18:00:00"
    assert entry.forcing[-1]["last"] == "2026-05-02T18:00:00"
    assert "synthetic weather" in entry.forcing[0]["source"]
    assert entry.summary["lai_used"] == 3
    assert {"forcing", "observations", "integration and analysis"} <= entry.seconds.keys()


def test_open_loop_experiment_keeps_both_states_equal(profile: Profile) -> None:
    service = start_service(profile.model_copy(update={"experiment": "OL"}))
    run_until(service, day(2))
    snapshot = service.record.load()
    assert snapshot.analysis.equals(snapshot.open_loop)
    assert snapshot.moments.n.sum() == 8, "SSM pairs are collected in the open loop too"


@pytest.mark.slow
def test_ssm_is_assimilated_once_its_rescaling_is_fitted(profile: Profile) -> None:
    rescaling = profile.assimilation.rescaling.model_copy(
        update={"refit": "dekadly", "minimum_pairs": 5, "slope_limits": (0.001, 1000.0)}
    )
    assimilation = profile.assimilation.model_copy(update={"rescaling": rescaling})
    service = start_service(profile.model_copy(update={"assimilation": assimilation}))
    done = run_until(service, day(WORLD_DAYS))
    snapshot = service.record.load()
    assert (snapshot.moments.n.sum(axis=0) == WORLD_DAYS).all()
    assert snapshot.rescaling.version == "20260511"
    versions = [entry.rescaling_version for entry in done.committed]
    assert versions == ["none"] * 10 + ["20260511"] * 2
    used = [entry.summary["ssm_used"] for entry in done.committed]
    assert used[:10] == [0] * 10
    assert sum(used[10:]) > 0


def test_another_experiment_or_option_is_refused_and_another_address_is_not(finished: Profile) -> None:
    with pytest.raises(RecordError, match="experiment is 'LAI' in the profile but the record was made with 'SSM_LAI'"):
        reopen(finished.model_copy(update={"experiment": "LAI"}))
    changed = finished.model.model_copy(update={"time_step": 600.0})
    with pytest.raises(RecordError, match=r"time_step is 600\.0"):
        reopen(finished.model_copy(update={"model": changed}))
    publication = finished.publication.model_copy(update={"uri": "s3://elsewhere/public"})
    threads = finished.model.model_copy(update={"threads": 1})
    assert reopen(finished.model_copy(update={"publication": publication, "model": threads})).record.time == day(DAYS)


def test_observations_drawn_for_the_tests_are_the_same_each_time(finished: Profile) -> None:
    grid = finished.domain.grid()
    ours, theirs = (draw_observations(grid, day(1), 1).lai for _ in range(2))
    assert isinstance(ours, xr.Dataset)
    assert ours.identical(theirs)


def assert_same_record(ours: Record, theirs: Record) -> None:
    """Same states, statistics and maps to the last bit."""
    first, second = ours.load(), theirs.load()
    assert first.time == second.time
    assert first.analysis.equals(second.analysis)
    assert first.open_loop.equals(second.open_loop)
    for name, values in vars(first.moments).items():
        np.testing.assert_array_equal(values, getattr(second.moments, name))
    np.testing.assert_array_equal(first.days_since, second.days_since)
    for a, b in ((ours.open_analysis(), theirs.open_analysis()), (ours.open_diagnostics(), theirs.open_diagnostics())):
        assert a.time.values.tolist() == b.time.values.tolist()
        for name in a.data_vars:
            np.testing.assert_array_equal(a[name].values, b[name].values)
    np.testing.assert_array_equal(ours.consistency(), theirs.consistency())
