"""The evaluation on disk: one self-contained HTML page, the tables as CSV, the maps as Zarr."""

import shutil
import tempfile
from pathlib import Path

import pandas as pd
from jinja2 import Environment, PackageLoader, select_autoescape

from ldas.evaluation.evaluate import Evaluation
from ldas.evaluation.published import published
from ldas.evaluation.stations import gain_classes

TABLES = ("station_scores", "contrasts", "contrast_scores", "comparison")


def write_report(evaluation: Evaluation, folder: str | Path) -> Path:
    """Write `report.html`, `<table>.csv` and `maps.zarr` to a folder, replacing those of an earlier evaluation.

    Everything is written beside first, so that a failure leaves the earlier files. Returns the page's path.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".writing-") as scratch:
        work = Path(scratch)
        for name in TABLES:
            getattr(evaluation, name).to_csv(work / f"{name}.csv", index=False, float_format="%.6g")
        (work / "report.html").write_text(render(evaluation), encoding="utf-8")
        if evaluation.maps.data_vars:
            evaluation.maps.assign_attrs(input_origin=evaluation.input_origin).to_zarr(
                work / "maps.zarr", zarr_format=3, consolidated=False
            )
        for item in work.iterdir():
            target = folder / item.name
            if target.is_dir():
                shutil.rmtree(target)
            item.replace(target)
    return folder / "report.html"


def render(evaluation: Evaluation) -> str:
    """The page as text."""
    environment = Environment(loader=PackageLoader("ldas.evaluation"), autoescape=select_autoescape())
    overall = evaluation.station_scores
    if len(overall):
        overall = overall[overall["season"] == "all"]
    return environment.get_template("report.html").render(
        evaluation=evaluation,
        stations=_records(overall),
        seasons=_records(evaluation.station_scores[evaluation.station_scores["season"] != "all"]),
        gains=_records(gain_classes(evaluation.station_scores)),
        contrast_scores=_records(evaluation.contrast_scores),
        comparison=_records(evaluation.comparison),
        other_products=published()["other_products"],
        paper_input=published()["input"],
        table_note=published()["table_2"]["note"],
    )


def _records(table: pd.DataFrame) -> list[dict]:
    """Rows with numbers as short text and missing values as a dash."""
    return [{str(key): _text(value) for key, value in row.items()} for row in table.to_dict("records")]


def _text(value: object) -> str:
    if isinstance(value, float):
        return "–" if value != value else f"{value:.3g}"
    return str(value)
