"""The maps a cycle stores: states and diagnostics of the columns as means over the patches of each cell."""

from typing import Any

import numpy as np

from ldas.assimilation.diagnostics import cell_diagnostics, days_since
from ldas.assimilation.domain import AnalysisDomain
from ldas.grid import Columns
from ldas.variables import Variable, variables
from ldas.window import WindowResult


def cycle_maps(
    window: WindowResult,
    domain: AnalysisDomain,
    columns: Columns,
    previous_days: np.ndarray,
    rescaling_method: np.ndarray,
    ssm_retrieved: np.ndarray,
) -> dict[str, np.ndarray]:
    """Every row of the kinds `analysis` and `diagnostic` on ([depth or control,] lat, lon), missing without columns.

    `previous_days` (2, cell) is the days since SSM and LAI were last assimilated before this window,
    `rescaling_method` (cell,) how this window's rescaling parameters were found, `ssm_retrieved` (cell,) the observed
    SSM before it.
    """
    background, analysed, open_loop = window.background, window.analysed, window.open_loop
    used = window.analysis.used
    since = days_since(previous_days, used)
    maps: dict[str, Any] = {
        "wg": columns.cell_mean(analysed.wg),
        "wg_ol": columns.cell_mean(open_loop.wg),
        "wg_increment": columns.cell_mean(analysed.wg - background.wg),
        "wgi": columns.cell_mean(analysed.wgi),
        "lai": columns.cell_mean(analysed.lai),
        "lai_ol": columns.cell_mean(open_loop.lai),
        "lai_increment": columns.cell_mean(analysed.lai - background.lai),
        "snow_water_equivalent": columns.cell_mean(analysed.snow_swe.sum(axis=0)),
        "n_ssm_obs": used[0],
        "n_lai_obs": used[1],
        "days_since_ssm": since[0],
        "days_since_lai": since[1],
        "rescaling_method": rescaling_method,
        "ssm_retrieved": ssm_retrieved,
        **cell_diagnostics(window.analysis, domain),
    }
    rows = variables("analysis") | variables("diagnostic")
    return {name: _on_grid(maps[name], row, domain.has_columns, columns.shape) for name, row in rows.items()}


def _on_grid(values: np.ndarray, row: Variable, present: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Values on (..., cell) or (..., lat, lon) in the row's type, its fill value in cells without columns."""
    missing = np.nan if row.fill is None else row.fill
    flat = values.reshape(*values.shape[: len(row.dims) - 3], -1)
    return np.where(present, flat, missing).astype(row.dtype).reshape(*flat.shape[:-1], *shape)
