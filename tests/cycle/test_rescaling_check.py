"""The check of the rescaling sees a fit that is up to date, one that is not, and a drift."""

from dataclasses import replace

import pytest

from ldas.assimilation.rescaling import Method
from ldas.config import Profile
from ldas.cycle import run_until
from ldas.errors import ValidationError
from ldas.rescaling_check import check_rescaling
from tests.cycle.world import day, start_service

REFIT = 10
"""Window that ends on 11 May, on which a dekadly refit is due."""


@pytest.fixture
def often_refitted(profile: Profile) -> Profile:
    rescaling = profile.assimilation.rescaling.model_copy(
        update={"refit": "dekadly", "minimum_pairs": 4, "minimum_years": 1}
    )
    return profile.model_copy(update={"assimilation": profile.assimilation.model_copy(update={"rescaling": rescaling})})


def test_a_fit_of_today_changes_nothing_and_one_of_the_day_before_yesterday_does(often_refitted: Profile) -> None:
    service = start_service(often_refitted)
    run_until(service, day(REFIT))
    today = check_rescaling(service)
    assert today.version == f"{day(REFIT):%Y%m%d}"
    assert today.in_force == today.refitted
    assert today.in_force[Method.OWN_SEASON.name] > 0
    assert today.greatest_change == 0.0
    run_until(service, day(REFIT + 2))
    later = check_rescaling(service)
    assert later.version == today.version
    assert 0.0 < later.mean_change <= later.greatest_change
    assert len(later.rows()) == 4 + len(Method)


def test_before_any_cycle_nothing_can_be_measured(profile: Profile) -> None:
    with pytest.raises(ValidationError, match="at least one cycle"):
        check_rescaling(start_service(profile))


def test_a_drift_alarm_is_an_error_that_names_the_figure(profile: Profile) -> None:
    service = start_service(profile)
    run_until(service, day(1))
    found = check_rescaling(service)
    found.require()
    with pytest.raises(ValidationError, match=r"\+0\.0300"):
        replace(found, drift=0.03, drift_alarm=True).require()
