"""Whole runs through the command line: contract of the output, split runs, refusals that leave nothing behind."""

import subprocess
import sys

import netCDF4
import numpy as np
import pytest
import xarray as xr
from typer.testing import CliRunner

import ldas.cli
from ldas.errors import ConfigurationError, InputError, LdasError
from ldas.offline.output import ALMA
from ldas.offline.run import RunRequest, run_offline
from ldas.variables import variables
from tests.offline.conftest import SITE

T0 = np.datetime64("2017-03-01T00:00", "ns")
HOUR = np.timedelta64(1, "h")


def test_output_follows_the_contract(tmp_path, site_file, forcing_file):
    out = tmp_path / "o.nc"
    arguments = ["offline", str(site_file), "--forcing", str(forcing_file), "--out", str(out), "--interval", "hourly"]
    result = CliRunner().invoke(ldas.cli.app, arguments)
    assert result.exit_code == 0, result.output
    assert "2 columns, 192 steps" in result.output
    with xr.open_dataset(out) as written:
        table = variables("output")
        for name in ALMA:
            assert written[name].attrs["units"] == table[name].units
            assert written[name].attrs["cell_methods"] == "time: mean"
            layer = ("soil_layer",) if "soil_layer" in table[name].dims else ()
            assert written[name].dims == ("time", *layer, "patch")
        assert written["patch"].values.tolist() == [4, 10]
        assert written["patch_fraction"].values.tolist() == [0.3, 0.7]
        assert (written["time"].values == T0 + HOUR * np.arange(1, 49)).all()
        assert (written["time_bnds"].values[:, 0] == T0 + HOUR * np.arange(48)).all()
        assert written.attrs["Conventions"] == "CF-1.11"
        assert np.isfinite(written["SoilMoist"].values[:, :8]).all()
        assert np.isnan(written["SoilMoist"].values[:, 13]).all()
        assert float(written["SWE"].max()) > 0.0
        energy = written["Rnet"] - written["Qh"] - written["Qle"] - written["Qg"]
        assert np.abs(energy).max() < 1e-9


def test_means_are_means_of_steps(tmp_path, site_file, forcing_file):
    run_offline(RunRequest(site_file, forcing_file, tmp_path / "steps.nc", "step", "instant"))
    run_offline(RunRequest(site_file, forcing_file, tmp_path / "means.nc", "3-hourly", "mean"))
    run_offline(RunRequest(site_file, forcing_file, tmp_path / "last.nc", "3-hourly", "instant"))
    with (
        xr.open_dataset(tmp_path / "steps.nc") as steps,
        xr.open_dataset(tmp_path / "means.nc") as means,
        xr.open_dataset(tmp_path / "last.nc") as last,
    ):
        assert last["Qle"].attrs["cell_methods"] == "time: point"
        for name in ("Qle", "SWE", "SoilTemp", "GPP"):
            every = steps[name].values.reshape(16, 12, *steps[name].shape[1:])
            assert means[name].values == pytest.approx(every.mean(axis=1), rel=1e-12, abs=1e-18)
            assert (last[name].values == every[:, -1]).all()


@pytest.mark.parametrize("cut", ["2017-03-01T03:00", "2017-03-02T07:45"])
def test_a_split_run_is_the_whole_run(tmp_path, site_file, forcing_file, cut):
    whole, first, second = (tmp_path / f"{name}.nc" for name in ("whole", "first", "second"))
    ends = [tmp_path / f"{name}-end.nc" for name in ("whole", "first", "second")]
    extra = ("biomass_leaf", "snow_enthalpy")
    run_offline(RunRequest(site_file, forcing_file, whole, extra=extra, restart_out=ends[0]))
    moment = np.datetime64(cut, "ns")
    run_offline(RunRequest(site_file, forcing_file, first, extra=extra, restart_out=ends[1], until=moment))
    run_offline(RunRequest(site_file, forcing_file, second, extra=extra, restart_in=ends[1], restart_out=ends[2]))
    with netCDF4.Dataset(ends[0]) as a, netCDF4.Dataset(ends[2]) as b:
        assert a.time == b.time
        for name, variable in a.variables.items():
            assert variable[:].tobytes() == b.variables[name][:].tobytes(), name
    with xr.open_dataset(whole) as all_, xr.open_dataset(first) as one, xr.open_dataset(second) as two:
        for name in (*ALMA, *extra):
            joined = np.concatenate([one[name].values, two[name].values])
            assert np.array_equal(joined, all_[name].values, equal_nan=True), name


def test_output_in_stretches_is_the_same(tmp_path, site_file, forcing_file, monkeypatch):
    run_offline(RunRequest(site_file, forcing_file, tmp_path / "one.nc", "hourly"))
    monkeypatch.setattr("ldas.offline.run.STRETCH_BYTES", 5000)
    shares = []
    run_offline(RunRequest(site_file, forcing_file, tmp_path / "many.nc", "hourly"), shares.append)
    assert shares == sorted(shares) and shares[-1] == pytest.approx(1.0)
    with xr.open_dataset(tmp_path / "one.nc") as one, xr.open_dataset(tmp_path / "many.nc") as many:
        assert one.identical(many)


def test_many_points(tmp_path, weather):
    site = tmp_path / "two.yaml"
    site.write_text(
        SITE.replace("latitude: 43.6\n", "") + "points: [{name: a, latitude: 43.0}, {name: b, latitude: 44.0}]\n"
    )
    two = weather.expand_dims(station=2, axis=1).copy()
    two["Tair"] = two["Tair"] + xr.DataArray([0.0, 2.0], dims="station")
    for name in two.data_vars:
        two[name].attrs = weather[name].attrs
    two.to_netcdf(tmp_path / "two.nc")
    run_offline(RunRequest(site, tmp_path / "two.nc", tmp_path / "o.nc", "daily"))
    with xr.open_dataset(tmp_path / "o.nc") as written:
        assert written["LAI"].dims == ("time", "column")
        assert written["place"].values.tolist() == ["a", "a", "b", "b"]
        assert written["patch"].values.tolist() == [4, 10, 4, 10]
        assert (written["SoilTemp"][:, 0, 2:].values > written["SoilTemp"][:, 0, :2].values).all()


@pytest.fixture
def kept(tmp_path):
    """An earlier output that a refused run must leave alone."""
    out = tmp_path / "o.nc"
    out.write_bytes(b"earlier")
    return out


def refused(request, kept, words):
    before = sorted(kept.parent.iterdir())
    with pytest.raises(LdasError) as caught:
        run_offline(request)
    for word in words:
        assert word in str(caught.value)
    assert "\n" not in str(caught.value)
    assert kept.read_bytes() == b"earlier"
    assert sorted(kept.parent.iterdir()) == before
    return caught.value


def test_bad_forcing_leaves_nothing(tmp_path, site_file, weather, kept):
    weather["SWdown"][30] = -5.0
    weather.to_netcdf(tmp_path / "bad.nc")
    request = RunRequest(site_file, tmp_path / "bad.nc", kept, restart_out=tmp_path / "r.nc")
    refused(request, kept, ("SWdown", "2017-03-02T06:00:00", "meadow"))
    code = subprocess.run(
        [
            sys.executable,
            "-c",
            "from ldas.cli import main; main()",
            "offline",
            str(site_file),
            "--forcing",
            str(tmp_path / "bad.nc"),
            "--out",
            kept,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert code.returncode == InputError.exit_code
    assert "SWdown at 2017-03-02T06:00:00, meadow" in " ".join(code.stderr.split())
    assert kept.read_bytes() == b"earlier"


def test_a_failure_while_running_leaves_nothing(tmp_path, site_file, forcing_file, kept, monkeypatch):
    def fail(*_, **__):
        raise InputError("model: stopped")

    monkeypatch.setattr("ldas.offline.run.integrate", fail)
    refused(RunRequest(site_file, forcing_file, kept, restart_out=tmp_path / "r.nc"), kept, ("stopped",))


def test_refused_settings(tmp_path, site_file, forcing_file, kept):
    base = RunRequest(site_file, forcing_file, kept)
    for change, words in (
        ({"out": forcing_file}, ("forcing.nc", "other than the input")),
        ({"restart_out": kept}, ("different files",)),
        ({"restart_out": tmp_path / "no" / "r.nc"}, ("folder that exists",)),
        ({"extra": ("tig",)}, ("tig", "neither a state")),
        ({"until": np.datetime64("2017-03-05", "ns")}, ("2017-03-05", "2017-03-03")),
        ({"until": np.datetime64("2017-03-01T00:10", "ns")}, ("2017-03-01T00:10:00", "900 s")),
        ({"interval": "daily", "until": np.datetime64("2017-03-01T12:00", "ns")}, ("daily", "shorter")),
    ):
        refused(RunRequest(**{**vars(base), **change}), kept, words)


def test_interval_must_hold_whole_steps(tmp_path, site_file, forcing_file, kept):
    site_file.write_text(SITE.replace("time_step: 900", "time_step: 2400"))
    error = refused(RunRequest(site_file, forcing_file, kept, "hourly"), kept, ("hourly", "2400"))
    assert isinstance(error, ConfigurationError)
    refused(RunRequest(site_file, forcing_file, kept), kept, ("forcing.nc", "2400", "3600"))


def test_restart_of_other_columns_or_layers(tmp_path, site_file, forcing_file, kept):
    restart = tmp_path / "r.nc"
    run_offline(RunRequest(site_file, forcing_file, tmp_path / "x.nc", restart_out=restart, until=T0 + 2 * HOUR))
    request = RunRequest(site_file, forcing_file, kept, restart_in=restart)
    refused(RunRequest(**{**vars(request), "start": T0}), kept, ("--from", "2017-03-01T02:00:00"))
    site_file.write_text(SITE.replace("{4: 0.3, 10: 0.7}", "{10: 1.0}"))
    refused(request, kept, ("r.nc", "patch", "[4, 10]"))
    site_file.write_text(SITE.replace("time_step: 900", "time_step: 900, snow_layers: 3"))
    refused(request, kept, ("r.nc", "snow_swe", "(12, 2)"))
    site_file.write_text(SITE)
    with netCDF4.Dataset(restart, "a") as file:
        file["wg"][3, 1] = 0.8
    refused(request, kept, ("r.nc", "2017-03-01T02:00:00", "wg", "w_sat", "layer 4, meadow, patch 10"))
