"""The weather of a run as the integrator takes it: records at regular instants on cells (energy document §3.2)."""

from dataclasses import dataclass, fields

import numpy as np

FIELDS = (
    "tair",
    "qair",
    "wind_e",
    "wind_n",
    "psurf",
    "rainf",
    "snowf",
    "sw_direct",
    "sw_diffuse",
    "lwdown",
    "co2air",
)


@dataclass
class Forcing:
    """Records i = 0..n at `start + i * interval`, each of shape (record, cell), float64, and the cell of each column.

    Instantaneous fields hold the value at the record's time; `rainf` and `snowf` hold the mean over the interval that
    ends there. n + 1 records drive n intervals.
    """

    start: np.datetime64
    interval: float  # s
    tair: np.ndarray  # K
    qair: np.ndarray  # kg kg-1
    wind_e: np.ndarray  # m s-1
    wind_n: np.ndarray  # m s-1
    psurf: np.ndarray  # Pa
    rainf: np.ndarray  # kg m-2 s-1
    snowf: np.ndarray  # kg m-2 s-1
    sw_direct: np.ndarray  # W m-2
    sw_diffuse: np.ndarray  # W m-2
    lwdown: np.ndarray  # W m-2
    co2air: np.ndarray  # kg CO2 m-3
    cell: np.ndarray  # int64 (column,), index into the cell axis
    z_t: float = 2.0  # height of temperature and humidity, m
    z_u: float = 10.0  # height of wind, m

    def select(self, columns: np.ndarray) -> "Forcing":
        """The same records for a subset of columns."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return Forcing(**{**values, "cell": self.cell[columns]})
