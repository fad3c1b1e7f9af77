"""The one place where the weather leaves xarray: from a window's dataset to the model's plain arrays."""

from typing import Any

import numpy as np
import xarray as xr

from ldas.errors import ForcingUnavailable, InputError
from ldas.grid import Columns
from ldas.model.forcing import Forcing

_FIELDS = {
    "tair": "Tair",
    "qair": "Qair",
    "wind_e": "Wind_E",
    "wind_n": "Wind_N",
    "psurf": "PSurf",
    "rainf": "Rainf",
    "snowf": "Snowf",
    "sw_direct": "SWdown",
    "lwdown": "LWdown",
    "co2air": "CO2air",
}


def to_model_forcing(dataset: xr.Dataset, columns: Columns) -> Forcing:
    """The records of `window_forcing` on the cells that have columns, as float64 arrays (record, cell).

    All shortwave goes to `sw_direct`: the model uses the sum of direct and diffuse only. Raises ForcingUnavailable
    when a cell with columns has no forcing.
    """
    if dataset["Tair"].shape[1:] != columns.shape:
        raise InputError(
            f"forcing: expected maps of shape {columns.shape} as the columns have, got {dataset['Tair'].shape[1:]}"
        )
    cells, cell_of_column = np.unique(columns.cell, return_inverse=True)
    outside = ~dataset["forcing_mask"].values.reshape(-1)[cells]
    if outside.any():
        row, col = divmod(int(cells[outside][0]), columns.shape[1])
        raise ForcingUnavailable(
            f"forcing: {int(outside.sum())} cells with land have no weather, the first at "
            f"{float(dataset.lat[row]):.4f} N, {float(dataset.lon[col]):.4f} E"
        )

    def cell_records(name: str) -> np.ndarray:
        values = np.asarray(dataset[name].values, dtype=np.float64)
        return np.ascontiguousarray(values.reshape(values.shape[0], -1)[:, cells])

    arrays: dict[str, Any] = {field: cell_records(name) for field, name in _FIELDS.items()}
    times = dataset["time"].values.astype("datetime64[ns]")
    return Forcing(
        start=times[0],
        interval=float((times[1] - times[0]) / np.timedelta64(1, "s")),
        sw_diffuse=np.zeros_like(arrays["sw_direct"]),
        cell=cell_of_column.astype(np.int64),
        z_t=float(dataset["z_t"]),
        z_u=float(dataset["z_u"]),
        **arrays,
    )


def interpolation_options(dataset: xr.Dataset) -> dict[str, Any]:
    """Fields of `ModelOptions` that fit the cell methods of this weather (energy document §3.2).

    A shortwave mean over the hour is spread with the sun's height, an instantaneous one runs linearly; a longwave mean
    is held over its hour.
    """
    is_mean = {name: "mean" in dataset[name].attrs["cell_methods"] for name in ("SWdown", "LWdown")}
    return {
        "shortwave_interpolation": "zenith" if is_mean["SWdown"] else "linear",
        "constant_forcing": ("LWdown",) if is_mean["LWdown"] else (),
    }
