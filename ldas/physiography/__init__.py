"""Static maps of a domain: land cover to patches, texture, terrain and masks on the model grid.

`build` makes the dataset that `ldas init` commits, `to_parameters` turns it into the model's parameters.
"""

from ldas.physiography.build import build
from ldas.physiography.parameters import to_parameters

__all__ = ["build", "to_parameters"]
