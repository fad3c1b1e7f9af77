"""Satellite observations: found through STAC, read in their true encodings, brought onto the model grid."""

from ldas.observations.collect import Observations, available, collect
from ldas.observations.granule import GranuleRef

__all__ = ["GranuleRef", "Observations", "available", "collect"]
