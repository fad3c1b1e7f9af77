"""One table at the end of `make bench`: every benchmark adds its rows."""

import os
from collections.abc import Callable
from dataclasses import dataclass

import numba
import pytest
from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Row:
    """One measured quantity: `value` and `bar` (what is wanted, empty when nothing is) are shown as they are."""

    part: str
    quantity: str
    value: str
    bar: str


ROWS: list[Row] = []


@pytest.fixture
def add_row() -> Callable[..., None]:
    """Adds a row to the table: `add_row(part, quantity, value, bar="")`."""

    def add(part: str, quantity: str, value: str, bar: str = "") -> None:
        ROWS.append(Row(part, quantity, value, bar))

    return add


def pytest_terminal_summary() -> None:
    """Print the table with what the machine was doing meanwhile."""
    if not ROWS:
        return
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    table = Table(title=f"{os.cpu_count()} cores, numba {numba.__version__}, load over 1, 5, 15 min: {load}")
    for heading in ("part", "quantity", "value", "bar"):
        table.add_column(heading, justify="right" if heading in ("value", "bar") else "left")
    previous = ""
    for row in ROWS:
        table.add_row("" if row.part == previous else row.part, row.quantity, row.value, row.bar)
        previous = row.part
    Console(width=110).print(table)
