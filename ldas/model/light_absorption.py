"""Shares of a light band that leaves and ground absorb: diagnostics of the multilayer scheme (vegetation §5.2).

FAPAR of a step comes with photosynthesis itself; this is for the near infrared and for the ground below. Nothing in the
model depends on it.
"""

from ldas.model.canopy_radiation import (
    LAYER_BASE,
    LAYER_THICKNESS,
    LAYERS,
    MU_MIN,
    UPPER_LAYERS,
    direct_clumping,
    direct_extinction,
    forward_fraction,
    layer_transmission,
    sky_diffuse_fraction,
    soil_reflection,
)
from ldas.model.kernel import kernel


@kernel
def absorb_band(optics, leaf_albedo_root, sw, zenith, cos_zenith, lai, leaves, ground):
    """Fill the shares of a band that `leaves` and `ground` absorb, (column,), 0 at night.

    `optics` are the constants of the band (`canopy_optics`), `leaf_albedo_root` is sqrt(1 - nu).
    """
    for i in range(sw.shape[0]):
        mu = max(cos_zenith[i], MU_MIN)
        f_sky = sky_diffuse_fraction(sw[i], mu)
        direct = direct_extinction(mu, leaf_albedo_root)
        omega_top, omega_bottom = direct_clumping(zenith[i], optics.sigma_top[i], optics.sigma_bottom[i])
        veg, soil = optics.albedo_veg[i], optics.albedo_soil[i]
        tau, f_d = 1.0, min(1.0, f_sky)
        for layer in range(LAYERS - 1, -1, -1):
            upper = UPPER_LAYERS[layer]
            if upper:
                f_d = forward_fraction(LAYER_BASE[layer], omega_top * lai[i], mu, f_sky)
            extinction = direct * (omega_top if upper else omega_bottom)
            diffuse = optics.diffuse_top[i] if upper else optics.diffuse_bottom[i]
            tau *= layer_transmission(LAYER_THICKNESS[layer] * lai[i], f_d, extinction, diffuse)
        reflected = soil_reflection(veg, soil, optics.diffuse_bottom[i], lai[i]) * tau
        lit = sw[i] > 0.0
        leaves[i] = (1.0 - veg) * (1.0 - tau) + reflected if lit else 0.0
        ground[i] = tau * (1.0 - soil * (1.0 - veg * (1.0 - tau))) if lit else 0.0
