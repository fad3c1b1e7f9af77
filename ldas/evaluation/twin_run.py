"""A twin experiment in memory on the demo world: training of the rescaling, then OL, SSM, LAI and SSM_LAI (§7.1).

Run it as `python -m ldas.evaluation.twin_run FOLDER`; it writes the world, the truth and a report to FOLDER. The
controls of §7.1 are `--identical` (no hidden error but the initial state) and `--perfect` (observations without noise,
to be used with small observation errors in `--settings`).
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
import xarray as xr
import yaml

from ldas.assimilation.domain import AnalysisDomain
from ldas.assimilation.moments import PairMoments
from ldas.assimilation.quality_control import CellObservations
from ldas.assimilation.rescaling import RescalingParameters, fit, rescale
from ldas.assimilation.settings import AssimilationSettings, Experiment
from ldas.demo.fields import generator, smooth_field
from ldas.demo.truth import OBSERVED_PATCHES
from ldas.demo.world import World, forcing_settings, physiography_settings, run_truth, write_maps, write_weather
from ldas.errors import InputError
from ldas.evaluation.twin import directions, innovation_statistics, score_table, thresholds
from ldas.forcing import to_model_forcing, window_forcing
from ldas.grid import Columns, Grid
from ldas.model.cold_start import cold_start
from ldas.model.forcing import Forcing
from ldas.model.options import ModelOptions
from ldas.model.state import State
from ldas.physiography import build, to_parameters
from ldas.seasonal import add_pairs
from ldas.window import WindowModel, WindowResult, run_window

EXPERIMENTS: tuple[Experiment, ...] = ("SSM", "LAI", "SSM_LAI")
IDENTITY = "twin experiment"
WEST, SOUTH = 4.0, 43.96
SSM_NOISE, LAI_NOISE = 0.05, 0.20
CLOUD_LEVEL = 1.04  # exceeded by 15 % of a standard normal
LEAST_OPEN_LAND = 0.2
INNOVATION_FIELDS = ("innovation", "innovation_spread", "observation_deviation", "residual")

Progress = Callable[[str, float], None]
Series = dict[str, np.ndarray]


@dataclass(frozen=True)
class Twin:
    """What all experiments share."""

    world: World
    folder: Path
    columns: Columns
    model: WindowModel
    known: xr.Dataset
    truth: xr.Dataset
    weather: dict[int, Forcing] = field(default_factory=dict)

    def forcing(self, index: int) -> Forcing:
        """Weather of a window, read once."""
        if index not in self.weather:
            read = window_forcing(forcing_settings(str(self.folder)), self.world.grid, *self.window(index))
            self.weather[index] = to_model_forcing(read, self.columns)
        return self.weather[index]

    def window(self, index: int) -> tuple[datetime, datetime]:
        t0 = self.world.start + timedelta(days=index)
        return t0, t0 + timedelta(days=1)


def prepare(
    world: World,
    folder: Path,
    options: ModelOptions,
    settings: AssimilationSettings,
    progress: Progress,
    identical: bool = False,
) -> Twin:
    """Write the world and its truth, unless the folder holds them, and make what the service would know of it."""
    if (folder / "truth.nc").exists():
        truth = xr.load_dataset(folder / "truth.nc")
        if truth.sizes["time"] != world.days or not np.array_equal(truth["lat"], world.grid.lat):
            raise InputError(f"{folder / 'truth.nc'}: expected {world.days} days on the domain asked for")
    else:
        write_maps(world, folder)
        write_weather(world, folder, progress)
        truth = run_truth(world, folder, options, progress, identical)
    known = build(physiography_settings(str(folder)), world.grid)
    columns = Columns.from_fractions(known["patch_fraction"].values)
    parameters = to_parameters(known, columns, options)
    domain = AnalysisDomain.from_parameters(
        columns,
        parameters,
        known["clay"].values,
        known["urban_fraction"].values,
        known["water_fraction"].values,
        known["slope"].values,
    )
    model = WindowModel(parameters, domain, options, settings, "SSM_LAI")
    return Twin(world, folder, columns, model, known, truth)


def draw_observations(twin: Twin, noise: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """SSM (m3 m-3, biased and unscaled) and LAI of every window, (time, cell), NaN where nothing was seen.

    `noise` scales the noise of both; SSM is masked where less than a fifth of the land bears crops or grass.
    """
    grid, seed, truth = twin.world.grid, twin.world.seed, twin.truth
    shape = grid.shape
    offset = 0.03 * np.clip(smooth_field(shape, 6.0, generator(seed, "ssm-offset")), -1.6, 1.6)
    slope = 1.0 + 0.2 * np.clip(smooth_field(shape, 6.0, generator(seed, "ssm-slope")), -2.0, 2.0)
    west = np.arange(shape[1]) < 0.6 * shape[1]
    open_land = twin.known["patch_fraction"].sel(patch=list(OBSERVED_PATCHES)).sum("patch").values >= LEAST_OPEN_LAND
    ssm, lai = np.full((2, twin.world.days, *shape), np.nan)
    for index in range(twin.world.days):
        day = twin.window(index)[1].date()
        random = generator(seed, "twin", str(day))
        seen = {0: np.ones(shape[1], bool), 3: west}.get(day.toordinal() % 6)
        if seen is not None:
            value = offset + slope * truth["ssm_observed_patches"].values[index]
            ssm[index] = np.where(seen & open_land, value + noise * SSM_NOISE * random.standard_normal(shape), np.nan)
        if (day + timedelta(days=1)).day in (1, 11, 21):
            value = truth["lai"].values[index] * (1.0 + noise * LAI_NOISE * random.standard_normal(shape))
            cloud = smooth_field(shape, 1.5, random) > CLOUD_LEVEL
            lai[index] = np.where(cloud, np.nan, np.clip(value, 0.05, 8.0))
    flat = twin.world.days, grid.size
    return ssm.reshape(flat), lai.reshape(flat)


def train(twin: Twin, ssm: np.ndarray, days: int, progress: Progress) -> tuple[State, RescalingParameters]:
    """Open loop over the training years: its last state, and the rescaling fitted to its moments."""
    state = cold_start(twin.model.parameters, twin.model.options)
    moments = PairMoments.empty(twin.world.grid.size)
    model = WindowModel(**{**vars(twin.model), "experiment": "OL"})
    for index in range(days):
        observations = CellObservations.on_cells(twin.world.grid.size, ssm=ssm[index])
        result = _window(twin, model, index, state, state, observations)
        state = result.open_loop
        flags, end = result.analysis.flags, twin.window(index)[1]
        moments = add_pairs(moments, end, ssm[index], flags, state, model.domain, model.settings.ssm_patches)
        progress("training", (index + 1) / days)
    lat, lon = (axis.reshape(-1) for axis in np.meshgrid(twin.world.grid.lat, twin.world.grid.lon, indexing="ij"))
    parameters = twin.model.parameters
    fitted = fit(
        moments,
        twin.model.settings.rescaling,
        version="1",
        identity=IDENTITY,
        lat=lat,
        lon=lon,
        cell_class=twin.known["patch_fraction"].values.argmax(axis=0).reshape(-1),
        w_wilt=np.nan_to_num(twin.columns.cell_mean(parameters.w_wilt[1])).reshape(-1),
        w_fc=np.nan_to_num(twin.columns.cell_mean(parameters.w_fc[1])).reshape(-1),
    )
    return state, fitted


def run_experiment(
    twin: Twin,
    experiment: Experiment,
    start: State,
    rescaling: RescalingParameters,
    ssm: np.ndarray,
    lai: np.ndarray,
    first: int,
    progress: Progress,
) -> tuple[Series, Series, Series]:
    """Series (time, cell) of the analysis, of the open loop, and of the innovations (time, 2, cell)."""
    model = WindowModel(**{**vars(twin.model), "experiment": experiment})
    open_loop = state = start
    analysed: list[Series] = []
    looped: list[Series] = []
    innovations: list[Series] = []
    for index in range(first, twin.world.days):
        day = twin.window(index)[1].timetuple().tm_yday
        nothing = np.full(ssm.shape[1], np.nan)
        rescaled = rescale(rescaling, ssm[index], nothing, day, IDENTITY, model.settings.rescaling)
        observations = CellObservations.on_cells(
            ssm.shape[1],
            ssm=rescaled.value,
            lai=lai[index],
            ssm_inflation=rescaled.inflation,
            ssm_flags=rescaled.flags,
        )
        result = _window(twin, model, index, open_loop, state, observations)
        open_loop, state = result.open_loop, result.analysed
        analysed.append(_maps(twin, state))
        looped.append(_maps(twin, open_loop))
        used = result.analysis.used
        innovations.append(
            {name: np.where(used, getattr(result.analysis, name), np.nan) for name in INNOVATION_FIELDS}
            | {"limited": np.array(result.analysis.counts["elements_limited"])}
            | {"updated": np.array(result.analysis.counts["elements_updated"])}
        )
        progress(experiment, (index + 1 - first) / (twin.world.days - first))
    return _stack(analysed), _stack(looped), _stack(innovations)


def report(twin: Twin, training_days: int, progress: Progress, noise: float = 1.0) -> dict[str, Any]:
    """Run all experiments and score them: table, innovation statistics, thresholds and directions of §7.4."""
    ssm, lai = draw_observations(twin, noise)
    start, rescaling = train(twin, ssm, training_days, progress)
    runs = {
        name: run_experiment(twin, name, start, rescaling, ssm, lai, training_days, progress) for name in EXPERIMENTS
    }
    time = twin.truth["time"].values[training_days:]
    layers = twin.truth["wg"].values[training_days:].reshape(len(time), 14, -1)
    truth = {
        "wg2": layers[:, 1],
        "wg5": layers[:, 4],
        "rzsm": twin.truth["rzsm"].values[training_days:].reshape(len(time), -1),
        "lai": twin.truth["lai"].values[training_days:].reshape(len(time), -1),
    }
    crops = twin.known["patch_fraction"].values[6:9].sum(axis=0).reshape(-1) >= 0.4
    irrigated = twin.truth["irrigated"].values.reshape(-1)
    groups = {"all": np.ones(crops.shape, bool), "cropland": crops, "other": ~crops}
    groups |= {"irrigated": irrigated & crops, "rainfed": ~irrigated & crops}
    groups = {name: cells for name, cells in groups.items() if cells.any()}
    open_loop = runs["SSM_LAI"][1]
    tables = {name: score_table(runs[name][0], open_loop, truth, time, groups) for name in EXPERIMENTS}
    regions = tuple(name for name in groups if name not in ("all", "cropland"))
    return {
        "cells": int(twin.model.domain.has_columns.sum()),
        "columns": len(twin.columns),
        "rescaling_methods": {
            str(m): int(n) for m, n in zip(*np.unique(rescaling.method, return_counts=True), strict=True)
        },
        "groups": {name: int(cells.sum()) for name, cells in groups.items()},
        "scores": {
            name: {" ".join(key): asdict(value) for key, value in table.items()} for name, table in tables.items()
        },
        "innovations": {
            name: {
                kind: asdict(innovation_statistics(*(runs[name][2][field][:, row] for field in INNOVATION_FIELDS)))
                for row, kind in enumerate(("ssm", "lai"))
            }
            for name in EXPERIMENTS
        },
        "limited_share": {
            name: float(runs[name][2]["limited"].sum() / max(runs[name][2]["updated"].sum(), 1)) for name in EXPERIMENTS
        },
        "thresholds": [asdict(finding) for finding in thresholds(tables["SSM_LAI"], regions=regions)],
        "directions": [
            asdict(finding)
            for finding in directions({name: runs[name][0] for name in EXPERIMENTS}, open_loop, truth, time, crops)
        ],
    }


def main(
    folder: Path,
    training_years: Annotated[int, typer.Option(help="years of the open loop that train the rescaling")] = 1,
    years: Annotated[int, typer.Option(help="years of assimilation")] = 2,
    cells: Annotated[int, typer.Option(help="cells along one side of the domain")] = 8,
    resolution: Annotated[float, typer.Option(help="degrees")] = 0.02,
    seed: int = 2026,
    settings: Annotated[Path | None, typer.Option(help="YAML of the `assimilation` section of a profile")] = None,
    identical: Annotated[bool, typer.Option(help="hidden errors in the initial state only")] = False,
    perfect: Annotated[bool, typer.Option(help="observations without noise")] = False,
    name: Annotated[str, typer.Option(help="name of the report")] = "report",
) -> None:
    """Run the twin experiment and write `<name>.json` to FOLDER; the truth in FOLDER is used again."""
    chosen = yaml.safe_load(settings.read_text(encoding="utf-8")) if settings else {}
    width = resolution * cells
    grid = Grid(WEST, SOUTH, WEST + width, SOUTH + width, resolution)
    world = World(grid, datetime(2020, 1, 1, 18, tzinfo=UTC), 365 * (training_years + years), seed)
    folder.mkdir(parents=True, exist_ok=True)

    def progress(stage: str, share: float) -> None:
        if int(share * 1000) % 100 == 0:
            print(f"{stage} {share:.0%}", flush=True)

    twin = prepare(world, folder, ModelOptions(), AssimilationSettings.model_validate(chosen), progress, identical)
    found = report(twin, 365 * training_years, progress, noise=0.0 if perfect else 1.0)
    (folder / f"{name}.json").write_text(json.dumps(found, indent=1), encoding="utf-8")
    for finding in found["thresholds"] + found["directions"]:
        print(f"{'holds' if finding['holds'] else 'FAILS'}  {finding['value']:+.3f}  {finding['statement']}")


def _window(
    twin: Twin, model: WindowModel, index: int, open_loop: State, start: State, observations: CellObservations
) -> WindowResult:
    return run_window(model, open_loop, start, twin.forcing(index), observations)


def _maps(twin: Twin, state: State) -> Series:
    layers = twin.columns.cell_mean(state.wg).reshape(14, -1)
    thickness = np.array([0.01, 0.03, 0.06, 0.10, 0.20, 0.20, 0.20, 0.20])
    return {
        "wg2": layers[1],
        "wg5": layers[4],
        "rzsm": (layers[:8] * thickness[:, None]).sum(axis=0),
        "lai": twin.columns.cell_mean(state.lai).reshape(-1),
    }


def _stack(series: list[Series]) -> Series:
    return {name: np.stack([item[name] for item in series]) for name in series[0]}


if __name__ == "__main__":
    typer.run(main)
