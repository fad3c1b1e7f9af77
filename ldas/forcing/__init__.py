"""Hourly weather of a window on the model grid: readers of real sources, regridding, checks and cache.

`window_forcing` is the public story; `to_model_forcing` turns its dataset into the model's plain arrays.
"""

from ldas.forcing.model_arrays import interpolation_options, to_model_forcing
from ldas.forcing.window import window_forcing

__all__ = ["interpolation_options", "to_model_forcing", "window_forcing"]
