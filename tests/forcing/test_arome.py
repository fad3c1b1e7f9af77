"""AROME packages: runs and leads of the 18 to 18 window, sums since the start, masks, missing and broken files."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import eccodes
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from ldas.errors import ForcingUnavailable
from ldas.forcing import interpolation_options, window_forcing
from ldas.forcing.arome import arome_fields
from ldas.forcing.arome_runs import candidate_runs, hours_by_run
from ldas.forcing.checks import hours_of
from ldas.forcing.humidity import saturation_vapour_pressure
from ldas.forcing.settings import AromeSettings, ForcingSettings
from ldas.grid import Grid
from tests.forcing import arome_files
from tests.forcing.arome_files import file_path, write_run
from tests.forcing.conftest import T0, T1

DAY = timedelta(days=1)
FIRST = datetime(2017, 6, 1, tzinfo=UTC)
SECOND = datetime(2017, 6, 2, tzinfo=UTC)
TO_24H = ("13H18H", "19H24H")
TO_18H = ("00H06H", "07H12H", "13H18H")


def settings_of(folder: Path, **changes) -> ForcingSettings:
    template = f"{folder}/{{run}}/arome/0025/{{package}}/arome__0025__{{package}}__{{range}}__{{run}}.grib2"
    return ForcingSettings(adapter="arome", arome=AromeSettings(url_template=template, **changes))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("arome")
    write_run(folder, FIRST, FIRST, TO_24H)
    write_run(folder, SECOND, FIRST, TO_18H)
    return folder


@pytest.fixture
def both_runs(written: Path, tmp_path: Path) -> Path:
    """The two runs of the window in a folder that a test may damage."""
    return Path(shutil.copytree(written, tmp_path / "runs"))


def plane(grid: Grid) -> np.ndarray:
    return (grid.lat - 43.5)[:, None] + 2.0 * grid.lon[None]


def test_the_window_takes_two_runs_and_differences_sums(both_runs: Path, grid: Grid) -> None:
    window = window_forcing(settings_of(both_runs), grid, T0, T1)
    lead = window["lead_hours"].values
    np.testing.assert_array_equal(lead, [*range(18, 25), *range(1, 19)])
    assert window["run_time"].values[6] == np.datetime64("2017-06-01") and lead[6] == 24
    assert window["run_time"].values[7] == np.datetime64("2017-06-02") and lead[7] == 1
    hour = np.arange(18, 43)[:, None, None]
    np.testing.assert_allclose(window["Tair"], 285.0 + 0.2 * hour + plane(grid), atol=1e-4)
    np.testing.assert_allclose(window["SWdown"], 30.0 * (hour % 24) + 0.0 * plane(grid), atol=0.05)
    np.testing.assert_allclose(window["LWdown"], 300.0 + hour + plane(grid), atol=0.1)
    snow = 3e-4 * (hour % 6 == 0) * (1.0 + plane(grid))
    total = 1e-3 * (hour % 3 == 0) * (1.0 + plane(grid))
    np.testing.assert_allclose(window["Snowf"], snow, atol=1e-7)
    np.testing.assert_allclose(window["Rainf"], total - snow, atol=1e-7)
    np.testing.assert_allclose(window["PSurf"], 98_000.0 + 10.0 * plane(grid) + hour, atol=0.1)
    assert not window["fallback"].any()
    assert interpolation_options(window)["shortwave_interpolation"] == "zenith"


def test_nothing_is_interpolated_across_the_masked_corner(both_runs: Path) -> None:
    # nodes at 43.425 and 43.400 N, 0.150 and 0.125 W are masked: every cell that uses one of them has no weather
    grid = Grid(-0.15, 43.40, -0.05, 43.50)
    window = window_forcing(settings_of(both_runs), grid, T0, T1)
    masked = ((grid.lat < 43.45)[:, None]) & (grid.lon < -0.100)[None]
    np.testing.assert_array_equal(window["forcing_mask"], ~masked)
    assert float(np.nanmax(window["Tair"])) < 300.0


@pytest.mark.parametrize(("package", "name"), [("SP3", "07H12H"), ("SP1", "00H06H")])
def test_a_missing_file_brings_the_day_before_at_lead_plus_24(
    both_runs: Path, grid: Grid, package: str, name: str
) -> None:
    write_run(both_runs, FIRST, FIRST)
    file_path(both_runs, SECOND, package, name).unlink()
    window = window_forcing(settings_of(both_runs), grid, T0, T1, both_runs / "cache")
    np.testing.assert_array_equal(window["lead_hours"], np.arange(18, 43))
    np.testing.assert_array_equal(window["fallback"], [False] * 7 + [True] * 18)
    hour = np.arange(18, 43)[:, None, None]
    np.testing.assert_allclose(window["LWdown"], 300.0 + hour + plane(grid), atol=0.2)
    assert f"{package}__{name}__2017-06-02" in window.attrs["fallback_reasons"]
    # the run may still appear: such a window is not kept
    assert not (both_runs / "cache" / "forcing").exists()


def test_missing_hours_at_the_seam_are_named(tmp_path: Path, grid: Grid) -> None:
    write_run(tmp_path, FIRST, FIRST, ("13H18H",))
    write_run(tmp_path, SECOND, FIRST, TO_18H)
    with pytest.raises(ForcingUnavailable, match=r"2017-06-01T18:00Z and later .*19H24H"):
        window_forcing(settings_of(tmp_path), grid, T0, T1)


def test_a_missing_message_makes_the_run_incomplete(tmp_path: Path, grid: Grid) -> None:
    write_run(tmp_path, FIRST, FIRST, TO_24H)
    write_run(
        tmp_path, SECOND, FIRST, TO_18H, leave_out=lambda name, lead: name in ("2r", "2d") or (name, lead) == ("sp", 9)
    )
    with pytest.raises(ForcingUnavailable, match="PSurf at lead 9 h is missing in SP2"):
        window_forcing(settings_of(tmp_path), grid, T0, T1)


@pytest.mark.parametrize("given", ["2r", "2d"])
def test_humidity_comes_from_what_is_there(tmp_path: Path, grid: Grid, given: str) -> None:
    """q = 0.622 e / (p - 0.378 e), e of the dew point or the share of saturation over water (data document §2.1)."""
    absent = {"2sh", "2r", "2d"} - {given}
    for run, ranges in ((FIRST, TO_24H), (SECOND, TO_18H)):
        write_run(tmp_path, run, FIRST, ranges, leave_out=lambda name, lead: name in absent)
    window = window_forcing(settings_of(tmp_path), grid, T0, T1)
    hour = np.arange(18, 43)[:, None, None]
    pressure = 98_000.0 + 10.0 * plane(grid) + hour
    if given == "2d":
        vapour = saturation_vapour_pressure(280.0 + plane(grid))
    else:
        vapour = (0.60 + 0.01 * plane(grid)) * saturation_vapour_pressure(285.0 + 0.2 * hour + plane(grid))
    np.testing.assert_allclose(window["Qair"], 0.622 * vapour / (pressure - 0.378 * vapour), rtol=1e-3)
    assert "over water" in window["Qair"].attrs["comment"]


def test_a_run_without_any_humidity_is_incomplete(tmp_path: Path, grid: Grid) -> None:
    for run, ranges in ((FIRST, TO_24H), (SECOND, TO_18H)):
        write_run(tmp_path, run, FIRST, ranges, leave_out=lambda name, lead: name in ("2sh", "2r", "2d"))
    with pytest.raises(ForcingUnavailable, match="Qair or relative_humidity or dew_point at lead 18 h is missing"):
        window_forcing(settings_of(tmp_path), grid, T0, T1)


def test_a_file_that_is_written_again_is_read_again_and_one_that_is_gone_is_not_missed(
    both_runs: Path, tmp_path: Path, grid: Grid, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files are deleted after fifteen days, while replays look back forty."""
    settings, cache = settings_of(both_runs), tmp_path / "cache"

    def mean() -> float:
        return float(window_forcing(settings, grid, T0, T1, cache)["PSurf"].mean())

    first = mean()
    monkeypatch.setitem(arome_files.TRUTH, "sp", lambda hour: 99_000.0 + 0.0 * arome_files.PLANE)
    write_run(both_runs, SECOND, FIRST, TO_18H)
    assert mean() > first + 500.0
    shutil.rmtree(both_runs)
    assert mean() > first + 500.0


def test_the_fields_are_what_the_tables_of_meteo_france_call_them() -> None:
    """Short names of data document §2.1, decoded from our numbers by the centre's own tables."""
    expected = {
        "Tair": "2t",
        "Qair": "2sh",
        "PSurf": "sp",
        "Wind_E": "10u",
        "Wind_N": "10v",
        "SWdown": "ssrd",
        "LWdown": "strd",
        "precipitation": "tp",
        "snow": "tsnowp",
        "graupel": "tgrp",
        "relative_humidity": "2r",
        "dew_point": "2d",
    }
    found = {}
    for name, row in arome_fields().items():
        handle = eccodes.codes_grib_new_from_samples("regular_ll_sfc_grib2")
        eccodes.codes_set(handle, "centre", "lfpw")
        eccodes.codes_set(handle, "productDefinitionTemplateNumber", 0 if row["kind"] == "instant" else 8)
        if row["kind"] == "accumulated":
            eccodes.codes_set(handle, "typeOfStatisticalProcessing", 1)
        keys = ("discipline", "parameterCategory", "parameterNumber")
        for key, number in zip(keys, row["parameter"], strict=True):
            eccodes.codes_set(handle, key, number)
        eccodes.codes_set(handle, "typeOfFirstFixedSurface", row["surface"])
        eccodes.codes_set(handle, "scaleFactorOfFirstFixedSurface", 0)
        eccodes.codes_set(handle, "scaledValueOfFirstFixedSurface", row["level"])
        found[name] = eccodes.codes_get_string(handle, "shortName")
        eccodes.codes_release(handle)
    assert found == expected


def test_message_counts_are_checked_when_given(both_runs: Path, grid: Grid) -> None:
    with pytest.raises(ForcingUnavailable, match="SP2/13H18H: expected 67 messages, got 12"):
        window_forcing(settings_of(both_runs, message_counts={"SP2/13H18H": 67}), grid, T0, T1)


def test_a_sum_labelled_instant_is_still_a_sum(both_runs: Path, tmp_path: Path, grid: Grid) -> None:
    usual = window_forcing(settings_of(both_runs), grid, T0, T1)
    write_run(both_runs, FIRST, FIRST, TO_24H, sum_label="instant")
    write_run(both_runs, SECOND, FIRST, TO_18H, sum_label="instant")
    window = window_forcing(settings_of(both_runs), grid, T0, T1)
    for name in ("SWdown", "LWdown", "Rainf"):
        np.testing.assert_allclose(window[name], usual[name], atol=1e-9, err_msg=name)


@pytest.mark.parametrize("shift", [0.0125, 20.0], ids=["half a node beside", "elsewhere"])
def test_a_second_grid_in_a_file(both_runs: Path, grid: Grid, monkeypatch: pytest.MonkeyPatch, shift: float) -> None:
    """A grid elsewhere is passed over; a second one over the domain refuses the run."""
    usual = window_forcing(settings_of(both_runs), grid, T0, T1)
    monkeypatch.setattr(arome_files, "FIRST_LAT", arome_files.FIRST_LAT + shift)
    monkeypatch.setattr(arome_files, "LAST_LAT", arome_files.LAST_LAT + shift)
    with file_path(both_runs, SECOND, "SP1", "00H06H").open("ab") as file:
        temperature = np.full((arome_files.NLAT, arome_files.NLON), 250.0)
        arome_files.write_message(file, SECOND, 3, [0, 0, 0, 103, 2], temperature, "instant")
    if shift > 1.0:
        xr.testing.assert_equal(window_forcing(settings_of(both_runs), grid, T0, T1), usual)
    else:
        with pytest.raises(ForcingUnavailable, match="Tair is on another grid"):
            window_forcing(settings_of(both_runs), grid, T0, T1)


@pytest.mark.parametrize("fault", ["truncated", "html", "empty"])
def test_a_broken_file_makes_the_run_incomplete(both_runs: Path, grid: Grid, fault: str) -> None:
    path = file_path(both_runs, SECOND, "SP1", "07H12H")
    content = path.read_bytes()
    path.write_bytes({"truncated": content[: len(content) // 2], "html": b"<html>503</html>", "empty": b""}[fault])
    with pytest.raises(ForcingUnavailable, match=r"no complete AROME run .*07H12H"):
        window_forcing(settings_of(both_runs), grid, T0, T1)


def test_sums_that_decrease_refuse_the_run(both_runs: Path, grid: Grid) -> None:
    # the sums of leads 1 to 6 stand again at leads 7 to 12
    source, target = (file_path(both_runs, SECOND, "SP3", name) for name in ("00H06H", "07H12H"))
    with source.open("rb") as file, target.open("wb") as out:
        while (handle := eccodes.codes_grib_new_from_file(file)) is not None:
            lead = eccodes.codes_get_long(handle, "endStep")
            eccodes.codes_set(handle, "stepRange", f"0-{lead + 6}")
            eccodes.codes_write(handle, out)
            eccodes.codes_release(handle)
    with pytest.raises(ForcingUnavailable, match=r"LWdown: -\d+\.?\d* after de-accumulation, expected at least -50"):
        window_forcing(settings_of(both_runs), grid, T0, T1)


def test_every_third_hour_runs_give_their_own_hours() -> None:
    settings = AromeSettings(run_hours=tuple(range(0, 24, 3)), first_lead=4)
    groups = hours_by_run(hours_of(T0, T1), settings)
    for run, hours in groups.items():
        leads = [(hour - run) // timedelta(hours=1) for hour in hours]
        assert set(leads) <= {4, 5, 6}
    assert sum(map(len, groups.values())) == 25


def test_candidates_stop_where_the_forecast_ends() -> None:
    hours = [SECOND + timedelta(hours=h) for h in range(1, 19)]
    candidates = list(candidate_runs(SECOND, hours, AromeSettings()))
    assert candidates == [SECOND, SECOND - DAY]


def test_the_rule_is_the_same_for_every_window_hour() -> None:
    for hour in range(24):
        t0 = datetime(2017, 6, 1, hour, tzinfo=UTC)
        groups = hours_by_run(hours_of(t0, t0 + DAY), AromeSettings())
        stamps = pd.DatetimeIndex([stamp for hours in groups.values() for stamp in hours])
        assert stamps.is_monotonic_increasing and len(stamps) == 25
        for run, hours in groups.items():
            assert all(timedelta(0) < stamp - run <= DAY for stamp in hours)
