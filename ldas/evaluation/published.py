"""The reference paper's numbers beside ours, each with what it was made from."""

from collections.abc import Iterator
from functools import cache
from importlib import resources

import numpy as np
import pandas as pd
import xarray as xr
import yaml

from ldas.evaluation.experiments import OPEN_LOOP
from ldas.evaluation.maps import relation
from ldas.evaluation.stations import IN_SITU, OBSERVED, RETRIEVED

JOINT = "SSM_LAI"
SIGNIFICANT = 0.01
NAN = float("nan")
Row = dict[str, object]


@cache
def published() -> dict:
    """`data/published.yaml`."""
    text = resources.files("ldas.evaluation").joinpath("data", "published.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)


def compare(station_scores: pd.DataFrame, contrast: pd.DataFrame, maps: xr.Dataset, input_origin: str) -> pd.DataFrame:
    """One row a published number: `quantity`, `paper`, `ours` (NaN where we have none), `n`, and what each came from.

    Where the paper shows the satellite's soil moisture, ours is `S1 raw`, the product before rescaling, if the
    experiments carry it, else `S1`; the column `series` says which.
    """
    surface = station_scores[(station_scores["variable"] == "wg2") & (station_scores["hour"] == 18)]
    satellite = RETRIEVED if (surface["evaluated"] == RETRIEVED).any() else OBSERVED
    rows = [
        *_table_2(surface, satellite),
        *_regions(surface, satellite),
        *_seasons(surface, satellite),
        *_counts(surface, satellite),
        *_contrasts(contrast),
        *_relations(maps),
        *_camargue(maps),
    ]
    table = pd.DataFrame(rows, columns=["quantity", "paper", "ours", "n", "series"])
    return table.assign(paper_input=published()["input"], our_input=input_origin)


def _row(quantity: str, paper: float, ours: float = NAN, n: float = NAN, series: str = "") -> Row:
    return {"quantity": quantity, "paper": paper, "ours": ours, "n": n, "series": series}


def _first(quantity: str, paper: float, found: pd.DataFrame, score: str, series: str = "") -> Row:
    """A row with the only score of `found`, or without ours when it is empty."""
    if not len(found):
        return _row(quantity, paper, series=series)
    return _row(quantity, paper, float(found[score].iloc[0]), float(found["n"].iloc[0]), series)


def _select(table: pd.DataFrame, evaluated: str, reference: str = IN_SITU, season: str = "all") -> pd.DataFrame:
    chosen = (table["evaluated"] == evaluated) & (table["reference"] == reference) & (table["season"] == season)
    return table[chosen]


def _table_2(surface: pd.DataFrame, satellite: str) -> Iterator[Row]:
    here = surface[_is_la_grand_combe(surface)]
    for row in published()["table_2"]["rows"]:
        evaluated = satellite if row["evaluated"] == "S1" else row["evaluated"]
        found = _select(here, evaluated, row["reference"])
        for score in ("r", "ubrmsd", "rmsd", "bias"):
            label = f"La Grand Combe, {row['evaluated']} against {row['reference']}: {score}"
            yield _first(label, row[score], found, score, evaluated)


def _regions(surface: pd.DataFrame, satellite: str) -> Iterator[Row]:
    stations = _select(surface, satellite).dropna(subset=["r"])
    for row in published()["mean_station_scores"]:
        inside = stations[_in_boxes(stations, row["boxes"])]
        for score in ("r", "ubrmsd"):
            mean = float(inside[score].mean()) if len(inside) else NAN
            label = f"mean of stations, S1 against in situ, {row['region']}: {score}"
            yield _row(label, row[score], mean, len(inside), satellite)


def _seasons(surface: pd.DataFrame, satellite: str) -> Iterator[Row]:
    here = surface[_is_la_grand_combe(surface)]
    for season, value in published()["seasonal_r_la_grand_combe"].items():
        found = _select(here, satellite, season=season)
        yield _first(f"La Grand Combe, S1 against in situ, {season}: r", value, found, "r", satellite)


def _counts(surface: pd.DataFrame, satellite: str) -> Iterator[Row]:
    """Stations by what the satellite does there, beside the paper's 26; 5 cm scores of both series are needed."""
    keys = ["network", "station"]
    pairs = _select(surface, satellite).merge(_select(surface, OPEN_LOOP), on=keys, suffixes=("", "_ol")).dropna(
        subset=["r", "r_ol"]
    )  # fmt: skip
    ours = {
        "S1 not significant (p >= 0.01)": int((pairs["p_value"] >= SIGNIFICANT).sum()),
        "S1 with smaller ubRMSD than OL": int((pairs["ubrmsd"] < pairs["ubrmsd_ol"]).sum()),
        "OL with higher R than S1": int((pairs["r_ol"] > pairs["r"]).sum()),
    }
    for name, value in published()["station_counts"].items():
        yield _row(f"stations, {name} (paper: of 26)", value, ours[name] if len(pairs) else NAN, len(pairs), satellite)


def _contrasts(contrast: pd.DataFrame) -> Iterator[Row]:
    for name, value in published()["monthly_contrast_r"].items():
        found = contrast[(contrast["experiment"] == name) & (contrast["year"] == 0)] if len(contrast) else contrast
        yield _first(f"monthly contrasts at 0.3 m, {name}: R", value, found, "r", name)


def _relations(maps: xr.Dataset) -> Iterator[Row]:
    for name, value in published()["lai_wg5_relation"].items():
        ours = relation(maps, name) if f"evolution_lai_{name}" in maps else NAN
        yield _row(f"change of LAI against change of WG5 over cells, {name}: R", value, ours, series=name)


def _camargue(maps: xr.Dataset) -> Iterator[Row]:
    """Extremes over the Camargue of what the joint assimilation changed (Figure 12)."""
    paper = published()["camargue"]
    south, north, west, east = paper["box"]
    for score, which in (("r", "largest"), ("ubrmsd", "lowest")):
        ours, n = NAN, 0
        if f"{score}_{JOINT}" in maps:
            field = maps[f"{score}_{JOINT}"]
            inside = field.where(_between(field["lat"], south, north) & _between(field["lon"], west, east)).values
            n = int(np.isfinite(inside).sum())
            if n:
                ours = float(np.nanmax(inside) if which == "largest" else np.nanmin(inside))
        name = "R" if score == "r" else "ubRMSD"
        yield _row(f"Camargue, joint: {which} change of {name}", paper[f"{which} change of {name}"], ours, n, JOINT)


def _is_la_grand_combe(table: pd.DataFrame) -> pd.Series:
    """Rows of the paper's Table 2 station, whatever its spelling."""
    return table["station"].astype(str).str.replace("[^A-Za-z]", "", regex=True).str.lower().eq("lagrandcombe")


def _in_boxes(table: pd.DataFrame, boxes: list[list[float]]) -> pd.Series:
    """Rows of stations inside one of the boxes [south, north, west, east]."""
    inside = pd.Series(False, index=table.index)
    for south, north, west, east in boxes:
        inside |= table["latitude"].between(south, north) & table["longitude"].between(west, east)
    return inside


def _between(axis: xr.DataArray, low: float, high: float) -> xr.DataArray:
    return (axis >= low) & (axis <= high)
