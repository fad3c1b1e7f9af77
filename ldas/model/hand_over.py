"""Small kernels between the processes of a step: what one process hands to the next."""

from ldas.model.constants import L_S, L_V, RHO_W
from ldas.model.kernel import kernel
from ldas.model.photosynthesis import deficit_at_leaf
from ldas.model.saturation import saturation_humidity


@kernel
def drive_canopy(weather, t_s, le, r_a, delta, p_snv, deficit, exposed):
    """Fill the saturation deficit at the leaf and the dry, snow-free share of the leaves.

    `t_s`, `le` and `r_a` are those of the step start, the last two from the previous step.
    """
    for i in range(deficit.shape[0]):
        q_sat = saturation_humidity(t_s[i], weather.p_s[i])
        deficit[i] = deficit_at_leaf(q_sat, weather.q_a[i], weather.rho[i], le[i], r_a[i])
        exposed[i] = (1.0 - delta[i]) * (1.0 - p_snv[i])


@kernel
def set_sinks(fluxes, snow, f2, supply, extraction, evaporation, sublimation):
    """Add the water from the snow to `supply` (kg m-2 s-1); fill the sinks of the soil water, m s-1 (§4.12)."""
    for i in range(supply.shape[0]):
        supply[i] += snow.outflow[i]
        extraction[i] = fluxes.le_tr[i] / (RHO_W * L_V * max(f2[i], 1.0e-12))
        evaporation[i] = fluxes.le_g[i] / (RHO_W * L_V)
        sublimation[i] = fluxes.le_gi[i] / (RHO_W * L_S)


@kernel
def add_overflow(overflow, drained, dt, runoff, drainage):
    """Add to `runoff` what the soil could not take (m) and fill `drainage`, both kg m-2 s-1."""
    for i in range(runoff.shape[0]):
        runoff[i] += overflow[i] * RHO_W / dt
        drainage[i] = drained[i] * RHO_W / dt


@kernel
def copy_row(source, target):
    """target = source, (column,)."""
    for i in range(source.shape[0]):
        target[i] = source[i]


@kernel
def copy_rows(source, target, rows):
    """The first `rows` rows of (layer, column) arrays."""
    for j in range(rows):
        for i in range(source.shape[1]):
            target[j, i] = source[j, i]


@kernel
def fill_row(target, value):
    """target = value, (column,)."""
    for i in range(target.shape[0]):
        target[i] = value
