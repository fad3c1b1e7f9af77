"""Where the columns of a window are integrated: in the threads of this machine, or in tiles on Dask workers.

Columns do not interact, so a tile is any set of whole cells, and the result has the same bits whatever the tiles.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ldas.errors import TransientError
from ldas.model.forcing import FIELDS, Forcing
from ldas.model.integrate import integrate
from ldas.model.options import ModelOptions
from ldas.model.parameters import Parameters
from ldas.model.state import State
from ldas.window import Integrator, integrate_here

if TYPE_CHECKING:
    from distributed import Client

TILES_PER_THREAD = 2
CONNECT_SECONDS = 20.0


def open_integrator(scheduler: str) -> Integrator:
    """The integrator of a profile's `dask_scheduler`; an empty address is this machine.

    Raises TransientError when the scheduler does not answer or has no workers.
    """
    if not scheduler:
        return integrate_here
    from distributed import Client  # takes most of a second, and only a cluster needs it

    try:
        client = Client(scheduler, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, TimeoutError) as error:
        raise TransientError(f"dask_scheduler {scheduler}: no answer within {CONNECT_SECONDS:.0f} s") from error
    if not client.scheduler_info()["workers"]:
        raise TransientError(f"dask_scheduler {scheduler}: expected at least one worker, it has none")
    return DaskIntegrator(client)


class DaskIntegrator:
    """Integrates tiles as Dask tasks; a task that is lost with its worker runs again on another one."""

    def __init__(self, client: "Client") -> None:
        self.client = client

    def __call__(
        self, parameters: Parameters, states: Sequence[State], forcing: Forcing, options: ModelOptions
    ) -> list[State]:
        threads = sum(self.client.nthreads().values())
        tiles = list(divide_cells(forcing.cell, TILES_PER_THREAD * max(threads, 1)))
        single = options.model_copy(update={"threads": 1})
        tasks = [
            self.client.submit(
                run_tile,
                parameters.select(index),
                [state.select(index) for state in states],
                forcing_of(forcing, index),
                single,
                pure=False,
            )
            for index in tiles
        ]
        ends = [state.copy() for state in states]
        for index, tile in zip(tiles, self.client.gather(tasks), strict=True):
            for end, part in zip(ends, tile, strict=True):
                end.put(index, part)
        return ends


def run_tile(parameters: Parameters, states: Sequence[State], forcing: Forcing, options: ModelOptions) -> list[State]:
    """The task of one tile."""
    return integrate(parameters, states, forcing, options)[0]


def divide_cells(cell: np.ndarray, tiles: int) -> Iterator[np.ndarray]:
    """Column indices of at most `tiles` tiles of whole, neighbouring cells, about equally many columns each."""
    order = np.argsort(cell, kind="stable")
    first = np.flatnonzero(np.diff(cell[order], prepend=-1))
    wanted = np.arange(1, tiles) * len(cell) / tiles
    cuts = np.unique(first[np.minimum(np.searchsorted(first, wanted), len(first) - 1)])
    for part in np.split(order, cuts[cuts > 0]):
        yield np.sort(part)


def forcing_of(forcing: Forcing, index: np.ndarray) -> Forcing:
    """The weather of some columns, without the cells none of them lies in."""
    cells, place = np.unique(forcing.cell[index], return_inverse=True)
    fields: dict[str, Any] = {name: np.ascontiguousarray(getattr(forcing, name)[:, cells]) for name in FIELDS}
    return replace(forcing, cell=place.astype(np.int64), **fields)
