"""`ldas offline` as a user calls it: intervals and their metadata, carbon in carbon, restarts, progress, refusals."""

import netCDF4
import numpy as np
import pytest
import xarray as xr

from ldas.model.constants import L_S, L_V
from ldas.offline.output import ALMA
from tests.offline.conftest import SITE

T0 = np.datetime64("2017-03-01T00:00", "ns")
STEPS = {"step": 1, "hourly": 4, "3-hourly": 12, "daily": 96}
STEP = np.timedelta64(15, "m")
MODEL_NAMES = ("gpp", "ecosystem_respiration", "le_transpiration", "le_soil", "le_ice", "wr")


@pytest.fixture
def steps(command, tmp_path, site_file, forcing_file):
    """Each step of the run, the values at its end."""
    out = tmp_path / "steps.nc"
    extra = [word for name in (*MODEL_NAMES, "biomass_leaf") for word in ("--extra", name)]
    assert command(site_file, "--forcing", forcing_file, "--out", out, "--statistic", "instant", *extra).code == 0
    with xr.open_dataset(out) as dataset:
        return dataset.load()


def test_every_interval_and_statistic_is_what_its_metadata_says(
    command, tmp_path, site_file, forcing_file, steps
) -> None:
    for interval, every in STEPS.items():
        for statistic in ("mean", "instant"):
            out = tmp_path / "o.nc"
            finished = command(
                site_file, "--forcing", forcing_file, "--out", out, "--interval", interval, "--statistic", statistic
            )
            assert finished.code == 0 and f"{192 // every} {interval} {statistic} values" in finished.out
            with xr.open_dataset(out) as found:
                assert (found.attrs["output_interval"], found.attrs["output_statistic"]) == (interval, statistic)
                ends = T0 + STEP * every * np.arange(1, 192 // every + 1)
                assert (found["time"].values == ends).all()
                assert ("time_bnds" in found) == ("bounds" in found["time"].attrs) == (statistic == "mean")
                if statistic == "mean":
                    assert (found["time_bnds"].values == np.stack([ends - STEP * every, ends], axis=1)).all()
                for name in ALMA:
                    assert found[name].attrs["cell_methods"] == ("time: mean" if statistic == "mean" else "time: point")
                    parts = steps[name].values.reshape(192 // every, every, *steps[name].shape[1:])
                    expected = parts.mean(axis=1) if statistic == "mean" else parts[:, -1]
                    np.testing.assert_allclose(found[name].values, expected, rtol=1e-12, atol=1e-17, err_msg=name)


def test_alma_fluxes_are_the_model_s(steps, weather) -> None:
    """Carbon fluxes count carbon; transpiration and soil evaporation are water; water and energy close."""
    assert steps["GPP"].attrs["units"] == steps["Reco"].attrs["units"] == "kg m-2 s-1"
    np.testing.assert_allclose(steps["GPP"] * 44.0 / 12.0, steps["gpp"], rtol=1e-14)
    np.testing.assert_allclose(steps["Reco"] * 44.0 / 12.0, steps["ecosystem_respiration"], rtol=1e-14)
    np.testing.assert_allclose(steps["TVeg"] * L_V, steps["le_transpiration"], rtol=1e-14)
    assert float(steps["GPP"].max()) > 1e-8
    warm = ((steps["SWE"] == 0.0) & (steps["SoilIce"][:, 0] == 0.0)).values
    warm[1:] &= warm[:-1]  # a pack may evaporate in the step that it ends
    assert 20 < warm.sum() < warm.size
    np.testing.assert_allclose(steps["Qle"].values[warm], L_V * steps["Evap"].values[warm], rtol=1e-12)
    np.testing.assert_allclose(steps["ESoil"].values[warm], steps["le_soil"].values[warm] / L_V, rtol=1e-12)
    icy = steps["le_soil"] / L_V + steps["le_ice"] / L_S
    np.testing.assert_allclose(steps["ESoil"], icy, rtol=1e-12, atol=1e-20)
    np.testing.assert_allclose(steps["Rnet"] - steps["Qh"] - steps["Qle"] - steps["Qg"], 0.0, atol=1e-9)
    thickness = np.diff(steps["layer_bottom"].values, axis=0, prepend=0.0)
    soil = 1000.0 * np.nansum((steps["SoilMoist"] + steps["SoilIce"]).values * thickness, axis=1)
    stored = soil + (steps["SWE"] + steps["wr"]).values
    fallen = np.repeat((weather["Rainf"] + weather["Snowf"]).values[1:], 4)[:, None]
    gained = 900.0 * (fallen - (steps["Evap"] + steps["Qs"] + steps["Qsb"]).values)
    np.testing.assert_allclose(np.diff(stored, axis=0), gained[1:], atol=1e-9)


def test_restart_files_join_runs_at_the_command(command, tmp_path, site_file, forcing_file, steps) -> None:
    middle, end = tmp_path / "middle.nc", tmp_path / "end.nc"
    common = ("--forcing", forcing_file, "--statistic", "instant", "--extra", "biomass_leaf")
    first, second = tmp_path / "first.nc", tmp_path / "second.nc"
    cut = "2017-03-01T16:30"
    assert command(site_file, *common, "--out", first, "--until", cut, "--restart-out", middle).code == 0
    finished = command(
        site_file, *common, "--out", second, "--from", f"{cut}:00Z", "--restart-in", middle, "--restart-out", end
    )
    assert finished.code == 0 and "126 steps from 2017-03-01T16:30:00 to 2017-03-03T00:00:00" in finished.out
    with xr.open_dataset(first) as one, xr.open_dataset(second) as two:
        for name in (*ALMA, "biomass_leaf"):
            joined = np.concatenate([one[name].values, two[name].values])
            assert np.array_equal(joined, steps[name].values, equal_nan=True), name
    with netCDF4.Dataset(end) as file:
        assert np.datetime64(file.time) == np.datetime64("2017-03-03")
        assert np.array_equal(file["biomass_leaf"][:], steps["biomass_leaf"].values[-1])


def test_steps_after_the_last_whole_interval_are_told(command, tmp_path, site_file, forcing_file) -> None:
    arguments = (
        "--forcing",
        forcing_file,
        "--out",
        tmp_path / "o.nc",
        "--interval",
        "3-hourly",
        "--until",
        "2017-03-01T07:30",
    )
    finished = command(site_file, *arguments)
    assert finished.code == 0 and "2 3-hourly mean values" in finished.out
    assert "6 steps after the last whole interval have no output" in finished.err


def test_progress_is_shown_on_a_terminal_only(command, tmp_path, site_file, forcing_file, monkeypatch) -> None:
    arguments = (site_file, "--forcing", forcing_file, "--out", tmp_path / "o.nc", "--interval", "daily")
    assert command(*arguments).err == ""
    monkeypatch.setenv("FORCE_COLOR", "1")
    finished = command(*arguments)
    assert "site" in finished.err and "100%" in finished.err
    assert "%" not in finished.out


def test_the_site_s_heights_and_interpolation_reach_the_model(
    command, tmp_path, site_file, forcing_file, weather, steps
) -> None:
    def run(text: str, forcing=forcing_file) -> xr.Dataset:
        site_file.write_text(SITE + text)
        assert command(site_file, "--forcing", forcing, "--out", tmp_path / "o.nc", "--statistic", "instant").code == 0
        with xr.open_dataset(tmp_path / "o.nc") as dataset:
            return dataset.load()

    high = run("reference_heights: {temperature: 10.0, wind: 20.0}\n")
    assert np.abs(high["Qh"] - steps["Qh"]).max() > 1.0
    held = run("interpolation: {LWdown: constant, SWdown: zenith}\n")
    assert '"constant_forcing":["LWdown"]' in held.attrs["options"]
    assert '"shortwave_interpolation":"zenith"' in held.attrs["options"]
    assert np.abs(held["Rnet"] - steps["Rnet"]).max() > 1.0


def test_wind_components_equal_their_speed_and_direction(command, tmp_path, site_file, weather) -> None:
    parts = weather.copy()
    parts["Wind_E"], parts["Wind_N"] = 0.6 * weather["Wind"], 0.8 * weather["Wind"]
    for name in ("Wind_E", "Wind_N"):
        parts[name].attrs["units"] = "m s-1"
    results = []
    for name, dataset in (("speed", weather), ("parts", parts.drop_vars("Wind"))):
        dataset.to_netcdf(tmp_path / f"{name}-forcing.nc")
        out = tmp_path / f"{name}.nc"
        assert command(site_file, "--forcing", tmp_path / f"{name}-forcing.nc", "--out", out).code == 0
        with xr.open_dataset(out) as dataset:
            results.append(dataset["Qh"].values)
    np.testing.assert_allclose(results[0], results[1], rtol=1e-9, atol=1e-9)
