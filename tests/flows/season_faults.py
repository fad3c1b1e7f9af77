"""What goes wrong on which day of the simulated season: drawn from a seed, the same for the same seed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

import numpy as np

from ldas.demo.service import Arrival
from tests.flows.gateway import Spoiler

CATALOGUE, GRANULES, WEATHER, RECORD = "/", "/CLMS/", "/weather/", "/record/"
Target = Literal["catalogue", "store"]


@dataclass(frozen=True)
class Fault:
    """One fault of one trigger; `server` is the gateway that shows it, None for what happens to the process."""

    name: str
    server: Target | None
    spoiler: Spoiler | None = None


FAULTS = (
    Fault("catalogue answers 503", "catalogue", Spoiler("unavailable", CATALOGUE)),
    Fault("catalogue answers 429 for a while", "catalogue", Spoiler("too many", CATALOGUE, times=3)),
    Fault("catalogue sends a page of HTML", "catalogue", Spoiler("nonsense", CATALOGUE)),
    Fault("granules answer 503", "store", Spoiler("unavailable", GRANULES)),
    Fault("granules end early", "store", Spoiler("cut short", GRANULES, methods=("GET",))),
    Fault("weather answers 503", "store", Spoiler("unavailable", WEATHER)),
    Fault("weather of the day is missing", "store", Spoiler("not found", WEATHER)),
    Fault("weather of the day lacks hours", "store", Spoiler("replaced", WEATHER)),
    Fault("record answers 503 from some request on", "store", Spoiler("unavailable", RECORD)),
    Fault("record is written but the answer is lost", "store", Spoiler("no answer", RECORD, methods=("PUT",), times=1)),
    Fault("process killed", None),
    Fault("schedule fires twice", None),
    Fault("nothing runs for days", None),
)
WARM_UP = 2
"""Days without faults at the beginning, so that every fault meets a running service."""


def draw_faults(days: int, seed: int, share: float, of_record: bool) -> dict[int, Fault]:
    """A fault for about `share` of the days 1 to `days`; every kind occurs before any occurs again.

    `of_record` says whether the record is behind a gateway, where its answers can be spoiled.
    """
    random = np.random.default_rng([seed, 1])
    kinds = [fault for fault in FAULTS if of_record or fault.spoiler is None or fault.spoiler.path != RECORD]
    candidates = np.arange(WARM_UP + 1, days + 1)
    count = min(max(round(share * len(candidates)), 1), len(candidates))
    chosen = np.sort(random.choice(candidates, size=count, replace=False))
    order: list[int] = []
    while len(order) < count:
        order.extend(random.permutation(len(kinds)).tolist())
    return {int(day): _placed(kinds[kind], random) for day, kind in zip(chosen, order, strict=False)}


def draw_outage(random: np.random.Generator) -> int:
    """Days on which nothing runs."""
    return int(random.integers(2, 6))


def delay_some(arrivals: Sequence[Arrival], seed: int) -> tuple[list[Arrival], int]:
    """Let a fifth of the granules arrive one to four days later than they would; returns how many."""
    random = np.random.default_rng([seed, 2])
    late = random.random(len(arrivals)) < 0.2
    delays = [timedelta(days=int(days)) for days in random.integers(1, 5, len(arrivals))]
    moved = [
        replace(arrival, when=arrival.when + delay) if chosen else arrival
        for arrival, chosen, delay in zip(arrivals, late, delays, strict=True)
    ]
    return sorted(moved, key=lambda arrival: arrival.when), int(late.sum())


def _placed(fault: Fault, random: np.random.Generator) -> Fault:
    """The fault with a random number of spared requests, where the record is what fails."""
    if fault.spoiler is None or fault.spoiler.path != RECORD:
        return fault
    return replace(fault, spoiler=replace(fault.spoiler, after=int(random.integers(0, 120))))
