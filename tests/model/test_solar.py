"""Position of the sun against published positions, seasons and symmetries (vegetation document §5.5)."""

import numpy as np
import pytest

from ldas.model.solar import SUN_COLUMNS, sun_positions
from ldas.model.weather import place_of, sun_cosine

OBLIQUITY = 23.44
DAY = np.timedelta64(1, "D")
MINUTE = np.timedelta64(1, "m")


def height(times, latitude: float, longitude: float = 0.0) -> np.ndarray:
    """Height of the sun above the horizon at UTC `times`, degrees."""
    place = place_of(np.array([latitude]), np.array([longitude]))
    rows = sun_positions(np.atleast_1d(np.asarray(times, dtype="datetime64[ms]")))
    return np.rad2deg(np.arcsin([sun_cosine.py_func(place, 0, row) for row in rows]))


def day_of(date: str, step: np.timedelta64 = MINUTE) -> np.ndarray:
    """The instants of a day."""
    return np.arange(np.datetime64(date, "ms"), np.datetime64(date, "ms") + DAY, step)


def test_published_position() -> None:
    """Reda and Andreas (2004), example A.5: 2003-10-17 12:30:30 UTC-7 at 39.742476 N, 105.1786 W.

    True height 39.872 degrees, declination -9.314 degrees, equation of time +14.64 minutes; the formulas here are good
    to a few tenths of a degree.
    """
    time = np.datetime64("2003-10-17T19:30:30", "ms")
    assert height(time, 39.742476, -105.1786) == pytest.approx(39.872, abs=0.2)
    row = sun_positions(np.array([time]))[0]
    assert np.rad2deg(np.arcsin(row[0])) == pytest.approx(-9.314, abs=0.2)
    minutes_at_greenwich = (np.rad2deg(np.arctan2(row[3], row[2])) / 15.0 - 7.0 - 30.5 / 60.0) * 60.0
    assert minutes_at_greenwich == pytest.approx(14.64, abs=0.5)


@pytest.mark.parametrize(
    ("date", "declination"),
    [("2021-03-20", 0.0), ("2021-06-21", OBLIQUITY), ("2021-09-22", 0.0), ("2021-12-21", -OBLIQUITY)],
)
@pytest.mark.parametrize("latitude", [-66.0, -35.0, 0.0, 43.6, 66.0])
def test_noon_height_follows_the_season(date: str, declination: float, latitude: float) -> None:
    assert height(day_of(date), latitude).max() == pytest.approx(90.0 - abs(latitude - declination), abs=0.5)


@pytest.mark.parametrize("latitude", [-60.0, -20.0, 20.0, 60.0])
def test_day_lasts_twelve_hours_at_the_equinox(latitude: float) -> None:
    lit = height(day_of("2021-03-20"), latitude) > 0.0
    assert lit.mean() * 24.0 == pytest.approx(12.0, abs=0.1)


def test_polar_day_and_night_change_hemisphere_with_the_solstice() -> None:
    for date, north_lit in (("2020-06-20", True), ("2020-12-21", False)):
        times = day_of(date, np.timedelta64(10, "m"))
        assert (height(times, 75.0) > 0.0).all() == north_lit
        assert (height(times, 75.0) < 0.0).all() != north_lit
        assert (height(times, -75.0) > 0.0).all() != north_lit
        assert (height(times, -75.0) < 0.0).all() == north_lit


def test_both_hemispheres_share_the_equator_and_mirror_the_poles() -> None:
    times = day_of("2021-05-03", np.timedelta64(1, "h"))
    assert height(times, 90.0) == pytest.approx(-height(times, -90.0), abs=1e-9)
    north, south = (np.sin(np.deg2rad(height(times, latitude))) for latitude in (30.0, -30.0))
    equator = np.sin(np.deg2rad(height(times, 0.0)))
    assert 0.5 * (north + south) == pytest.approx(np.cos(np.deg2rad(30.0)) * equator, abs=1e-12)


def test_fifteen_degrees_east_are_an_hour_earlier() -> None:
    times = day_of("2021-08-10", np.timedelta64(1, "h"))
    later = times + np.timedelta64(1, "h")
    assert height(times, 43.6, 15.0) == pytest.approx(height(later, 43.6, 0.0), abs=0.02)
    assert np.abs(height(times, 43.6, 15.0) - height(times, 43.6, 0.0)).max() > 5.0


def test_a_year_has_its_own_length() -> None:
    """1 March stands at another share of a leap year; the declination of the last instant meets that of the first."""
    rows = sun_positions(
        np.array(["2020-12-31T23:59:59.999", "2021-01-01", "2021-12-31T23:59:59.999"], "datetime64[ms]")
    )
    assert rows.shape == (3, SUN_COLUMNS)
    assert rows[0, :2] == pytest.approx(rows[1, :2], abs=1e-9)
    assert rows[2, :2] == pytest.approx(rows[1, :2], abs=1e-9)
    assert np.hypot(rows[:, 0], rows[:, 1]) == pytest.approx(1.0, abs=1e-15)
    assert np.hypot(rows[:, 2], rows[:, 3]) == pytest.approx(1.0, abs=1e-15)
