"""The shape of a published store: its arrays, chunks, coordinates and CF attributes, from the variable table."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import zarr
from zarr.codecs import BloscCodec

from ldas.grid import Grid
from ldas.variables import Variable

TIME_UNITS = "hours since 1970-01-01 00:00:00"
TIME_CHUNK = 4096
COORDINATE_ATTRIBUTES: dict[str, dict[str, Any]] = {
    "time": {
        "standard_name": "time",
        "long_name": "time",
        "axis": "T",
        "units": TIME_UNITS,
        "calendar": "standard",
        "bounds": "time_bnds",
    },
    "lat": {"standard_name": "latitude", "long_name": "latitude", "axis": "Y", "units": "degrees_north"},
    "lon": {"standard_name": "longitude", "long_name": "longitude", "axis": "X", "units": "degrees_east"},
    "depth": {
        "standard_name": "depth",
        "long_name": "depth of the middle of the soil layer",
        "axis": "Z",
        "units": "m",
        "positive": "down",
        "bounds": "depth_bnds",
    },
}
CRS_ATTRIBUTES: dict[str, Any] = {
    "grid_mapping_name": "latitude_longitude",
    "long_name": "WGS 84",
    "semi_major_axis": 6378137.0,
    "inverse_flattening": 298.257223563,
    "longitude_of_prime_meridian": 0.0,
    "crs_wkt": (
        'GEOGCRS["WGS 84",DATUM["World Geodetic System 1984",ELLIPSOID["WGS 84",6378137,298.257223563,'
        'LENGTHUNIT["metre",1]]],PRIMEM["Greenwich",0,ANGLEUNIT["degree",0.0174532925199433]],CS[ellipsoidal,2],'
        'AXIS["geodetic latitude (Lat)",north,ORDER[1],ANGLEUNIT["degree",0.0174532925199433]],'
        'AXIS["geodetic longitude (Lon)",east,ORDER[2],ANGLEUNIT["degree",0.0174532925199433]],ID["EPSG",4326]]'
    ),
}


@dataclass(frozen=True)
class Template:
    """What a growing store is made of; `depth_bounds` (layer, 2) is None for stores without soil layers."""

    rows: dict[str, Variable]
    grid: Grid
    depth_bounds: np.ndarray | None
    tile: int
    steps_per_shard: int
    extra_attributes: dict[str, dict[str, Any]]
    """Attributes of single variables beyond the table's (reference period of an anomaly, ancillary variables)."""

    def create(self, group: zarr.Group) -> None:
        """Make every array, with a time axis of length 0."""
        for name, row in self.rows.items():
            self._create_layer(group, name, row)
        self._create_axis(group, "lat", self.grid.lat)
        self._create_axis(group, "lon", self.grid.lon)
        group.create_array("crs", shape=(), dtype="int32", attributes=CRS_ATTRIBUTES, dimension_names=())[()] = 0
        if self.depth_bounds is not None:
            self._create_axis(group, "depth", self.depth_bounds.mean(axis=1))
            bounds = group.create_array(
                "depth_bnds", shape=self.depth_bounds.shape, dtype="float64", dimension_names=("depth", "bnds")
            )
            bounds[:] = self.depth_bounds
        self._create_along_time(group, "time", (), COORDINATE_ATTRIBUTES["time"], TIME_CHUNK)
        self._create_along_time(group, "time_bnds", (2,), {}, self.steps_per_shard)
        self._create_along_time(
            group,
            "revision",
            (),
            {"long_name": "identifier of the record's content behind this time"},
            self.steps_per_shard,
        )

    def layer_attributes(self, name: str) -> dict[str, Any]:
        row = self.rows[name]
        attributes = row.attributes() | {"grid_mapping": "crs"} | self.extra_attributes.get(name, {})
        return attributes | ({"_FillValue": row.fill} if row.fill is not None else {})

    def _create_layer(self, group: zarr.Group, name: str, row: Variable) -> None:
        lengths = {"lat": self.grid.shape[0], "lon": self.grid.shape[1]}
        if self.depth_bounds is not None:
            lengths["depth"] = len(self.depth_bounds)
        space = tuple(lengths[dimension] for dimension in row.dims[1:])
        tile = tuple(
            size if dimension == "depth" else min(self.tile, size)
            for dimension, size in zip(row.dims[1:], space, strict=True)
        )
        group.create_array(
            name,
            shape=(0, *space),
            # One inner chunk a time step, the index in front: the bytes of published steps never move when a step is
            # added to a shard, so that a reader between two requests still finds them in the new object.
            chunks=(1, *tile),
            shards={"shape": (self.steps_per_shard, *tile), "index_location": "start"},
            dtype=row.dtype,
            fill_value=np.nan if row.fill is None else row.fill,
            compressors=BloscCodec(cname="zstd", clevel=5, shuffle="shuffle"),
            dimension_names=row.dims,
            attributes=self.layer_attributes(name),
        )

    @staticmethod
    def _create_along_time(
        group: zarr.Group, name: str, tail: tuple[int, ...], attributes: dict[str, Any], chunk: int
    ) -> None:
        group.create_array(
            name,
            shape=(0, *tail),
            chunks=(chunk, *tail),
            dtype="int64",
            dimension_names=("time", "bnds")[: 1 + len(tail)],
            attributes=attributes,
        )

    def _create_axis(self, group: zarr.Group, name: str, values: np.ndarray) -> None:
        array = group.create_array(
            name,
            shape=values.shape,
            dtype="float64",
            dimension_names=(name,),
            attributes=COORDINATE_ATTRIBUTES[name],
        )
        array[:] = values
