"""Guards between any source and the model: a window is whole, finite and in range, or it is refused."""

from datetime import datetime

import numpy as np
import pandas as pd
import xarray as xr

from ldas.errors import ForcingUnavailable, InputError
from ldas.forcing.source import REQUIRED
from ldas.variables import variables

FIELDS = (*REQUIRED, "LWdown", "CO2air")


def hours_of(t0: datetime, t1: datetime) -> pd.DatetimeIndex:
    """The hourly instants t0 … t1 as naive UTC times."""
    start, end = (pd.Timestamp(t).tz_convert("UTC").tz_localize(None) for t in (t0, t1))
    return pd.date_range(start, end, freq="h", unit="ns")


def check_hours(dataset: xr.Dataset, t0: datetime, t1: datetime) -> None:
    """Raise ForcingUnavailable for an hour that a source lacks, wholly or in one of its fields."""
    hours = hours_of(t0, t1)
    missing = hours.difference(pd.DatetimeIndex(dataset["time"].values))
    if len(missing):
        raise ForcingUnavailable(f"forcing: {missing[0]:%Y-%m-%dT%H:%MZ} is missing ({len(missing)} hours in all)")
    present = [name for name in FIELDS if name in dataset]
    for name in dict.fromkeys((*REQUIRED, *present)):
        if name not in dataset:
            raise ForcingUnavailable(f"forcing: {name} is missing at {hours[0]:%Y-%m-%dT%H:%MZ} and all later hours")
        empty = np.isnan(dataset[name].values).all(axis=(1, 2))
        if empty.any():
            raise ForcingUnavailable(
                f"forcing: {name} is missing at {hours[int(np.argmax(empty))]:%Y-%m-%dT%H:%MZ} "
                f"({int(empty.sum())} hours in all)"
            )


def check_window(dataset: xr.Dataset, t0: datetime, t1: datetime) -> None:
    """Raise ForcingUnavailable for a gap in an unmasked cell, InputError for a value out of its valid range."""
    hours = hours_of(t0, t1)
    table = variables("forcing")
    mask = dataset["forcing_mask"].values
    for name in FIELDS:
        values = dataset[name].values[:, mask]
        gaps = np.isnan(values)
        if gaps.any():
            hour = hours[int(np.argmax(gaps.any(axis=1)))]
            raise ForcingUnavailable(
                f"forcing: {name} is missing at {hour:%Y-%m-%dT%H:%MZ} in {gaps.any(axis=0).sum()} cells"
            )
        low, high = table[name].valid_range or (-np.inf, np.inf)
        wrong = (values < low) | (values > high)
        if wrong.any():
            record, cell = np.argwhere(wrong)[0]
            raise InputError(
                f"forcing: {name} is {values[record, cell]:.6g} at {hours[record]:%Y-%m-%dT%H:%MZ}, expected {low:g} "
                f"to {high:g} {table[name].units} ({int(wrong.sum())} values out of range)"
            )
