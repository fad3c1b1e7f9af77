"""Scores and a picture of the site example: what was assimilated, what was kept to judge."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from ldas.evaluation.scores import scores

PAIRS = {
    "LAI": ("lai", "observed_lai", "offered_lai"),
    "soil moisture, upper layer": ("ssm", "observed_soil_moisture_1", "offered_ssm"),
    "soil moisture, lower layer": ("wg5", "observed_soil_moisture_2", ""),
}
"""Quantity: model series, observation, and the days that were offered to the filter and are left out here."""


def score_table(series: xr.Dataset) -> pd.DataFrame:
    """One row a quantity and experiment: N, R, ubRMSD, RMSD, MB over the days that were not offered to the filter."""
    rows = []
    for quantity, (model, observed, offered) in PAIRS.items():
        kept = ~series[offered].values if offered else np.ones(series.sizes["time"], bool)
        reference = np.where(kept, series[observed].values, np.nan)
        for experiment in series["experiment"].values:
            found = scores(reference, series[model].sel(experiment=experiment).values)
            rows.append(
                {
                    "quantity": quantity,
                    "experiment": str(experiment),
                    "N": found.n,
                    "R": found.r,
                    "ubRMSD": found.ubrmsd,
                    "RMSD": found.rmsd,
                    "MB": found.bias,
                }
            )
    return pd.DataFrame(rows)


def plot(series: xr.Dataset) -> Figure:
    """The three quantities against time, observations as points (filled where offered to the filter)."""
    seen = np.isfinite(series["observed_lai"].values)
    shown = series.isel(time=slice(int(seen.argmax()), len(seen) - int(seen[::-1].argmax())))
    figure = Figure(figsize=(10, 9), layout="constrained")
    axes = figure.subplots(3, 1, sharex=True)
    colours = {"OL": "#c4732b", "SSM": "#6a8f3c", "LAI": "#7a5195", "SSM_LAI": "#1f7a8c"}
    for axis, (quantity, (model, observed, offered)) in zip(axes, PAIRS.items(), strict=True):
        for experiment in shown["experiment"].values:
            axis.plot(
                shown["time"],
                shown[model].sel(experiment=experiment),
                label=str(experiment).replace("_", "+"),
                color=colours[str(experiment)],
            )
        axis.plot(shown["time"], shown[observed], "o", ms=3, mfc="none", color="#1b2a33", label="observed, kept")
        if offered:
            given = shown[observed].where(shown[offered])
            axis.plot(shown["time"], given, "o", ms=5, color="#1b2a33", label="observed, offered")
        axis.set_ylabel(quantity + (" (m² m⁻²)" if quantity == "LAI" else " (m³ m⁻³)"))
        axis.grid(alpha=0.3)
    axes[0].legend(ncols=3, frameon=False)
    axes[0].set_title("Bondville, Illinois, 2001: measured weather and observations")
    return figure
