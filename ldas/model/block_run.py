"""The loop of a block: time step after time step, member after member (kernel document §5)."""

from typing import NamedTuple

import numpy as np

from ldas.model.kernel import kernel
from ldas.model.step import advance_step
from ldas.model.surface_fields import update_surface
from ldas.model.weather import gather_records, interpolate, mean_sun
from ldas.model.workspace import view_state, view_surface


class Stretch(NamedTuple):
    """Weather records and clock of a run; steps are counted from the first record."""

    records: np.ndarray  # (record, field, cell)
    held: np.ndarray  # bool (field,), constant over an interval
    per_interval: int  # steps in a forcing interval
    suns: np.ndarray  # (step, 4) rows of `sun_positions`, from step `sun_first` on
    sun_first: int  # first step of an interval
    daily: np.ndarray  # bool, whether vegetation is updated in each step from `sun_first` on


@kernel
def run_block(parameters, options, work, stretch, cell, states, surfaces, snow_layers, first, steps, done, collector):
    """Advance all members of a block by `steps` steps from step `first`, `done` steps after the start of the run.

    `states` (member, row, column) is changed in place, `surfaces` (member, row, column) is work space; `cell` is the
    forcing cell of each column.
    """
    members = states.shape[0]
    for m in range(members):
        state = view_state(states[m], snow_layers)
        update_surface(
            parameters.surface,
            state.lai,
            state.wg[0],
            parameters.w_sat_top,
            options.evolving_albedo,
            view_surface(surfaces[m]),
        )
    for n in range(steps):
        step = first + n
        record = step // stretch.per_interval
        position = step - record * stretch.per_interval
        clock = step - stretch.sun_first
        if n == 0 or position == 0:
            gather_records(stretch.records, record, cell, stretch.held, work.before, work.after)
            if options.by_zenith:
                start = clock - position
                mean_sun(parameters.place, stretch.suns[start : start + stretch.per_interval], work.sun_mean)
        interpolate(
            work.before,
            work.after,
            position / stretch.per_interval,
            stretch.suns[clock],
            parameters.place,
            work.sun_mean,
            options.by_zenith,
            options.z_t,
            options.z_u,
            options.multilayer or options.diagnostics,
            work.weather,
        )
        for m in range(members):
            state = view_state(states[m], snow_layers)
            advance_step(parameters, options, work, view_surface(surfaces[m]), state, stretch.daily[clock])
            if options.diagnostics:
                collect(states[m], work.rows, m, done + n, collector)


@kernel
def collect(state_rows, diagnostic_rows, member, step, collector):
    """Add the rows of a step to the means and write those whose interval ends (`step` counts from the run's start)."""
    states = state_rows.shape[0]
    for r in range(collector.row.shape[0]):
        row = collector.row[r]
        every = collector.every[r]
        slot = step // every
        if slot < collector.slots[r]:
            first = step % every == 0
            last = step % every == every - 1
            if collector.mean[r]:
                for i in range(state_rows.shape[1]):
                    value = state_rows[row, i] if row < states else diagnostic_rows[row - states, i]
                    total = value + (0.0 if first else collector.sums[member, r, i])
                    collector.sums[member, r, i] = total
                    if last:
                        collector.values[member, collector.offset[r] + slot, i] = total / every
            elif last:
                for i in range(state_rows.shape[1]):
                    value = state_rows[row, i] if row < states else diagnostic_rows[row - states, i]
                    collector.values[member, collector.offset[r] + slot, i] = value
