"""The sizing notes, computed: `python -m infra.sizing` writes `infra/sizing.md` from `infra/measured.yaml`.

No number of the tables is written by hand: measured figures come from the YAML file, domains from the profiles, and
what is assumed stands in `ASSUMED`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, cos, radians
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from ldas.config import load_profile

HERE = Path(__file__).parent
PROFILES = HERE.parent / "deploy" / "profiles"
SECONDS_AN_HOUR, DAYS_A_YEAR = 3600.0, 365.25
CELL_KM2 = 1.11195 * 1.11195
"""Area of a cell of 0.01 degree at the equator, km2."""


@dataclass(frozen=True)
class Assumptions:
    """What is not measured."""

    columns_a_cell: float = 6.0
    """Patches with a fraction > 0 in a cell of mixed landscape."""
    observed_share: float = 1.0
    """Share of the cells with an observation: all of them is the worst day."""
    longest_hours: float = 1.0
    """Time a cycle may take."""
    efficiency: float = 0.7
    """Share of a core that does model work when many workers share one scheduler."""


ASSUMED = Assumptions()
REGIONS = {"France": (551_695.0, 46.5), "Europe (35 to 72 N, land)": (10_180_000.0, 50.0)}
"""Land area, km2, and mean latitude of domains larger than the profiles."""


@dataclass(frozen=True)
class Size:
    """What one domain asks for."""

    cells: int
    columns: int
    core_hours: float
    workers: int
    memory_gb: float
    record_gb: float
    record_gb_a_year: float
    publication_gb_a_year: float


def size(cells: int, measured: dict[str, Any], assumed: Assumptions) -> Size:
    """Resources of a domain of `cells` cells, from the measured costs a column and a cell."""
    columns = round(cells * assumed.columns_a_cell)
    scaling, record, publication = measured["scaling"], measured["record"], measured["publication"]
    cycle = measured["cycle"]
    members = 2 + (scaling["members"] - 2) * assumed.observed_share
    nanoseconds = core_nanoseconds(scaling["rows"])
    core_hours = 1e-9 * nanoseconds * columns * scaling["steps"] * members / SECONDS_AN_HOUR
    states = record["bytes_a_cell"] - record["lasting_bytes_a_cell"]
    return Size(
        cells=cells,
        columns=columns,
        core_hours=core_hours,
        workers=ceil(core_hours / (assumed.longest_hours * assumed.efficiency)),
        memory_gb=1e-9 * cycle["peak_gib"] * 2**30 * columns / cycle["columns"],
        record_gb=1e-9 * cells * states * record["retention_days"],
        record_gb_a_year=1e-9 * cells * record["lasting_bytes_a_cell"] * DAYS_A_YEAR,
        publication_gb_a_year=1e-9 * cells * publication["bytes_a_cell"] * DAYS_A_YEAR,
    )


def core_nanoseconds(rows: Sequence[dict[str, Any]]) -> float:
    """Core time a column and step, ns: one thread on the largest set measured."""
    single = [row for row in rows if row["where"] == "threads" and row["workers"] == 1]
    return float(max(single, key=lambda row: row["columns"])["nanoseconds_a_column_step"])


def efficiency(row: dict[str, Any], rows: Iterable[dict[str, Any]]) -> float:
    """Core time of one thread on the same set over that of a measurement: what is left is traffic and waiting."""
    single = next(
        other
        for other in rows
        if (other["where"], other["workers"], other["columns"]) == ("threads", 1, row["columns"])
    )
    return single["core_seconds"] / row["core_seconds"]


def domains() -> dict[str, int]:
    """Cells of every domain in the tables."""
    names = ("site", "ales", "montpellier", "toulouse", "salamanca")
    found = {name: load_profile(PROFILES / f"{name}.yaml").domain.grid().size for name in names}
    for name, (area, latitude) in REGIONS.items():
        found[name] = round(area / (CELL_KM2 * cos(radians(latitude))))
    return dict(sorted(found.items(), key=lambda item: item[1]))


def notes(measured: dict[str, Any], assumed: Assumptions) -> str:
    """The whole page."""
    rows = measured["scaling"]["rows"]
    sizes = {name: size(cells, measured, assumed) for name, cells in domains().items()}
    scaling = [
        [
            row["cells"],
            row["columns"],
            f"{row['workers']} {'thread' if row['where'] == 'threads' else 'Dask worker'}{'s' * (row['workers'] > 1)}",
            f"{row['seconds']:.1f}",
            f"{row['core_seconds']:.1f}",
            row["nanoseconds_a_column_step"],
            f"{efficiency(row, rows):.0%}",
        ]
        for row in rows
    ]
    need = [
        [
            name,
            one.cells,
            one.columns,
            plain(one.core_hours),
            one.workers,
            plain(one.memory_gb),
            plain(one.record_gb),
            plain(one.record_gb_a_year),
            plain(one.publication_gb_a_year),
        ]
        for name, one in sizes.items()
    ]
    moved = max((row.get("bytes_a_column", 0) for row in rows), default=0)
    return (
        (HERE / "sizing.template.md")
        .read_text(encoding="utf-8")
        .format(
            machine=measured["machine"],
            scaling_command=measured["scaling"]["command"],
            record_command=measured["record"]["command"],
            publication_command=measured["publication"]["command"],
            scaling=table(
                ["cells", "columns", "on", "wall s", "core s", "core ns a column-step", "efficiency"], scaling
            ),
            need=table(
                [
                    "domain",
                    "cells",
                    "columns",
                    "core hours a cycle",
                    f"workers for {assumed.longest_hours:g} h",
                    "client memory GB",
                    "states GB",
                    "maps GB a year",
                    "publication GB a year",
                ],
                need,
            ),
            columns_a_cell=assumed.columns_a_cell,
            observed=assumed.observed_share,
            efficiency=assumed.efficiency,
            bytes_at_work=measured["cycle"]["peak_gib"] * 2**30 / measured["cycle"]["columns"] / 1000.0,
            cycle_command=measured["cycle"]["command"],
            cycle_columns=measured["cycle"]["columns"],
            cycle_core_seconds=measured["cycle"]["processor_seconds"],
            cycle_computed=SECONDS_AN_HOUR * size(measured["cycle"]["cells"], measured, assumed).core_hours,
            retention=measured["record"]["retention_days"],
            moved=moved / 1000.0,
            largest=max(sizes.values(), key=lambda one: one.cells).columns * moved / 1e9,
            nanoseconds=core_nanoseconds(rows),
        )
    )


def plain(value: float) -> str:
    """Two significant digits, without an exponent."""
    return np.format_float_positional(float(f"{value:.2g}"), trim="-")


def table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


if __name__ == "__main__":
    content = yaml.safe_load((HERE / "measured.yaml").read_text(encoding="utf-8"))
    (HERE / "sizing.md").write_text(notes(content, ASSUMED), encoding="utf-8")
