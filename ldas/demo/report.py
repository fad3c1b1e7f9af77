"""The demo's result to look at: one self-contained HTML page with scores and figures."""

import base64
import io
from collections.abc import Sequence
from importlib import resources

import matplotlib
import numpy as np
import xarray as xr
from jinja2 import Environment, StrictUndefined
from matplotlib.figure import Figure

from ldas.demo.scores import Score, layers_of, truth_of

matplotlib.use("Agg")
UNITS = {"SSM": "m³ m⁻³", "RZSM": "m³ m⁻³", "LAI": "m² m⁻²"}


def report_page(
    title: str, facts: dict[str, str], scores: Sequence[Score], analysis: xr.Dataset, truth: xr.Dataset
) -> str:
    """The page as HTML text; `facts` are shown as they are, label by label."""
    template = resources.files("ldas.demo").joinpath("report.html").read_text(encoding="utf-8")
    figures = {
        "Domain means: truth, open loop and analysis": _png(time_series(analysis, truth)),
        "RMSE of the analysis minus RMSE of the open loop: blue is better": _png(gain_maps(analysis, truth)),
    }
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    return environment.from_string(template).render(title=title, facts=facts, scores=scores, figures=figures)


def time_series(analysis: xr.Dataset, truth: xr.Dataset) -> Figure:
    """Domain means of SSM, RZSM and LAI against time."""
    figure = Figure(figsize=(9, 7.5), layout="constrained")
    axes = figure.subplots(3, 1, sharex=True)
    true = truth_of(truth.sel(time=analysis["time"].values))
    for axis, (name, (open_loop, analysed)) in zip(axes, layers_of(analysis).items(), strict=True):
        times = analysis["time"].values
        for values, label, style in (
            (true[name], "truth", {"color": "#1b2a33", "lw": 2}),
            (open_loop, "open loop", {"color": "#c4732b", "lw": 1.5}),
            (analysed, "analysis", {"color": "#1f7a8c", "lw": 1.5}),
        ):
            axis.plot(times, values.mean(("lat", "lon")), label=label, **style)
        axis.set_ylabel(f"{name} ({UNITS[name]})")
        axis.grid(alpha=0.3)
    axes[0].legend(ncols=3, frameon=False)
    figure.autofmt_xdate()
    return figure


def gain_maps(analysis: xr.Dataset, truth: xr.Dataset) -> Figure:
    """Maps of RMSE(analysis) - RMSE(open loop) on a diverging scale centred on zero: blue is better."""
    figure = Figure(figsize=(11, 3.6), layout="constrained")
    axes = figure.subplots(1, 3)
    true = truth_of(truth.sel(time=analysis["time"].values))
    for axis, (name, (open_loop, analysed)) in zip(axes, layers_of(analysis).items(), strict=True):
        error = [np.sqrt(((x - true[name].values) ** 2).mean("time", skipna=False)) for x in (open_loop, analysed)]
        change = np.asarray(error[1] - error[0])
        limit = float(np.nanpercentile(np.abs(change), 98)) or 1.0
        image = axis.pcolormesh(analysis["lon"], analysis["lat"], change, cmap="RdBu_r", vmin=-limit, vmax=limit)
        axis.set_title(f"{name} ({UNITS[name]})")
        axis.set_aspect(1.0 / np.cos(np.radians(float(analysis["lat"].mean()))))
        figure.colorbar(image, ax=axis, shrink=0.85)
    return figure


def _png(figure: Figure) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    return base64.b64encode(buffer.getvalue()).decode()
