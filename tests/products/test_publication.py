"""The whole publication: from a real record, rebuilt, replayed, and read by a CF checker."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import rasterio
import xarray as xr

from ldas.config import Profile
from ldas.errors import AccessError, InputError
from ldas.products.publication import publish
from ldas.products.source import record_source
from ldas.record import state_configuration
from ldas.record.repository import Record
from tests.products.builders import build_source, first_days, revise, settings_for
from tests.record.small import GRID as RECORD_GRID
from tests.record.small import START, advance, make_domain, make_state

NOW = datetime(2026, 2, 3, 20, tzinfo=UTC)
SOURCE = build_source(33)


def _stores(folder: Path) -> tuple[xr.Dataset, xr.Dataset]:
    return xr.open_zarr(folder / "analysis.zarr").load(), xr.open_zarr(folder / "drought.zarr").load()


def test_day_by_day_equals_all_at_once_and_a_rebuild(tmp_path: Path) -> None:
    for days in (9, 10, 20, 33):
        publish(first_days(SOURCE, days), settings_for(tmp_path / "daily"), NOW)
    report = publish(SOURCE, settings_for(tmp_path / "daily"), NOW)
    assert (report.days_written, report.dekads_written, report.days_published) == (0, 0, 33)
    publish(SOURCE, settings_for(tmp_path / "once"), NOW)
    publish(SOURCE, settings_for(tmp_path / "daily"), NOW, rebuild=True)
    for daily, once in zip(_stores(tmp_path / "daily"), _stores(tmp_path / "once"), strict=True):
        xr.testing.assert_identical(daily, once)


def test_a_replay_changes_its_days_and_their_dekads_only(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    publish(SOURCE, settings, NOW)
    before, dekads_before = _stores(tmp_path)
    report = publish(revise(SOURCE, 25), settings, NOW)
    after, dekads_after = _stores(tmp_path)
    assert (report.days_written, report.dekads_written) == (8, 1)
    np.testing.assert_array_equal(after["wg"][:25], before["wg"][:25])
    np.testing.assert_allclose(after["wg"][25:], before["wg"][25:] + 0.05, rtol=1e-5)
    np.testing.assert_array_equal(dekads_after["rzsm"][:2], dekads_before["rzsm"][:2])
    assert (dekads_after["rzsm"][2].values > dekads_before["rzsm"][2].values)[1:].all()


def test_images_follow_the_newest_days(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, image_days=2)
    publish(first_days(SOURCE, 32), settings, NOW)
    publish(SOURCE, settings, NOW)
    assert {path.name for path in tmp_path.glob("cog/lai_2*.tif")} == {"lai_20260202.tif", "lai_20260203.tif"}
    with rasterio.open(tmp_path / "cog" / "lai_20260203.tif") as raster:
        np.testing.assert_array_equal(raster.read(1), SOURCE.analysis["lai"].values[-1])
        assert raster.crs.to_epsg() == 4326 and raster.bounds[:2] == (4.0, 43.95)
        assert raster.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG" and raster.overviews(1) == [2]
    assert (tmp_path / "quicklook" / "drought_class_202601_d3.png").read_bytes()[:4] == b"\x89PNG"


def test_a_record_without_a_cycle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected at least one cycle to publish"):
        publish(first_days(SOURCE, 0), settings_for(tmp_path), NOW)
    assert not list(tmp_path.iterdir())


def test_refused_writing_says_what_to_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(first_days(SOURCE, 3), settings_for(tmp_path), NOW)

    def refuse(self: Path, content: bytes) -> int:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(AccessError, match=r"writing was refused .*; check the .*keys"):
        publish(first_days(SOURCE, 4), settings_for(tmp_path), NOW)
    monkeypatch.undo()
    assert _stores(tmp_path)[0].sizes["time"] == 3


def test_status_tells_degradation_and_lateness(tmp_path: Path) -> None:
    SOURCE.cycles[-1].degraded.append("no SSM for the window")
    try:
        publish(SOURCE, settings_for(tmp_path), datetime(2026, 2, 7, 1, tzinfo=UTC))
    finally:
        SOURCE.cycles[-1].degraded.clear()
    status = json.loads((tmp_path / "status.json").read_text())
    assert status["late"] and status["hours_behind"] == 72.0
    assert status["expected_cycle"] == "2026-02-06T18:00:00Z"
    assert status["degraded"] == ["no SSM for the window"] and status["counts"]["land_cells"] == 29


@pytest.mark.slow
@pytest.mark.parametrize("store", ["analysis", "drought"])
def test_cf_checker_finds_no_error(tmp_path: Path, store: str) -> None:
    publish(first_days(SOURCE, 12), settings_for(tmp_path), NOW)
    dataset = xr.open_zarr(tmp_path / f"{store}.zarr", decode_cf=False, chunks=None)
    filled = {name for name, variable in dataset.variables.items() if "_FillValue" in variable.attrs}
    for variable in dataset.variables.values():
        for name in ("flag_values", "flag_masks", "valid_range"):
            if name in variable.attrs:
                variable.attrs[name] = np.array(variable.attrs[name], variable.dtype)
    netcdf, report = tmp_path / f"{store}.nc", tmp_path / "report.json"
    dataset.to_netcdf(netcdf, encoding={name: {"_FillValue": None} for name in dataset.variables if name not in filled})
    checker = Path(sys.executable).parent / "compliance-checker"
    done = subprocess.run(
        [str(checker), "--test=cf:1.11", "--format=json", f"--output={report}", str(netcdf)],
        capture_output=True,
        text=True,
    )
    assert report.exists(), done.stderr
    found = json.loads(report.read_text())["cf:1.11"]
    messages = [text for entry in found["high_priorities"] for text in entry["msgs"]]
    assert messages == []


def test_a_real_record_is_published(tmp_path: Path) -> None:
    profile = Profile.model_validate(
        {
            "domain": {"name": "small", **{k: getattr(RECORD_GRID, k) for k in ("west", "south", "east", "north")}},
            "window": {"start": START},
            "record": {"uri": f"file://{tmp_path}/record"},
            "publication": settings_for(tmp_path / "public").model_dump(),
        }
    )
    domain = make_domain()
    record = Record.create(profile.record, domain, START, make_state(domain, 0), state_configuration(profile))
    advance(record, 3)
    report = publish(record_source(profile), profile.publication, NOW)
    assert report.days_written == 3
    raw = xr.open_zarr(tmp_path / "public" / "analysis.zarr", mask_and_scale=False)
    stored = record.open_analysis()
    for name in stored.data_vars:
        if "time" in stored[name].dims:
            np.testing.assert_array_equal(raw[name].values, stored[name].values)
    advance(record, 1)
    assert publish(record_source(profile), profile.publication, NOW).days_written == 1
