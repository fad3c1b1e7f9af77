"""The dekad calendar: days 1-10, 11-20 and 21 to the end of each month, 36 a year."""

from dataclasses import dataclass
from datetime import date, timedelta

DEKADS_PER_YEAR = 36
_FIRST_DAYS = (1, 11, 21)


@dataclass(frozen=True, order=True)
class Dekad:
    """One dekad; `number` runs from 1 (1-10 January) to 36 (21-31 December)."""

    year: int
    number: int

    @classmethod
    def of(cls, day: date) -> "Dekad":
        return cls(day.year, 3 * (day.month - 1) + min((day.day - 1) // 10, 2) + 1)

    @classmethod
    def from_index(cls, index: int) -> "Dekad":
        year, number = divmod(index, DEKADS_PER_YEAR)
        return cls(year, number + 1)

    @property
    def index(self) -> int:
        """Dekads since the first of year 0."""
        return self.year * DEKADS_PER_YEAR + self.number - 1

    @property
    def month(self) -> int:
        return (self.number - 1) // 3 + 1

    @property
    def closes_month(self) -> bool:
        return self.number % 3 == 0

    @property
    def first_day(self) -> date:
        return date(self.year, self.month, _FIRST_DAYS[(self.number - 1) % 3])

    @property
    def last_day(self) -> date:
        return self.shift(1).first_day - timedelta(days=1)

    @property
    def days(self) -> int:
        return (self.last_day - self.first_day).days + 1

    def shift(self, dekads: int) -> "Dekad":
        return Dekad.from_index(self.index + dekads)


def complete_dekads(first_day: date, last_day: date) -> list[Dekad]:
    """Dekads whose last day lies within [first_day, last_day], in order."""
    dekad, found = Dekad.of(first_day), []
    while dekad.last_day <= last_day:
        found.append(dekad)
        dekad = dekad.shift(1)
    return found
