"""How far open loop and analysis are from the demo's truth."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from ldas.model.constants import LAYER_BOTTOM

ROOT_ZONE_LAYERS = 8
THICKNESS = np.diff(LAYER_BOTTOM[:ROOT_ZONE_LAYERS], prepend=0.0)


@dataclass(frozen=True)
class Score:
    """RMSE against the truth over all cells and cycles of a selection, in the variable's units."""

    variable: str
    where: str
    open_loop: float
    analysis: float

    @property
    def reduction(self) -> float:
        """1 - RMSE(analysis) / RMSE(open loop)."""
        return 1.0 - self.analysis / self.open_loop


def layers_of(analysis: xr.Dataset) -> dict[str, tuple[xr.DataArray, xr.DataArray]]:
    """(open loop, analysis) of SSM, RZSM and LAI from the record's daily maps."""

    def root_zone(wg: xr.DataArray) -> xr.DataArray:
        top = wg.isel(depth=slice(0, ROOT_ZONE_LAYERS))
        return (top * xr.DataArray(THICKNESS, dims="depth")).sum("depth", skipna=False) / THICKNESS.sum()

    wg, wg_ol = analysis["wg"], analysis["wg_ol"]
    return {
        "SSM": (wg_ol.isel(depth=1), wg.isel(depth=1)),
        "RZSM": (root_zone(wg_ol), root_zone(wg)),
        "LAI": (analysis["lai_ol"], analysis["lai"]),
    }


def truth_of(truth: xr.Dataset) -> dict[str, xr.DataArray]:
    """The same quantities of the nature run."""
    return {"SSM": truth["wg"].isel(soil_layer=1), "RZSM": truth["rzsm"], "LAI": truth["lai"]}


def score(analysis: xr.Dataset, truth: xr.Dataset) -> list[Score]:
    """RMSE of open loop and analysis for SSM, RZSM and LAI: all cells, and the irrigated block.

    Both datasets are on (time, …, lat, lon); the times of `analysis` that the truth has are scored.
    """
    times = np.intersect1d(analysis["time"].values, truth["time"].values)
    analysis, truth = analysis.sel(time=times), truth.sel(time=times)
    true = truth_of(truth)
    watered = truth["irrigated"].values
    found = []
    for name, (open_loop, analysed) in layers_of(analysis).items():
        for where, mask in (("all cells", np.ones_like(watered)), ("irrigated block", watered)):
            if not mask.any():
                continue
            found.append(Score(name, where, *(_rmse(x.values, true[name].values, mask) for x in (open_loop, analysed))))
    return found


def _rmse(values: np.ndarray, truth: np.ndarray, mask: np.ndarray) -> float:
    return float(np.sqrt(np.nanmean((values - truth)[:, mask] ** 2)))
