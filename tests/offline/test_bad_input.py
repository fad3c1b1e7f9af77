"""Bad input of `ldas offline`: one sentence naming variable, time and place, an exit code, nothing half-written."""

import netCDF4
import numpy as np
import pytest

from ldas.errors import ConfigurationError, InputError
from tests.offline.conftest import SITE

CONFIGURATION, INPUT = ConfigurationError.exit_code, InputError.exit_code


def spoil(weather, fault: str):
    values = weather.copy(deep=True)
    match fault:
        case "missing variable":
            return values.drop_vars("Qair")
        case "wrong units":
            values["Tair"].attrs["units"] = "degC"
        case "not a number":
            values["LWdown"][7] = np.nan
        case "infinite":
            values["PSurf"][9] = np.inf
        case "gap":
            return values.isel(time=[*range(20), *range(22, 49)])
        case "time goes back":
            return values.isel(time=[*range(10), 11, 10, *range(12, 49)])
        case "out of range":
            values["Tair"][30] = 21.5
        case "negative shortwave":
            values["SWdown"][30] = -5.0
        case "negative longwave":
            values["LWdown"][3] = -1.0
    return values


def check_refused(command, tmp_path, site, forcing, code: int, words: tuple[str, ...], *more: object) -> None:
    """The command ends with `code` and one sentence holding `words`; an earlier output stays, nothing else appears."""
    out, restart = tmp_path / "o.nc", tmp_path / "r.nc"
    out.write_bytes(b"earlier")
    before = sorted(tmp_path.iterdir())
    finished = command(site, "--forcing", forcing, "--out", out, "--restart-out", restart, *more)
    assert finished.code == code != 0
    lines = finished.err.splitlines()
    assert len(lines) == 1 and lines[0].startswith("error: "), finished.err
    for word in words:
        assert word in lines[0]
    assert finished.out == ""
    assert out.read_bytes() == b"earlier"
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("missing variable", ("Qair is missing",)),
        ("wrong units", ("Tair: expected units K", "degC")),
        ("not a number", ("LWdown at 2017-03-01T07:00:00, meadow", "expected a number")),
        ("infinite", ("PSurf at 2017-03-01T09:00:00, meadow", "inf")),
        ("gap", ("time", "gap", "2017-03-01T19:00:00 to 2017-03-01T22:00:00")),
        ("time goes back", ("time", "increase", "2017-03-01T10:00:00 after 2017-03-01T11:00:00")),
        ("out of range", ("Tair at 2017-03-02T06:00:00, meadow", "K, got 21.5")),
        ("negative shortwave", ("SWdown at 2017-03-02T06:00:00, meadow", "-5")),
        ("negative longwave", ("LWdown at 2017-03-01T03:00:00, meadow", "-1")),
    ],
)
def test_bad_weather(command, tmp_path, site_file, weather, fault, words) -> None:
    forcing = tmp_path / "bad.nc"
    spoil(weather, fault).to_netcdf(forcing)
    check_refused(command, tmp_path, site_file, forcing, INPUT, ("bad.nc", *words))


def test_bad_weather_of_one_of_many_points(command, tmp_path, weather) -> None:
    site = tmp_path / "two.yaml"
    site.write_text(
        SITE.replace("latitude: 43.6\n", "") + "points: [{name: valley, latitude: 43}, {name: slope, latitude: 44}]\n"
    )
    weather["Rainf"] = weather["Rainf"].expand_dims(point=2, axis=1).copy()
    weather["Rainf"][5, 1] = -1e-4
    weather["Rainf"].attrs["units"] = "kg m-2 s-1"
    weather.to_netcdf(tmp_path / "bad.nc")
    words = ("bad.nc", "Rainf at 2017-03-01T05:00:00, slope", "-0.0001")
    check_refused(command, tmp_path, site, tmp_path / "bad.nc", INPUT, words)


@pytest.mark.parametrize(
    ("old", "new", "code", "words"),
    [
        ("{sand: 0.45, clay: 0.20}", "{sand: 0.75, clay: 0.40}", CONFIGURATION, ("texture", "sand + clay", "1.15")),
        (
            "{sand: 0.45, clay: 0.20}",
            "{sand: 0.45, clay: 0.20, silt: 0.2}",
            CONFIGURATION,
            ("texture", "expected 1, got 0.85"),
        ),
        ("{4: 0.3, 10: 0.7}", "{4: 0.3, 10: 0.6}", CONFIGURATION, ("patches", "sum to 1", "0.9")),
        ("lai: 1.5", "lai: 1.5, state: {wg: {10: 0.9}}", INPUT, ("meadow", "wg + wgi <= w_sat", "layer 1, patch 10")),
        ("lai: 1.5", "lai: 1.5, state: {resa: 0.0}", INPUT, ("meadow", "resa: expected a resistance > 0", "patch 4")),
        ("name: meadow", "parameters: {w_fc: 0.9}", INPUT, ("w_fc: expected less than w_sat", "0.9")),
        ("name: meadow", "parameters: {sowing_day: {10: 90}}", INPUT, ("harvest_day", "beside the other date")),
    ],
)
def test_bad_site(command, tmp_path, site_file, forcing_file, old, new, code, words) -> None:
    assert old in SITE
    site_file.write_text(SITE.replace(old, new))
    check_refused(command, tmp_path, site_file, forcing_file, code, ("site.yaml", *words))


def test_bad_restart(command, tmp_path, site_file, forcing_file) -> None:
    start = tmp_path / "start.nc"
    arguments = ("--forcing", forcing_file, "--out", tmp_path / "x.nc", "--until", "2017-03-01T02:00")
    assert command(site_file, *arguments, "--restart-out", start).code == 0
    for name, value, words in (
        ("wg", 0.8, ("wg + wgi <= w_sat, got 0.8", "layer 4, meadow, patch 10")),
        ("wgi", -0.1, ("wgi: expected ice >= 0", "layer 4, meadow, patch 10")),
        ("tg", np.nan, ("tg: expected finite numbers", "layer 4, meadow, patch 10")),
    ):
        with netCDF4.Dataset(start, "a") as file:
            kept = float(file[name][3, 1])
            file[name][3, 1] = value
        words = ("start.nc, 2017-03-01T02:00:00", *words)
        check_refused(command, tmp_path, site_file, forcing_file, INPUT, words, "--restart-in", start)
        with netCDF4.Dataset(start, "a") as file:
            file[name][3, 1] = kept
