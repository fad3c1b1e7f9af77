"""Tables and a picture of the region example; every title says what is synthetic."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ldas.evaluation.scores import scores
from ldas.examples.region import LABEL
from ldas.record import Provenance
from ldas.variables import variables

SURFACE = 1
REASONS = variables("diagnostic")["ssm_flags"]


def day_table(cycles: Sequence[Provenance], analysis: xr.Dataset, diagnostics: xr.Dataset) -> pd.DataFrame:
    """One row a window: the granule, cells with an observation, assimilated and rejected ones, and the misfits.

    R and RMSD compare the rescaled observation with the open loop and the analysis in the assimilated cells: how far
    the filter went, not how good it is.
    """
    rows = []
    for index, cycle in enumerate(cycles):
        day, flags = analysis.isel(time=index), diagnostics["ssm_flags"].isel(time=index).values
        used = day["n_ssm_obs"].values == 1
        observed = np.where(used, day["ssm_observed"].values, np.nan)
        misfit = {
            name: scores(observed.reshape(-1), day[layer].isel(depth=SURFACE).values.reshape(-1))
            for name, layer in (("open loop", "wg_ol"), ("analysis", "wg"))
        }
        rows.append(
            {
                "window end": f"{cycle.time:%Y-%m-%d %H} UTC",
                "granule": ", ".join(str(entry["id"]) for entry in cycle.observations) or "none",
                "offered": int(((flags >= 0) & ~_has(flags, "missing")).sum()),
                "assimilated": int(used.sum()),
                "rejected for": rejections(flags),
                **{f"R {name}": found.r for name, found in misfit.items()},
                **{f"RMSD {name}": found.rmsd for name, found in misfit.items()},
                "degraded": "; ".join(cycle.degraded),
            }
        )
    return pd.DataFrame(rows)


def rejections(flags: np.ndarray) -> str:
    """Cells by reason, the most frequent first; a cell may have several reasons."""
    offered = (flags >= 0) & ~_has(flags, "missing")
    counts = {name: int((offered & _has(flags, name)).sum()) for name in REASONS.flag_meanings.split()}
    found = sorted(((count, name) for name, count in counts.items() if count), reverse=True)
    return ", ".join(f"{name} {count}" for count, name in found) or "none"


def _has(flags: np.ndarray, reason: str) -> np.ndarray:
    mask = dict(zip(REASONS.flag_meanings.split(), REASONS.flag_masks, strict=True))[reason]
    return (flags >= 0) & ((flags & mask) != 0)


def plot(analysis: xr.Dataset, percent: xr.DataArray) -> Figure:
    """Maps of one day: the granule in % as read, rescaled, the open loop, the analysis and what it added."""
    figure = Figure(figsize=(13, 7), layout="constrained")
    panels = figure.subplots(2, 3).reshape(-1)
    surface = {name: analysis[name].isel(depth=SURFACE) for name in ("wg_ol", "wg", "wg_increment")}
    observed = analysis["ssm_observed"].where(analysis["n_ssm_obs"] == 1)
    low, high = (float(np.nanpercentile(surface["wg_ol"], q)) for q in (1, 99))
    span = max(high - low, 0.02)
    soil = {"cmap": "YlGnBu", "vmin": low - 0.25 * span, "vmax": high + 0.25 * span}
    change = max(float(np.nanpercentile(np.abs(surface["wg_increment"]), 99)), 1e-4)
    maps = (
        (percent, "Sentinel-1, % of saturation: REAL", {"cmap": "YlGnBu", "vmin": 0, "vmax": 100}),
        (observed, "the same rescaled and assimilated (m³ m⁻³)", soil),
        (surface["wg_ol"], "open loop, 1–4 cm (m³ m⁻³): SYNTHETIC weather", soil),
        (surface["wg"], "analysis, 1–4 cm (m³ m⁻³)", soil),
        (surface["wg_increment"], "increment, 1–4 cm (m³ m⁻³)", {"cmap": "RdBu", "vmin": -change, "vmax": change}),
    )
    for axes, (field, title, style) in zip(panels, maps, strict=False):
        _map(figure, axes, field, title, style)
    innovation, residual = (analysis[name].values[np.isfinite(observed.values)] for name in _MISFITS)
    bins = np.linspace(-0.12, 0.12, 49)
    panels[5].hist(innovation, bins=bins, histtype="step", color="#c4732b", label="observation − background")
    panels[5].hist(residual, bins=bins, histtype="step", color="#1f7a8c", label="observation − analysis")
    panels[5].set(title="misfit of the assimilated cells (m³ m⁻³)", ylabel="cells")
    panels[5].legend(frameon=False, fontsize=8)
    figure.suptitle(f"{str(analysis['time'].values)[:10]} 18 UTC: {LABEL}")
    return figure


_MISFITS = ("ssm_innovation", "ssm_residual")


def _map(figure: Figure, axes: Axes, field: xr.DataArray, title: str, style: dict[str, object]) -> None:
    image = axes.pcolormesh(field["lon"], field["lat"], field.values, **style)  # type: ignore[arg-type]
    axes.set_title(title, fontsize=10)
    axes.set_aspect(1.0 / np.cos(np.radians(float(field["lat"].mean()))))
    figure.colorbar(image, ax=axes, shrink=0.8)
