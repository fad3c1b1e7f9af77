"""Tiles on Dask workers give the bits of one machine."""

from collections.abc import Iterator

import numpy as np
import pytest
from distributed import Client, LocalCluster

from ldas.config import Profile
from ldas.cycle import run_until
from ldas.errors import TransientError
from ldas.record import Record
from ldas.tiles import divide_cells, forcing_of, open_integrator
from ldas.window import integrate_here
from tests.cycle.test_cycle import assert_same_record
from tests.cycle.world import day, reopen, start_service


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as cluster:
        yield cluster.scheduler_address


@pytest.mark.server
@pytest.mark.slow
def test_a_run_on_dask_workers_has_the_bits_of_one_in_threads(
    finished: Profile, profile: Profile, scheduler: str
) -> None:
    start_service(profile)
    run_until(reopen(profile.model_copy(update={"dask_scheduler": scheduler})), day(6))
    assert_same_record(Record.open(profile.record), Record.open(finished.record))


@pytest.mark.server
@pytest.mark.slow
def test_a_worker_that_dies_does_not_change_the_result(finished: Profile, profile: Profile, scheduler: str) -> None:
    start_service(profile)
    service = reopen(profile.model_copy(update={"dask_scheduler": scheduler}))
    with Client(scheduler, set_as_default=False) as client:
        worker = next(iter(client.scheduler_info()["workers"]))
        client.restart_workers([worker])
        run_until(service, day(2))
    expected = Record.open(finished.record).open_analysis()["wg"][:2].values
    np.testing.assert_array_equal(service.record.open_analysis()["wg"].values, expected)


def test_no_scheduler_is_this_machine_and_a_wrong_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert open_integrator("") is integrate_here
    monkeypatch.setattr("ldas.tiles.CONNECT_SECONDS", 0.5)
    with pytest.raises(TransientError, match="no answer"):
        open_integrator("tcp://127.0.0.1:1")


@pytest.mark.parametrize("tiles", [1, 2, 5, 100])
def test_tiles_hold_whole_cells_and_every_column_once(tiles: int) -> None:
    cell = np.array([3, 3, 9, 1, 1, 1, 7, 9, 3, 2])
    parts = list(divide_cells(cell, tiles))
    assert len(parts) <= tiles
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(10))
    for first in range(len(parts)):
        for second in range(first):
            assert not set(cell[parts[first]]) & set(cell[parts[second]])


def test_a_tile_gets_the_weather_of_its_own_cells(profile: Profile) -> None:
    from ldas.forcing import to_model_forcing, window_forcing

    service = start_service(profile)
    domain = service.record.domain
    weather = window_forcing(profile.forcing, domain.grid, day(0), day(1), elevation=domain.maps["elevation"])
    forcing = to_model_forcing(weather, domain.columns)
    index = np.flatnonzero(domain.columns.cell == 2)
    part = forcing_of(forcing, index)
    assert part.tair.shape[1] == 1
    np.testing.assert_array_equal(part.tair[:, part.cell], forcing.tair[:, forcing.cell[index]])
