"""Water stress of plants over the root zone (Noilhan and Planton 1989, Decharme et al. 2011; energy document §4.3)."""

from ldas.model.kernel import kernel
from ldas.model.soil import row_of


@kernel
def stress_roots(grid, soil, root_fraction, wg, f2_layer, f2):
    """Fill `f2_layer` (layer, column) and its sum `f2` (column,) from the liquid water of the N hydrological layers."""
    for i in range(f2.shape[0]):
        f2[i] = 0.0
    for j in range(grid.n_water):
        k = row_of(soil.w_sat, j)
        for i in range(f2.shape[0]):
            wilt = soil.w_wilt[k, i]
            available = (wg[j, i] - wilt) / (soil.w_fc[k, i] - wilt)
            share = root_fraction[j, i] * min(1.0, max(0.0, available))
            f2_layer[j, i] = share
            f2[i] += share
