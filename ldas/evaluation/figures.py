"""Figures of the evaluation report, equivalent to Figures 5 to 13 of the reference paper; each function draws one."""

import base64
import io
from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ldas.evaluation.experiments import OPEN_LOOP
from ldas.evaluation.scores import scores
from ldas.evaluation.stations import IN_SITU, OBSERVED, RETRIEVED
from ldas.evaluation.stratify import SEASONS, in_season

COLOURS = {IN_SITU: "#222222", OPEN_LOOP: "#d95f02", OBSERVED: "#7570b3", RETRIEVED: "#b8b5d9"}
ANALYSIS_COLOURS = ("#1b9e77", "#1f78b4", "#e7298a", "#66a61e")
LABELS = {"wg2": "surface soil moisture (m³ m⁻³)", "wg5": "soil moisture 0.2–0.4 m (m³ m⁻³)", "lai": "LAI (m² m⁻²)"}


def embedded(figure: Figure) -> str:
    """A figure as a `data:` address, so that the report needs no other file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110, bbox_inches="tight")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def colour(name: str, names: Sequence[str]) -> str:
    """The colour of a series; analyses take theirs in order."""
    others = [other for other in names if other not in COLOURS]
    return COLOURS.get(name) or ANALYSIS_COLOURS[others.index(name) % len(ANALYSIS_COLOURS)]


def time_series(pairs: pd.DataFrame, title: str, label: str) -> Figure:
    """Figure 5: every series at one station."""
    figure = Figure(layout="constrained", figsize=(10, 3.2))
    axes = figure.subplots()
    names = [str(name) for name in pairs.columns]
    for name in names:
        mark = "o" if name in (IN_SITU, OBSERVED, RETRIEVED) else "-"
        axes.plot(pairs.index, pairs[name], mark, label=name, color=colour(name, names), linewidth=1.0, markersize=2.5)
    axes.set(title=title, ylabel=label)
    axes.legend(ncols=len(names), fontsize=8, frameon=False)
    axes.grid(alpha=0.3)
    return figure


def seasonal_scatter(pairs: pd.DataFrame, title: str) -> Figure:
    """Figure 6: every series against in situ, one panel a season, with R."""
    figure = Figure(layout="constrained", figsize=(10, 3.0))
    names = [str(name) for name in pairs.columns if name != IN_SITU]
    panels = figure.subplots(1, 4, sharex=True, sharey=True)
    for axes, season in zip(panels, SEASONS, strict=True):
        chosen = pairs[in_season(pd.DatetimeIndex(pairs.index), season)]
        for name in names:
            r = scores(chosen[IN_SITU].to_numpy(), chosen[name].to_numpy()).r
            text = f"{name} R = {r:.2f}" if np.isfinite(r) else name
            axes.plot(chosen[IN_SITU], chosen[name], ".", markersize=3, color=colour(name, names), label=text)
        _diagonal(axes)
        axes.set(title=season, xlabel="in situ")
        axes.legend(fontsize=7, frameon=False)
    figure.suptitle(title)
    return figure


def station_boxes(table: pd.DataFrame) -> Figure:
    """R of the stations by season and series, one panel a network."""
    chosen = table[(table["reference"] == IN_SITU) & (table["variable"] == "wg2")].dropna(subset=["r"])
    networks = sorted(chosen["network"].unique())
    figure = Figure(layout="constrained", figsize=(10, 3.0 * max(len(networks), 1)))
    seasons = ("all", *SEASONS)
    for axes, network in zip(np.atleast_1d(figure.subplots(max(len(networks), 1), 1)), networks, strict=False):
        of_network = chosen[chosen["network"] == network]
        names = list(dict.fromkeys(of_network["evaluated"]))
        for k, name in enumerate(names):
            values = [of_network[(of_network["evaluated"] == name) & (of_network["season"] == s)]["r"] for s in seasons]
            box = axes.boxplot(
                values, positions=np.arange(len(seasons)) + 0.8 * (k + 0.5) / len(names) - 0.4, widths=0.6 / len(names),
                patch_artist=True, manage_ticks=False,
            )  # fmt: skip
            for patch in box["boxes"]:
                patch.set(facecolor=colour(name, names), alpha=0.7)
            axes.plot([], [], color=colour(name, names), label=name, linewidth=5)
        axes.set(title=network, ylabel="R against in situ", xticks=np.arange(len(seasons)), xticklabels=seasons)
        axes.axhline(0.0, color="black", linewidth=0.6)
        axes.legend(fontsize=8, frameon=False, ncols=len(names))
    return figure


def contrast_scatter(table: pd.DataFrame, score_table: pd.DataFrame) -> Figure:
    """Figure 7: relative monthly anomalies of model against in situ, one panel an experiment, one colour a year."""
    names = list(dict.fromkeys(table["experiment"]))
    figure = Figure(layout="constrained", figsize=(3.4 * len(names), 3.2))
    for axes, name in zip(np.atleast_1d(figure.subplots(1, len(names), sharex=True, sharey=True)), names, strict=True):
        for year, chosen in table[table["experiment"] == name].groupby("year"):
            axes.plot(chosen["reference"], chosen["evaluated"], "o", markersize=4, label=str(year))
        r = float(score_table[(score_table["experiment"] == name) & (score_table["year"] == 0)]["r"].iloc[0])
        _diagonal(axes)
        axes.set(title=f"{name}: R = {r:.2f}" if np.isfinite(r) else name, xlabel="in situ", ylabel="model")
        axes.legend(fontsize=8, frameon=False)
    return figure


def map_panels(maps: xr.Dataset, panels: dict[str, str], label: str, diverging: bool = True) -> Figure:
    """Figures 8 to 10, 12, 13: maps beside each other on one scale, centred on zero when it is a difference.

    `panels` maps a variable of `maps` to its title. Red is more, blue is less.
    """
    values = np.concatenate([maps[name].values.ravel() for name in panels])
    values = values[np.isfinite(values)]
    if diverging:
        top = max(float(np.quantile(np.abs(values), 0.98)) if len(values) else 0.0, 1e-6)
        limits, colours = (-top, top), "RdBu_r"
    else:
        limits = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
        colours = "viridis"
    figure = Figure(layout="constrained", figsize=(3.6 * len(panels) + 0.8, 3.4))
    drawn = None
    all_axes = np.atleast_1d(figure.subplots(1, len(panels), sharey=True))
    for axes, (name, title) in zip(all_axes, panels.items(), strict=True):
        drawn = axes.pcolormesh(
            maps["lon"], maps["lat"], maps[name], vmin=limits[0], vmax=limits[1], cmap=colours, shading="nearest"
        )
        axes.set(title=title, xlabel="longitude (°E)", facecolor="#dddddd")
        axes.set_aspect(1.0 / np.cos(np.radians(float(maps["lat"].mean()))))
    all_axes[0].set_ylabel("latitude (°N)")
    if drawn is not None:
        figure.colorbar(drawn, ax=list(all_axes), label=label, shrink=0.85)
    return figure


def relation_scatter(maps: xr.Dataset, names: Sequence[str], relations: dict[str, float]) -> Figure:
    """Figure 11: evolution of LAI against that of WG5, cell by cell, one panel an experiment."""
    figure = Figure(layout="constrained", figsize=(3.4 * len(names), 3.2))
    for axes, name in zip(np.atleast_1d(figure.subplots(1, len(names))), names, strict=True):
        axes.plot(maps[f"evolution_wg5_{name}"].values.ravel(), maps[f"evolution_lai_{name}"].values.ravel(), ".", ms=2)
        axes.set(title=f"{name}: R = {relations[name]:+.2f}", xlabel="ΔWG5 (m³ m⁻³)", ylabel="ΔLAI (m² m⁻²)")
        axes.grid(alpha=0.3)
    return figure


def _diagonal(axes: Axes) -> None:
    axes.axline((0.0, 0.0), slope=1.0, color="black", linewidth=0.6)
    axes.grid(alpha=0.3)
