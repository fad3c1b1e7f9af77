"""The page of a cycle tells what its provenance holds, and dashes where it holds nothing."""

from datetime import UTC, datetime

import numpy as np

from ldas.assimilation.diagnostics import SUMS, sliding_summary
from ldas.assimilation.settings import AssimilationSettings
from ldas.cycle_report import cycle_markdown
from ldas.record import Provenance


def page(summary: dict[str, float | int | bool]) -> str:
    cycle = Provenance(
        time=datetime(2026, 5, 20, 18, tzinfo=UTC),
        code_version="1",
        configuration="a",
        forcing=[],
        observations=[],
        seen=[],
        degraded=[],
        rescaling_version="20260501",
        summary=dict(summary),
        seconds={"forcing": 0.1},
    )
    return cycle_markdown("ales", cycle, {})


def test_sliding_month_and_drift_are_told() -> None:
    sums = np.zeros((3, 2, len(SUMS)))
    for name, value in {"n": 10, "r": 20, "hbht": 8, "d_oa_d_ob": 15, "d_ab_d_ob": 12, "departure": 0.5}.items():
        sums[:, 0, SUMS.index(name)] = value
    text = page(sliding_summary(sums, AssimilationSettings()))
    assert "| sliding month: Desroziers ratio of R (wanted 1) | 0.75 | – |" in text
    assert "| sliding month: Desroziers ratio of B (wanted 1) | 1.50 | – |" in text
    assert "| sliding month: observations | 30 | 0 |" in text
    assert "+0.050 m³ m⁻³ **(drifts)**." in text


def test_a_cycle_without_numbers_has_dashes() -> None:
    text = page({})
    assert "background WG2 –" in text and "drifts" not in text
