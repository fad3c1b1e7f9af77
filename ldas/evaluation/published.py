"""The reference paper's numbers beside ours, each with what it was made from."""

from functools import cache
from importlib import resources

import pandas as pd
import xarray as xr
import yaml

from ldas.evaluation.maps import relation
from ldas.evaluation.stations import IN_SITU, OBSERVED


@cache
def published() -> dict:
    """`data/published.yaml`."""
    text = resources.files("ldas.evaluation").joinpath("data", "published.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)


def compare(station_scores: pd.DataFrame, contrast: pd.DataFrame, changes: xr.Dataset | None) -> pd.DataFrame:
    """One row a published number: `quantity`, `paper`, `ours` (NaN where we have none), `n`."""
    paper = published()
    rows: list[dict[str, object]] = []

    def add(quantity: str, value: float, ours: float = float("nan"), n: float = float("nan")) -> None:
        rows.append({"quantity": quantity, "paper": value, "ours": ours, "n": n})

    surface = station_scores[(station_scores["variable"] == "wg2") & (station_scores["season"] == "all")]
    at_18 = surface[surface["hour"] == 18]
    for row in paper["table_2"]["rows"]:
        ours = at_18[
            at_18["station"].str.replace("[^A-Za-z]", "", regex=True).str.lower().eq("lagrandcombe")
            & (at_18["evaluated"] == row["evaluated"])
            & (at_18["reference"] == row["reference"])
        ]
        for score in ("r", "ubrmsd", "rmsd", "bias"):
            label = f"La Grand Combe, {row['evaluated']} against {row['reference']}: {score}"
            if len(ours):
                add(label, row[score], float(ours[score].iloc[0]), float(ours["n"].iloc[0]))
            else:
                add(label, row[score])
    s1 = at_18[(at_18["evaluated"] == OBSERVED) & (at_18["reference"] == IN_SITU)].dropna(subset=["r"])
    for row in paper["mean_station_scores"]:
        for score in ("r", "ubrmsd"):
            mean = float(s1[score].mean()) if len(s1) else float("nan")
            add(f"mean of stations, S1 against in situ: {score} ({row['region']})", row[score], mean, len(s1))
    for name, value in paper["monthly_contrast_r"].items():
        ours = contrast[(contrast["experiment"] == name) & (contrast["year"] == 0)] if len(contrast) else contrast
        label = f"monthly contrasts at 0.3 m, {name}: R"
        add(label, value, *((float(ours["r"].iloc[0]), float(ours["n"].iloc[0])) if len(ours) else ()))
    for name, value in paper["lai_wg5_relation"].items():
        known = changes is not None and f"evolution_lai_{name}" in changes
        ours_r = relation(changes, name) if changes is not None and known else float("nan")
        add(f"change of LAI against change of WG5 over cells, {name}: R", value, ours_r)
    return pd.DataFrame(rows)
