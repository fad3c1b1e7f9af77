"""The first commit of a domain: static maps, columns, parameters and a cold start."""

import numpy as np

from ldas.config import Profile
from ldas.errors import InputError
from ldas.grid import Columns
from ldas.model.cold_start import cold_start
from ldas.physiography import build, to_parameters
from ldas.record import Domain, Record, state_configuration


def initialise(profile: Profile) -> Record:
    """Make the record of a profile; raises RecordError when there is one already, InputError for unusable maps."""
    domain = make_domain(profile)
    state = cold_start(domain.parameters, profile.model)
    state.check(domain.parameters.w_sat, domain.parameters.n_water)
    return Record.create(profile.record, domain, profile.window.first(), state, state_configuration(profile))


def make_domain(profile: Profile) -> Domain:
    """Grid, maps, columns and parameters from the profile's physiography."""
    grid = profile.domain.grid()
    maps = build(profile.physiography, grid)
    columns = Columns.from_fractions(np.asarray(maps["patch_fraction"].transpose("patch", "lat", "lon").values))
    if len(columns) == 0:
        raise InputError(f"physiography: {profile.domain.name} has no cell with a natural part")
    return Domain(grid, maps, columns, to_parameters(maps, columns, profile.model))
