"""The sizing notes say what the measured figures give, and the arithmetic is right."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.sizing import ASSUMED, HERE, Assumptions, domains, efficiency, notes, size

MEASURED: dict[str, Any] = {
    "scaling": {
        "members": 10,
        "steps": 288,
        "rows": [
            {
                "cells": 10,
                "columns": 60,
                "where": "threads",
                "workers": 1,
                "core_seconds": 8.0,
                "nanoseconds_a_column_step": 500,
            },
            {
                "cells": 10,
                "columns": 60,
                "where": "dask",
                "workers": 2,
                "core_seconds": 10.0,
                "nanoseconds_a_column_step": 625,
            },
        ],
    },
    "cycle": {"columns": 1000, "peak_gib": 0.5},
    "record": {"bytes_a_cell": 5000, "lasting_bytes_a_cell": 1000, "retention_days": 50},
    "publication": {"bytes_a_cell": 100},
}


def test_the_page_is_what_the_measured_figures_give() -> None:
    measured = yaml.safe_load((HERE / "measured.yaml").read_text(encoding="utf-8"))
    assert (HERE / "sizing.md").read_text(encoding="utf-8") == notes(measured, ASSUMED), "run: python -m infra.sizing"


def test_a_domain_costs_its_columns_steps_and_members() -> None:
    found = size(1_000_000, MEASURED, Assumptions(columns_a_cell=5.0, observed_share=0.5, efficiency=0.5))
    assert found.columns == 5_000_000
    assert found.core_hours == pytest.approx(500e-9 * 5e6 * 288 * 6 / 3600.0)
    assert found.workers == 3  # 1.2 core hours at half efficiency within an hour
    assert found.memory_gb == pytest.approx(0.5 * 2**30 * 5000 / 1e9)
    assert found.record_gb == pytest.approx(4000 * 50 * 1e6 / 1e9)
    assert found.record_gb_a_year == pytest.approx(365.25)
    assert found.publication_gb_a_year == pytest.approx(36.525)


def test_efficiency_is_against_one_thread() -> None:
    rows = MEASURED["scaling"]["rows"]
    assert efficiency(rows[0], rows) == 1.0
    assert efficiency(rows[1], rows) == pytest.approx(0.8)


def test_domains_grow_from_the_site_to_europe() -> None:
    cells = domains()
    assert cells["site"] == 1 and cells["ales"] == 900 and cells["montpellier"] == 14_039
    assert list(cells)[-1].startswith("Europe") and 1e7 < list(cells.values())[-1] < 2e7


def test_every_measured_figure_names_its_command() -> None:
    measured = yaml.safe_load((HERE / "measured.yaml").read_text(encoding="utf-8"))
    for name in ("scaling", "cycle", "record", "publication"):
        words = measured[name]["command"].split()
        file = Path(words[-1]) if words[0] == "pytest" else Path(words[2].replace(".", "/") + ".py")
        assert (HERE.parent / file).is_file(), measured[name]["command"]
