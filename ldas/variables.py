"""The one variable table (`variables.yaml`): names, units, dimensions, ranges and descriptions.

Templates of stores, validators, documentation and catalogue entries are made from it; a unit string is written once
in the project.
"""

from functools import cache
from importlib import resources
from typing import Literal

import yaml

from ldas.settings import Settings

Kind = Literal[
    "state",
    "parameter",
    "forcing",
    "output",
    "step",
    "diagnostic",
    "analysis",
    "product",
    "drought",
    "moment",
    "rescaling",
]
"""`step`: what the model computes in a step and does not keep; `analysis`: daily maps stored by the record and
published unchanged; `product`: daily maps derived from them at publication; `drought`: dekad maps; `moment` and
`rescaling`: statistics by dekad of the year behind the rescaling of surface soil moisture."""


class Variable(Settings):
    """One row of the table. `dims` are names; `valid_range` is inclusive and in `units`; no `fill` means NaN."""

    name: str
    kind: Kind
    units: str
    dims: tuple[str, ...]
    description: str
    standard_name: str = ""
    dtype: str = "float64"
    fill: float | int | None = None
    valid_range: tuple[float, float] | None = None
    cell_methods: str = ""
    flag_values: tuple[int, ...] = ()
    flag_masks: tuple[int, ...] = ()
    flag_meanings: str = ""
    comment: str = ""

    def attributes(self) -> dict[str, object]:
        """CF attributes of the variable."""
        attributes: dict[str, object] = {"long_name": self.description, "units": self.units}
        for key in ("standard_name", "cell_methods", "flag_meanings", "comment"):
            if getattr(self, key):
                attributes[key] = getattr(self, key)
        for key in ("flag_values", "flag_masks"):
            if getattr(self, key):
                attributes[key] = list(getattr(self, key))
        if self.valid_range:
            attributes["valid_range"] = list(self.valid_range)
        return attributes


@cache
def variables(kind: Kind | None = None) -> dict[str, Variable]:
    """The table, or its rows of one kind, by name."""
    return {
        (row.name if kind else f"{row.kind}/{row.name}"): row for row in _table() if kind is None or row.kind == kind
    }


@cache
def _table() -> list[Variable]:
    text = resources.files("ldas").joinpath("variables.yaml").read_text(encoding="utf-8")
    # the parser in C takes a tenth of the time
    sections = yaml.load(text, yaml.CSafeLoader)
    return [Variable(name=name, kind=kind, **row) for kind, rows in sections.items() for name, row in rows.items()]
