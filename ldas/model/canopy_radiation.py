"""Light in the canopy: the 3-point simple scheme and the ten-layer transfer (vegetation document §§5.1, 5.2).

Roujean (1996) with the quadrature of Goudriaan (1986); Carrer et al. (2013) with the clumping of the sunlit and shaded
crowns and the sky diffuse fraction of Erbs et al. (1982). Scalar functions only: `photosynthesis` loops.
"""

from typing import NamedTuple

import numpy as np

from ldas.model.constants import SOLAR_CONSTANT
from ldas.model.fastmath import exp, power
from ldas.model.kernel import helper
from ldas.model.parameters import Parameters

_GAUSS_X, _GAUSS_W = np.polynomial.legendre.leggauss(3)
GAUSS_DEPTH = tuple(float(x) for x in 0.5 * (1.0 - _GAUSS_X))  # share of the LAI above each node
GAUSS_WEIGHT = tuple(float(w) for w in 0.5 * _GAUSS_W)
LEAF_SCATTERING_FACTOR = 0.9442719  # h of the simple scheme
DIFFUSE_FACTOR, LEAF_ANGLE = 0.25, 0.5

# Layers of the multilayer scheme: the 10-point Gauss-Legendre nodes on [0, 1], the lowest moved to 0, and the top 1.
_LAYER_X = 0.5 * (1.0 + np.polynomial.legendre.leggauss(10)[0])
LAYER_BASE = (0.0, *(float(x) for x in _LAYER_X[1:]))
LAYER_TOP = (*LAYER_BASE[1:], 1.0)
LAYER_THICKNESS = tuple(top - base for base, top in zip(LAYER_BASE, LAYER_TOP, strict=True))
LAYERS = len(LAYER_BASE)
UPPER_LAYERS = tuple(base > 0.8 for base in LAYER_BASE)

LEAF_ALBEDO_PAR, LEAF_ALBEDO_NIR = 0.15, 0.80
MU_MIN = 0.01
LOW_SUN = float(np.arccos(MU_MIN))
CROWN_TOP, CROWN_BOTTOM = 3.8 - 0.461 * 2.0, 3.8 - 0.461 * 7.0
LAI_TINY = 1.0e-4


class CanopyOptics(NamedTuple):
    """Constants of the multilayer scheme in the PAR band, float64 (column,); see `canopy_optics`."""

    sigma_top: np.ndarray  # clumping parameter of the upper canopy
    sigma_bottom: np.ndarray
    diffuse_top: np.ndarray  # psi_df Omega_df of the upper canopy
    diffuse_bottom: np.ndarray
    lai_shade: np.ndarray  # L_sh, LAI from which sunlit and shaded leaves are told apart
    albedo_veg: np.ndarray
    albedo_soil: np.ndarray


def diffuse_extinction(leaf_albedo: float) -> float:
    """psi_df = 1 - (1 - s) / (1 + s), s = sqrt(1 - nu): 0.9593926 for PAR, 0.6180340 for NIR."""
    s = np.sqrt(1.0 - leaf_albedo)
    return float(1.0 - (1.0 - s) / (1.0 + s))


def canopy_optics(
    parameters: Parameters, albedo_veg: np.ndarray, albedo_soil: np.ndarray, leaf_albedo: float = LEAF_ALBEDO_PAR
) -> CanopyOptics:
    """The constants of a band of leaf albedo `leaf_albedo`, with its vegetation and soil albedos (column,)."""
    psi = diffuse_extinction(leaf_albedo)
    top, bottom = parameters.sigma_top, parameters.sigma_bottom
    return CanopyOptics(
        sigma_top=top,
        sigma_bottom=bottom,
        diffuse_top=psi * (1.0 + 0.5 * top) / (1.0 + top),
        diffuse_bottom=psi * (1.0 + 0.5 * bottom) / (1.0 + bottom),
        lai_shade=parameters.lai_shade,
        albedo_veg=albedo_veg,
        albedo_soil=albedo_soil,
    )


@helper
def gauss_light(top, mu, lai_above):
    """PAR at the depth `lai_above` of the simple scheme, W m-2, under `top` W m-2 and sun cosine `mu` (§5.1)."""
    diffuse = DIFFUSE_FACTOR / (DIFFUSE_FACTOR + mu)
    depth = LEAF_SCATTERING_FACTOR * lai_above
    return top * (diffuse * exp(-0.8 * depth) + (1.0 - diffuse) * exp(-LEAF_ANGLE * depth / mu))


@helper
def sky_diffuse_fraction(sw, mu):
    """F_sky, the diffuse share of the incoming light (Erbs et al. 1982, modified); 0 at night (§5.2)."""
    k = sw / (SOLAR_CONSTANT * mu)
    t = 0.9048374180359595  # exp(-0.1)
    cloudy = 1.0 - 0.09 * k
    broken = 0.9511 + k * (-0.1604 + k * (4.388 + k * (-16.64 + k * 12.34)))
    clear = (1.0 - t) / (1.0 - (1.0 - mu) * t)
    fraction = cloudy if k < 0.22 else (broken if k < 0.8 else clear)
    return fraction if sw > 0.0 else 0.0


@helper
def direct_extinction(mu, leaf_albedo_root):
    """psi_dr / (2 mu), with s = sqrt(1 - nu) as `leaf_albedo_root`."""
    return 0.5 * (1.0 - (1.0 - leaf_albedo_root) / (1.0 + 2.0 * mu * leaf_albedo_root)) / mu


@helper
def direct_clumping(zenith, sigma_top, sigma_bottom):
    """(Omega_dr of the upper canopy, of the lower canopy) at the zenith angle, at most arccos(0.01)."""
    angle = max(min(zenith, LOW_SUN), 1.0e-9)
    z_top = exp(-2.0 * power(angle, CROWN_TOP))
    z_bottom = exp(-power(angle, CROWN_BOTTOM))
    return 1.0 / (1.0 + sigma_top * z_top), 1.0 / (1.0 + sigma_bottom * z_bottom)


@helper
def forward_fraction(base, clumped_lai, mu, f_sky):
    """F_d at an upper layer whose base is at the relative height `base`: diffuse and scattered share of the light."""
    e = exp(-(1.0 - base) * clumped_lai)
    return min(1.0, (1.0 - e) / (1.0 - (1.0 - mu) * e) + f_sky)


@helper
def layer_transmission(lai_layer, f_d, direct, diffuse):
    """Transmission of a layer of `lai_layer`, with its direct and diffuse extinctions."""
    return (1.0 - f_d) * exp(-direct * lai_layer) + f_d * exp(-diffuse * lai_layer)


@helper
def soil_reflection(albedo_veg, albedo_soil, diffuse_bottom, lai):
    """Share of the light reaching the ground that the leaves absorb after reflection there (lowest layer)."""
    return (1.0 - albedo_veg) * (1.0 - albedo_veg) * albedo_soil * (1.0 - exp(-diffuse_bottom * lai))


@helper
def leaf_light(absorbed, thickness, lai, lai_shade, f_above, tau):
    """(PAR of sunlit leaves, of shaded leaves, sunlit share) of a layer, W m-2 of leaf.

    `f_above` is F_d above the layer, `tau` the transmission below it. Sparse canopies have sunlit leaves only.
    """
    light = absorbed / (thickness * max(LAI_TINY, lai))
    beam = light * ((1.0 - f_above) / max(tau, 1.0e-30) + f_above)
    apart = lai >= lai_shade
    return (beam if apart else light), light * f_above, (tau if apart else 1.0)
