"""Fractions of ground and vegetation under snow (Decharme et al. 2016; energy document §4.1)."""

from typing import NamedTuple

import numpy as np

from ldas.model.kernel import kernel

DENSITY_MIN, DENSITY_MAX = 50.0, 750.0
FULL_COVER_DEPTH = 0.01  # m


class SnowCover(NamedTuple):
    """Snow fractions in force during a step, and the pack they come from, float64 (column,)."""

    p_sn: np.ndarray
    p_sng: np.ndarray
    p_snv: np.ndarray
    swe: np.ndarray  # W, kg m-2
    depth: np.ndarray  # D, m


@kernel
def cover_with_snow(snow_swe, snow_density, veg, z0, cover):
    """Fill `cover` from the pack (layer, column) and the snow-free veg and z0; True when any column has snow."""
    any_snow = 0
    for i in range(veg.shape[0]):
        cover.swe[i] = 0.0
        cover.depth[i] = 0.0
        cover.p_sn[i] = 0.0
        cover.p_sng[i] = 0.0
        cover.p_snv[i] = 0.0
        any_snow |= snow_swe[0, i] > 0.0
    if any_snow:
        for k in range(snow_swe.shape[0]):
            for i in range(veg.shape[0]):
                cover.swe[i] += snow_swe[k, i]
                cover.depth[i] += snow_swe[k, i] / snow_density[k, i]
        for i in range(veg.shape[0]):
            swe, depth = cover.swe[i], cover.depth[i]
            density = min(DENSITY_MAX, max(DENSITY_MIN, swe / max(1.0e-6, depth)))
            ground = min(1.0, depth / FULL_COVER_DEPTH)
            vegetation = min(ground, swe / (swe + 5.0 * density * z0[i]))
            cover.p_sng[i] = ground
            cover.p_snv[i] = vegetation
            cover.p_sn[i] = (1.0 - veg[i]) * ground + veg[i] * vegetation
    return any_snow != 0
