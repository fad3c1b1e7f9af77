"""The one place where static maps leave xarray: from the physiography dataset to the model's parameters."""

import numpy as np
import xarray as xr

from ldas.errors import InputError
from ldas.grid import Columns
from ldas.model.derive import EXTRA_NAMES, derive_parameters, vegetated_share_of_cells
from ldas.model.options import ModelOptions
from ldas.model.parameters import Parameters
from ldas.variables import variables


def to_parameters(dataset: xr.Dataset, columns: Columns, options: ModelOptions) -> Parameters:
    """Parameters of the columns from the maps of `ldas.physiography.build`.

    Any further field on (patch, lat, lon), (lat, lon) or (soil_layer, lat, lon) that bears the name of a parameter, or
    of a depth or root constant, overrides the value of the vegetation tables; its missing values do not. Raises
    InputError for a field that is neither a map of the physiography nor a parameter.
    """
    latitude, longitude = np.meshgrid(dataset["lat"].values, dataset["lon"].values, indexing="ij")
    known = set(variables("parameter"))
    overrides = {}
    for name in map(str, dataset.data_vars):
        if name in known:
            continue
        if name not in Parameters.names() and name not in EXTRA_NAMES:
            raise InputError(f"physiography: {name} is neither a map nor a parameter of the model")
        overrides[name] = _gather(dataset[name], columns)
    return derive_parameters(
        columns.patch,
        columns.gather(latitude),
        columns.gather(longitude),
        _gather(dataset["sand"], columns),
        _gather(dataset["clay"], columns),
        options,
        vegetation_type=_gather(dataset["vegtype"], columns) if "vegtype" in dataset else None,
        vegetated_share=vegetated_share_of_cells(columns.cell, columns.patch, columns.fraction),
        overrides=overrides,
    )


def _gather(field: xr.DataArray, columns: Columns) -> np.ndarray:
    if "patch" in field.dims:
        return columns.gather_patch(field.transpose("patch", "lat", "lon").values)
    return columns.gather(field.transpose(..., "lat", "lon").values)
