"""When rescaling is refitted, and what enters its moments."""

from datetime import UTC, datetime

import numpy as np
import pytest

from ldas.assimilation.settings import RescalingSettings
from ldas.dekads import Dekad
from ldas.seasonal import cell_classes, refit, refit_is_due
from tests.record.small import make_domain


@pytest.mark.parametrize(
    ("month", "day", "dekad"), [(1, 1, 0), (1, 10, 0), (1, 11, 1), (1, 31, 2), (2, 29, 5), (12, 31, 35)]
)
def test_dekads_of_the_year(month: int, day: int, dekad: int) -> None:
    assert Dekad.of(datetime(2024, month, day, 18, tzinfo=UTC)).number == dekad + 1


@pytest.mark.parametrize(
    ("rule", "month", "day", "cycles", "due"),
    [
        ("yearly", 1, 1, 1000, True),
        ("yearly", 2, 1, 1000, False),
        ("yearly", 2, 1, 100, True),
        ("yearly", 2, 2, 100, False),
        ("monthly", 2, 1, 1000, True),
        ("dekadly", 2, 11, 1000, True),
        ("dekadly", 2, 12, 1000, False),
        ("never", 1, 1, 10, False),
    ],
)
def test_refits_follow_the_calendar(rule: str, month: int, day: int, cycles: int, due: bool) -> None:
    settings = RescalingSettings(refit=rule)  # type: ignore[arg-type]
    assert refit_is_due(settings, datetime(2026, month, day, 18, tzinfo=UTC), cycles) is due


def test_a_refit_names_its_day_and_matches_the_moments() -> None:
    from ldas.assimilation.moments import PairMoments

    domain, settings = make_domain(), RescalingSettings(minimum_pairs=20, minimum_years=1)
    moments, random = PairMoments.empty(domain.grid.size), np.random.default_rng(3)
    observed, modelled = random.normal(0.2, 0.05, (40, 6)), random.normal(0.3, 0.02, (40, 6))
    for pair in zip(observed, modelled, strict=True):
        moments = moments.add(12, 2026, *pair)
    fitted = refit(moments, settings, domain, datetime(2026, 6, 1, 18, tzinfo=UTC), "abc")
    assert (fitted.version, fitted.identity) == ("20260601", "abc")
    np.testing.assert_allclose(fitted.slope[12], modelled.std(axis=0, ddof=1) / observed.std(axis=0, ddof=1))


def test_cells_of_one_class_share_patch_and_texture() -> None:
    classes = cell_classes(make_domain())
    assert len(set(classes[1:].tolist())) == 1
