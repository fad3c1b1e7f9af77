"""Columns run as one block under constant weather and an imposed canopy resistance, without the integrator."""

import numpy as np

from ldas.model.block_run import Stretch, run_block
from ldas.model.forcing import FIELDS
from ldas.model.integrate import pack_state
from ldas.model.options import ModelOptions
from ldas.model.outputs import OutputRequest, make_collector
from ldas.model.parameters import Parameters
from ldas.model.state import State
from ldas.model.weather import Place
from ldas.model.workspace import SURFACE_ROWS, StateView, block_parameters, make_workspace, step_options, view_state

HOUR = 3600.0


class BlockCase:
    """The columns of `parameters` as one block; `state`, `work` and its `out` hold the last step's results.

    Photosynthesis, respiration and the daily update are left out; the sun stands at one zenith angle everywhere.
    """

    def __init__(self, parameters: Parameters, state: State, options: ModelOptions) -> None:
        columns = parameters.columns
        zenith_is_sun_row = Place(*(np.full(columns, value) for value in (1.0, 0.0, 1.0, 0.0)))
        self.constants = block_parameters(parameters, options)._replace(any_vegetated=False, place=zenith_is_sun_row)
        self.options = step_options(options, 2.0, 10.0, True)
        self.work = make_workspace(columns, options.snow_layers, self.constants.grid, len(FIELDS))
        self.rows = pack_state(state)[None]
        self.state: StateView = view_state.py_func(self.rows[0], options.snow_layers)
        self.snow_layers = options.snow_layers

    def advance(self, steps: int, r_s: float, zenith: float = 0.5, **weather: float) -> None:
        """`steps` steps under constant `weather` (names of `Forcing`) with the canopy resistance `r_s` (s m-1)."""
        columns = self.state.lai.shape[0]
        values = {"wind_e": weather.pop("wind"), "sw_direct": weather.pop("swdown"), **weather}
        record = np.array([values.get(name, 0.0) for name in FIELDS])
        self.work.canopy.r_s[:] = r_s
        stretch = Stretch(
            records=np.broadcast_to(record[None, :, None], (2, len(FIELDS), columns)).copy(),
            held=np.zeros(len(FIELDS), dtype=bool),
            per_interval=steps,
            suns=np.tile([np.cos(zenith), 0.0, 1.0, 0.0], (steps, 1)),
            sun_first=0,
            vegetation_day=np.zeros(steps, dtype=np.int64),
        )
        surfaces = np.zeros((1, SURFACE_ROWS, columns))
        collector = make_collector((OutputRequest(("le",)),), steps, 1, columns, self.snow_layers)
        cell = np.arange(columns)
        run_block(
            self.constants,
            self.options,
            self.work,
            stretch,
            cell,
            self.rows,
            surfaces,
            self.snow_layers,
            0,
            steps,
            0,
            collector,
        )
