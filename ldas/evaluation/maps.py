"""Maps between experiments and years, as Figures 8 to 13 of the reference paper (evaluation document §5.4)."""

import numpy as np
import xarray as xr

from ldas.evaluation.experiments import OPEN_LOOP, Experiments
from ldas.evaluation.scores import correlation, map_scores

MINIMUM_PAIRS = 30


def years_with(experiments: Experiments, month: int) -> list[int]:
    """Years in which the month has at least 20 times, ascending."""
    time = experiments.open_loop["time"].dt
    years, counts = np.unique(time.year.values[time.month.values == month], return_counts=True)
    return [int(year) for year, count in zip(years, counts, strict=True) if count >= 20]


def month_mean(field: xr.DataArray, year: int, month: int) -> xr.DataArray:
    """Mean of a month, (lat, lon); NaN where the cell has no land."""
    chosen = (field["time"].dt.year == year) & (field["time"].dt.month == month)
    return field.isel(time=chosen.values).mean("time")


def month_changes(experiments: Experiments, first: int, second: int, month: int) -> xr.Dataset:
    """Figures 8 to 10 for `wg5` and `lai`.

    `change_<field>_<experiment>`: the month's mean of the second year minus that of the first; and
    `evolution_<field>_<experiment>`: the change of analysis minus open loop between the years.
    """
    maps = xr.Dataset(attrs={"first_year": first, "second_year": second, "month": month})
    for field in ("wg5", "lai"):
        change = {
            name: month_mean(dataset[field], second, month) - month_mean(dataset[field], first, month)
            for name, dataset in experiments.series.items()
        }
        for name, values in change.items():
            maps[f"change_{field}_{name}"] = values
            if name != OPEN_LOOP:
                maps[f"evolution_{field}_{name}"] = values - change[OPEN_LOOP]
    return maps


def relation(maps: xr.Dataset, experiment: str) -> float:
    """Figure 11: R over cells between the evolutions of LAI and of WG5."""
    lai, wg5 = (maps[f"evolution_{field}_{experiment}"].values.ravel() for field in ("lai", "wg5"))
    present = np.isfinite(lai) & np.isfinite(wg5)
    return correlation(lai[present], wg5[present]) if present.sum() >= MINIMUM_PAIRS else float("nan")


def observation_agreement(experiments: Experiments, observation: str = "ssm_observed") -> xr.Dataset:
    """Figures 12 and 13: R and ubRMSD of the observed SSM against WG2 at its times, and their change by each analysis.

    `observation` is `ssm_observed`, rescaled to the model, or `ssm_retrieved`, as the product gives it.

    `r_OL`, `ubrmsd_OL`, then `r_<experiment>` and `ubrmsd_<experiment>` as analysis minus open loop; `n` pairs; NaN
    below 30 pairs. An analysis compared with the observations it used is a test of consistency, not a validation.
    """
    observed = experiments.observed[observation]
    plane = ("lat", "lon")
    found = {
        name: map_scores(observed.values, dataset["wg2"].values, MINIMUM_PAIRS)
        for name, dataset in experiments.series.items()
    }
    r_ol, ubrmsd_ol, n = found[OPEN_LOOP]
    maps = xr.Dataset(coords={axis: observed[axis] for axis in plane})
    maps = maps.assign(r_OL=(plane, r_ol), ubrmsd_OL=(plane, ubrmsd_ol), n=(plane, n))
    for name in experiments.analyses:
        maps[f"r_{name}"] = (plane, found[name][0] - r_ol)
        maps[f"ubrmsd_{name}"] = (plane, found[name][1] - ubrmsd_ol)
    return maps
