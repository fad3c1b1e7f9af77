"""The growing store: whole steps or nothing, whatever happens to its writer."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from ldas.errors import RecordError, TransientError
from ldas.grid import Grid
from ldas.products.series import Layers, Series
from ldas.products.target import Target
from ldas.products.template import Template
from ldas.variables import variables
from tests.products.builders import settings_for

GRID = Grid(4.0, 43.9, 4.1, 44.0)
ROWS = {name: variables("analysis")[name] for name in ("lai", "n_ssm_obs")}


def _series(folder: Path, steps_per_shard: int = 4, grid: Grid = GRID) -> Series:
    return Series(
        Target(settings_for(folder)), "store.zarr", Template(ROWS, grid, None, 4, steps_per_shard, extra_attributes={})
    )


def _layers(shift: float = 0.0) -> Callable[[int, int], Layers]:
    """Random but repeatable maps: the values of step k depend on k alone."""

    def make(first: int, last: int) -> Layers:
        maps = [np.random.default_rng(step).random(GRID.shape) + shift for step in range(first, last)]
        return {"lai": np.array(maps, "float32"), "n_ssm_obs": np.full((last - first, *GRID.shape), 2, "int16")}

    return make


def _update(series: Series, steps: int, revisions: np.ndarray | None = None, shift: float = 0.0) -> tuple[int, int]:
    times = 24 * np.arange(steps)
    found = np.arange(steps) if revisions is None else revisions
    return series.update(times, np.stack([times - 24, times], 1), found, _layers(shift), {"title": "test"})


def _open(folder: Path) -> xr.Dataset:
    return xr.open_zarr(folder / "store.zarr", chunks=None)


def test_store_grows_over_shards_and_keeps_every_step(tmp_path: Path) -> None:
    series = _series(tmp_path)
    for steps in (1, 2, 3, 9, 10):
        _update(series, steps)
    dataset = _open(tmp_path)
    np.testing.assert_array_equal(dataset["lai"], _layers()(0, 10)["lai"])
    assert dataset.indexes["time"].is_unique and dataset.indexes["time"].is_monotonic_increasing
    assert dataset["lai"].encoding["shards"] == (4, 4, 4)


def test_updating_again_writes_no_value(tmp_path: Path) -> None:
    series = _series(tmp_path)
    assert _update(series, 6) == (0, 6)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("c/*") if path.is_file()}
    assert _update(series, 6) == (6, 6)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("c/*") if path.is_file()} == before


def test_published_bytes_stay_where_they_are_when_a_step_is_added(tmp_path: Path) -> None:
    """A reader that holds the old index of a shard still finds its chunks in the new object."""
    series = _series(tmp_path, steps_per_shard=16)
    shard = tmp_path / "store.zarr" / "lai" / "c" / "0" / "0" / "0"
    previous = b""
    for steps in range(1, 12):
        _update(series, steps)
        content = shard.read_bytes()[16 * 16 + 4 :]  # all but the index in front
        assert content.startswith(previous)
        previous = content


def test_a_writer_that_dies_leaves_what_was_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _update(_series(tmp_path), 3)
    broken = _series(tmp_path)

    def die(steps: int, attributes: dict[str, object]) -> None:
        raise TransientError("killed before the root was written")

    monkeypatch.setattr(broken, "_commit", die)
    with pytest.raises(TransientError):
        _update(broken, 5)
    assert _open(tmp_path).sizes["time"] == 3
    np.testing.assert_array_equal(_open(tmp_path)["lai"], _layers()(0, 3)["lai"])
    assert _update(_series(tmp_path), 5) == (3, 5)
    np.testing.assert_array_equal(_open(tmp_path)["lai"], _layers()(0, 5)["lai"])


def test_changed_steps_are_hidden_before_they_are_rewritten(tmp_path: Path) -> None:
    series = _series(tmp_path)
    _update(series, 6)
    seen: list[int] = []

    def make(first: int, last: int) -> Layers:
        seen.append(_open(tmp_path).sizes["time"])
        return _layers(1.0)(first, last)

    revisions = np.array([0, 1, 2, 103, 104, 105])
    times = 24 * np.arange(6)
    assert series.update(times, np.stack([times - 24, times], 1), revisions, make, {}) == (3, 6)
    assert seen == [3, 4]
    np.testing.assert_array_equal(_open(tmp_path)["lai"][:3], _layers()(0, 3)["lai"])
    np.testing.assert_array_equal(_open(tmp_path)["lai"][3:], _layers(1.0)(3, 6)["lai"])


def test_a_record_that_went_back_shortens_the_store(tmp_path: Path) -> None:
    series = _series(tmp_path)
    _update(series, 6)
    assert _update(series, 4) == (4, 4)
    assert _open(tmp_path).sizes["time"] == 4
    _update(series, 5)
    np.testing.assert_array_equal(_open(tmp_path)["lai"], _layers()(0, 5)["lai"])


def test_repeated_times_are_refused(tmp_path: Path) -> None:
    times = np.array([0, 24, 24])
    with pytest.raises(RecordError, match="increasing times"):
        _series(tmp_path).update(times, np.stack([times, times], 1), np.arange(3), _layers(), {})


def test_another_grid_or_layout_is_refused(tmp_path: Path) -> None:
    _update(_series(tmp_path), 2)
    with pytest.raises(RecordError, match="lat differ from this domain and version"):
        _update(_series(tmp_path, grid=Grid(4.0, 43.8, 4.1, 43.9)), 3)
    with pytest.raises(RecordError, match=r"lai, n_ssm_obs.* differ"):
        _update(_series(tmp_path, steps_per_shard=8), 3)
    assert _open(tmp_path).sizes["time"] == 2


def test_missing_layers_are_refused(tmp_path: Path) -> None:
    series = _series(tmp_path)
    with pytest.raises(RecordError, match="differing in \\['n_ssm_obs'\\]"):
        series.update(
            np.array([0]), np.array([[0, 24]]), np.array([1]), lambda a, b: {"lai": _layers()(a, b)["lai"]}, {}
        )
    assert _open(tmp_path).sizes["time"] == 0


def test_root_is_the_only_truth_of_lengths(tmp_path: Path) -> None:
    _update(_series(tmp_path), 3)
    root = json.loads((tmp_path / "store.zarr" / "zarr.json").read_text())
    members = root["consolidated_metadata"]["metadata"]
    assert {members[name]["shape"][0] for name in ("time", "time_bnds", "revision", "lai", "n_ssm_obs")} == {3}
    assert not list(tmp_path.rglob("*.partial"))


def test_integers_carry_their_fill_value(tmp_path: Path) -> None:
    _update(_series(tmp_path), 1)
    raw = xr.open_zarr(tmp_path / "store.zarr", mask_and_scale=False)
    assert raw["n_ssm_obs"].attrs["_FillValue"] == -1 and raw["n_ssm_obs"].dtype == "int16"
