"""Weather from CF or ALMA datasets (Zarr or NetCDF at any fsspec address), in whatever units and steps they state."""

from datetime import datetime

import numpy as np
import pandas as pd
import xarray as xr

from ldas.errors import ForcingUnavailable, InputError
from ldas.forcing.alma_fields import FieldReader, source_names
from ldas.forcing.axes import around, canonical_axes
from ldas.forcing.checks import hours_of
from ldas.forcing.settings import ForcingSettings
from ldas.grid import Grid
from ldas.remote import fingerprints, open_dataset, reading, zarr_objects


class AlmaSource:
    """The `alma` adapter: one store, or one file a day where the address holds `{date:…}`."""

    def __init__(self, settings: ForcingSettings) -> None:
        self._settings = settings

    def read(self, t0: datetime, t1: datetime, grid: Grid) -> xr.Dataset:
        """See `ldas.forcing.source.ForcingSource`; raises InputError for an unknown unit or a broken time axis."""
        hours = hours_of(t0, t1)
        raw = self._records(hours, grid)
        reader = FieldReader(raw, hours, self._settings, self._settings.uri)
        dataset = reader.alma().assign_coords(time=hours.values)
        count = len(hours)
        return dataset.assign(
            source=("time", np.full(count, str(raw.attrs.get("source") or raw.attrs.get("title") or "unnamed"))),
            run_time=("time", np.full(count, np.datetime64("NaT", "ns"))),
            lead_hours=("time", np.full(count, np.nan), {"units": "hours"}),
            fallback=("time", np.zeros(count, dtype=bool)),
        ).assign_attrs(title=str(raw.attrs.get("title", "")), forcing_uri=self._settings.uri)

    def fingerprints(self, t0: datetime, t1: datetime, grid: Grid) -> dict[str, str]:
        """See `ldas.forcing.source.ForcingSource`."""
        given = self._settings
        first, last = self._period(hours_of(t0, t1))
        objects: list[str] = []
        for uri in self._uris(first, last):
            if not uri.rstrip("/").endswith(".zarr"):
                objects.append(uri)
                continue
            try:
                with reading(uri):
                    objects += self._chunks(uri, first, last, grid)
            except FileNotFoundError:
                continue
        return fingerprints(objects, given.endpoint_url, given.patience)

    def _period(self, hours: pd.DatetimeIndex) -> tuple[pd.Timestamp, pd.Timestamp]:
        """First and last record that may be used for the hours."""
        margin = pd.Timedelta(hours=max(self._settings.largest_gap_hours, self._settings.running_mean_hours, 1.0))
        return hours[0] - 2 * margin, hours[-1] + margin

    def _uris(self, first: pd.Timestamp, last: pd.Timestamp) -> list[str]:
        if "{date" not in self._settings.uri:
            return [self._settings.uri]
        days = pd.date_range(first.normalize(), last.normalize(), freq="D")
        return [self._settings.uri.format(date=day) for day in days]

    def _records(self, hours: pd.DatetimeIndex, grid: Grid) -> xr.Dataset:
        """The source's records around the window and the domain, loaded, time at the end of each interval."""
        first, last = self._period(hours)
        uris = self._uris(first, last)
        pieces = []
        for uri in uris:
            try:
                with reading(uri):
                    pieces.append(self._piece(uri, first, last, grid))
            except FileNotFoundError as error:
                if len(uris) == 1:
                    raise ForcingUnavailable(f"forcing: {uri} does not exist") from error
        pieces = [piece for piece in pieces if piece.sizes["time"]]
        if not pieces:
            raise ForcingUnavailable(
                f"forcing: {hours[0]:%Y-%m-%dT%H:%MZ} is missing: no record in {self._settings.uri}"
            )
        records = pieces[0] if len(pieces) == 1 else xr.concat(pieces, dim="time", data_vars="minimal", join="exact")
        _check_times(records["time"], self._settings.uri)
        return records

    def _piece(self, uri: str, first: pd.Timestamp, last: pd.Timestamp, grid: Grid) -> xr.Dataset:
        """The records of one store from `first` to `last` around the domain, loaded."""
        with open_dataset(uri, self._settings.endpoint_url, self._settings.patience) as dataset:
            return self._cut(dataset, uri, first, last, grid).load()

    def _cut(self, dataset: xr.Dataset, uri: str, first: pd.Timestamp, last: pd.Timestamp, grid: Grid) -> xr.Dataset:
        """The weather of a store from `first` to `last` around the domain, nothing read yet but the axes."""
        piece = canonical_axes(dataset, uri)
        _check_times(piece["time"], uri)
        if self._settings.time_label == "start" and piece.sizes["time"] > 1:
            piece = piece.assign_coords(interval_end=piece["time"] + np.median(np.diff(piece["time"].values)))
        wanted = set(source_names(piece, self._settings).values())
        piece = piece.drop_vars([name for name in piece.data_vars if name not in wanted])
        return around(piece.sel(time=slice(first, last)), grid)

    def _chunks(self, uri: str, first: pd.Timestamp, last: pd.Timestamp, grid: Grid) -> list[str]:
        """Addresses of the objects of a Zarr store that hold the weather from `first` to `last` around the domain."""
        with open_dataset(uri, self._settings.endpoint_url, self._settings.patience) as dataset:
            numbered = dataset.assign_coords({f"{dim} index": (dim, np.arange(n)) for dim, n in dataset.sizes.items()})
            piece = self._cut(numbered, uri, first, last, grid)
            indices = {
                str(name): [np.atleast_1d(piece[f"{dim} index"].values) for dim in dataset[name].dims]
                for name in piece.data_vars
            }
        return zarr_objects(uri, indices, self._settings.endpoint_url, self._settings.patience)


def _check_times(time: xr.DataArray, uri: str) -> None:
    if not np.issubdtype(time.dtype, np.datetime64):
        raise InputError(f"{uri}: time: expected dates of the standard calendar, got {time.dtype}")
    steps = np.diff(time.values.astype("datetime64[ns]").astype(np.int64))
    if (steps <= 0).any():
        row = int(np.argmax(steps <= 0)) + 1
        raise InputError(
            f"{uri}: time: expected ascending records without duplicates, got {time.values[row]} after "
            f"{time.values[row - 1]}"
        )
