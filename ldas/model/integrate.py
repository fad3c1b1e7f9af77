"""Run the model over a stretch of weather: blocks of columns in threads, members in turn (kernel document §5)."""

from collections.abc import Callable, Sequence

import numpy as np

from ldas.model.forcing import Forcing
from ldas.model.options import ModelOptions
from ldas.model.outputs import OutputRequest
from ldas.model.parameters import Parameters
from ldas.model.state import State

Outputs = dict[str, np.ndarray]


def integrate(
    parameters: Parameters,
    states: Sequence[State],
    forcing: Forcing,
    options: ModelOptions,
    *,
    start: np.datetime64 | None = None,
    steps: int | None = None,
    outputs: Sequence[OutputRequest] = (),
    progress: Callable[[float], None] | None = None,
) -> tuple[list[State], list[Outputs]]:
    """Advance each state over the forcing's intervals and return (new states, outputs).

    `states` are members: same columns, parameters and weather. The run begins at `start` (default the first record)
    and lasts `steps` model steps (default to the last record). Inputs are not changed, and neither threads, block
    size nor other members change a bit of the result. `outputs` comes as one dict a member, name →
    (time, [layer,] column). `progress` is called with the share done, from 0 to 1.

    Raises InputError for a state no run may start from, a start or length outside the weather, or a time step that
    does not divide the forcing interval.
    """
    raise NotImplementedError
