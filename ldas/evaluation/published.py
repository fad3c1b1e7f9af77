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
            _is_la_grand_combe(at_18)
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
        inside = s1[_in_boxes(s1, row["boxes"])]
        for score in ("r", "ubrmsd"):
            mean = float(inside[score].mean()) if len(inside) else float("nan")
            add(f"mean of stations, S1 against in situ, {row['region']}: {score}", row[score], mean, len(inside))
    seasonal = station_scores[
        _is_la_grand_combe(station_scores)
        & (station_scores["variable"] == "wg2")
        & (station_scores["hour"] == 18)
        & (station_scores["evaluated"] == OBSERVED)
        & (station_scores["reference"] == IN_SITU)
    ]
    for season, value in paper["seasonal_r_la_grand_combe"].items():
        ours = seasonal[seasonal["season"] == season]
        label = f"La Grand Combe, S1 against in situ, {season}: r"
        add(label, value, *((float(ours["r"].iloc[0]), float(ours["n"].iloc[0])) if len(ours) else ()))
    for name, value in paper["monthly_contrast_r"].items():
        ours = contrast[(contrast["experiment"] == name) & (contrast["year"] == 0)] if len(contrast) else contrast
        label = f"monthly contrasts at 0.3 m, {name}: R"
        add(label, value, *((float(ours["r"].iloc[0]), float(ours["n"].iloc[0])) if len(ours) else ()))
    for name, value in paper["lai_wg5_relation"].items():
        known = changes is not None and f"evolution_lai_{name}" in changes
        ours_r = relation(changes, name) if changes is not None and known else float("nan")
        add(f"change of LAI against change of WG5 over cells, {name}: R", value, ours_r)
    return pd.DataFrame(rows)


def _is_la_grand_combe(table: pd.DataFrame) -> pd.Series:
    """Rows of the paper's Table 2 station, whatever its spelling."""
    return table["station"].astype(str).str.replace("[^A-Za-z]", "", regex=True).str.lower().eq("lagrandcombe")


def _in_boxes(table: pd.DataFrame, boxes: list[list[float]]) -> pd.Series:
    """Rows of stations inside one of the boxes [south, north, west, east]."""
    inside = pd.Series(False, index=table.index)
    for south, north, west, east in boxes:
        inside |= table["latitude"].between(south, north) & table["longitude"].between(west, east)
    return inside
