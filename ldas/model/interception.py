"""Water on leaves (Deardorff 1978, Manzi and Planton 1994; energy document §§4.4, 4.10)."""

from ldas.model.constants import L_V
from ldas.model.fastmath import power
from ldas.model.kernel import kernel


@kernel
def wet_leaves(wr, veg, lai, c_wr, z0_effective, wr_max, delta):
    """Fill the interception capacity `wr_max` (kg m-2) and the wet fraction of leaves `delta`, both (column,)."""
    for i in range(wr.shape[0]):
        capacity = c_wr[i] * veg[i] * lai[i]
        wet = capacity > 0.0
        x = min(wr[i], capacity)
        ratio = x / (capacity if wet else 1.0)
        low = power(ratio, 2.0 / 3.0) if ratio > 0.0 else 0.0
        c = 1.0 + 2.0 * lai[i]
        divisor = (1.0 - c) * x + c * capacity
        tall = x / (divisor if wet else 1.0)
        weight = min(1.0, max(0.0, 2.0 * z0_effective[i] - 1.0))
        wr_max[i] = capacity
        delta[i] = min(1.0, (1.0 - weight) * low + weight * tall) if wet else 0.0


@kernel
def intercept(rain, p_sn, veg, wr_max, fluxes, dt, wr, ground_water):
    """Update the leaves' water `wr` and fill `ground_water`, the rain and drip that reach the ground, kg m-2 s-1.

    `fluxes` holds LE_v and LE_tr, whose difference evaporates from the leaves. More evaporation than water leaves a
    deficit, which the ground pays.
    """
    for i in range(wr.shape[0]):
        free = (1.0 - p_sn[i]) * rain[i]
        filled = wr[i] + dt * (veg[i] * free - (fluxes.le_v[i] - fluxes.le_tr[i]) / L_V)
        deficit = min(0.0, filled / dt)
        filled = max(0.0, filled)
        drip = max(0.0, (filled - wr_max[i]) / dt)
        wr[i] = min(filled, wr_max[i])
        ground_water[i] = (1.0 - veg[i]) * free + drip + deficit
