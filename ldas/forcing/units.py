"""Conversion by the `units` attribute: a unit that is not in these tables is refused, never guessed."""

import re
from typing import NamedTuple

from ldas.errors import InputError
from ldas.model.constants import GRAVITY


class Conversion(NamedTuple):
    """ours = factor * theirs + offset; `amount` marks a quantity summed over time, to be divided by seconds."""

    factor: float
    offset: float = 0.0
    amount: bool = False


_TABLES: dict[str, dict[str, Conversion]] = {
    "temperature": {
        **dict.fromkeys(("K", "kelvin"), Conversion(1.0)),
        **dict.fromkeys(("degC", "Celsius", "celsius", "degree_Celsius", "°C"), Conversion(1.0, 273.15)),
    },
    "humidity": {
        **dict.fromkeys(("kg kg-1", "kg/kg", "1"), Conversion(1.0)),
        **dict.fromkeys(("g kg-1", "g/kg"), Conversion(1e-3)),
    },
    "share": {**dict.fromkeys(("%", "percent"), Conversion(0.01)), "1": Conversion(1.0)},
    "pressure": {
        "Pa": Conversion(1.0),
        **dict.fromkeys(("hPa", "mb", "mbar", "millibar"), Conversion(100.0)),
        "kPa": Conversion(1000.0),
    },
    "speed": {**dict.fromkeys(("m s-1", "m/s"), Conversion(1.0)), "km h-1": Conversion(1.0 / 3.6)},
    "water": {
        **dict.fromkeys(("kg m-2 s-1", "kg/m2/s", "mm s-1", "mm/s"), Conversion(1.0)),
        **dict.fromkeys(("kg m-2 h-1", "mm h-1", "mm/h", "mm hr-1"), Conversion(1.0 / 3600.0)),
        "m s-1": Conversion(1000.0),
        **dict.fromkeys(("kg m-2", "kg/m2", "mm"), Conversion(1.0, amount=True)),
        **dict.fromkeys(("m", "m of water equivalent"), Conversion(1000.0, amount=True)),
    },
    "radiation": {
        **dict.fromkeys(("W m-2", "W/m2"), Conversion(1.0)),
        **dict.fromkeys(("J m-2", "J/m2"), Conversion(1.0, amount=True)),
    },
    "co2": {
        "kg m-3": Conversion(1.0),
        **dict.fromkeys(("ppm", "ppmv", "1e-6", "umol mol-1"), Conversion(1.0)),
        "mol mol-1": Conversion(1e6),
    },
    "height": {"m": Conversion(1.0), "m2 s-2": Conversion(1.0 / GRAVITY)},
}
CO2_DENSITY_UNITS = "kg m-3"


def canonical(units: str) -> str:
    """A unit string without the spellings that mean the same: `W m**-2` and `W m^-2` become `W m-2`."""
    return re.sub(r"\*\*|\^", "", units).strip()


def conversion(units: object, quantity: str, item: str) -> Conversion:
    """How to turn `units` of a quantity into ours; raises InputError naming `item` for a missing or unknown unit."""
    table = _TABLES[quantity]
    if not isinstance(units, str) or canonical(units) not in table:
        raise InputError(f"{item}: unknown units {units!r}, expected one of {', '.join(table)}")
    return table[canonical(units)]
