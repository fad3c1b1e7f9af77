"""The series an evaluation compares, in one shape whatever store they come from."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr

from ldas.errors import InputError

SURFACE_DEPTH, ROOT_ZONE_DEPTH = 0.025, 0.30
_LAYERS = {"wg2": (SURFACE_DEPTH, "ssm"), "wg5": (ROOT_ZONE_DEPTH, "rzsm_wg5")}
OPEN_LOOP = "OL"


@dataclass(frozen=True)
class Experiments:
    """`series` maps `OL` and each experiment's name to `wg2`, `wg5` (m3 m-3) and `lai` on (time, lat, lon).

    `observed` holds `ssm_observed` (rescaled to the model), `ssm_retrieved` (as the product gives it) and
    `lai_observed` where an experiment carries them. All are on the same cells; times are naive UTC window ends, and
    those common to all experiments.
    """

    series: dict[str, xr.Dataset]
    observed: xr.Dataset
    input_origin: str

    @property
    def analyses(self) -> list[str]:
        return [name for name in self.series if name != OPEN_LOOP]

    @property
    def open_loop(self) -> xr.Dataset:
        return self.series[OPEN_LOOP]


def gather_experiments(datasets: Mapping[str, xr.Dataset], input_origin: str) -> Experiments:
    """Experiments from `analysis` rows (`wg` on depth) or published layers (`ssm`, `rzsm_wg5`), `_ol` beside each.

    The open loop is the first dataset's: all experiments share it. `input_origin` says what weather and observations
    they were made from. Raises InputError when a field is missing, cells differ or no time is common.
    """
    if not datasets:
        raise InputError("evaluation: expected at least one experiment")
    first = next(iter(datasets.values()))
    times = first.indexes["time"]
    for name, dataset in datasets.items():
        times = times.intersection(dataset.indexes["time"])
        for axis in ("lat", "lon"):
            if dataset.sizes[axis] != first.sizes[axis] or not np.allclose(dataset[axis], first[axis], atol=1e-6):
                raise InputError(f"evaluation: {name} is on other cells than the first experiment ({axis})")
    if not len(times):
        raise InputError("evaluation: the experiments have no time in common")
    if not times.is_monotonic_increasing or not times.is_unique:
        raise InputError("evaluation: expected ascending times without duplicates")
    series = {OPEN_LOOP: _fields(first, "_ol").sel(time=times)}
    series |= {name: _fields(dataset, "").sel(time=times) for name, dataset in datasets.items()}
    observed = xr.Dataset()
    for name in ("ssm_observed", "ssm_retrieved", "lai_observed"):
        source = next((dataset for dataset in datasets.values() if name in dataset), None)
        if source is not None:
            observed[name] = source[name].sel(time=times)
    return Experiments(series, observed.load(), input_origin)


def _fields(dataset: xr.Dataset, suffix: str) -> xr.Dataset:
    fields = {}
    for name, (depth, published) in _LAYERS.items():
        if f"wg{suffix}" in dataset:
            fields[name] = dataset[f"wg{suffix}"].sel(depth=depth, method="nearest", tolerance=1e-3).drop_vars("depth")
        elif published + suffix in dataset:
            fields[name] = dataset[published + suffix]
        else:
            raise InputError(f"evaluation: expected wg{suffix} or {published}{suffix} in the experiment's store")
    if f"lai{suffix}" not in dataset:
        raise InputError(f"evaluation: expected lai{suffix} in the experiment's store")
    fields["lai"] = dataset[f"lai{suffix}"]
    return xr.Dataset(
        {name: field.drop_attrs().reset_coords(drop=True) for name, field in fields.items()}
    ).astype(np.float64).load()  # fmt: skip
