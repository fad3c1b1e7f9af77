"""Hydraulic and thermal constants of a soil from its texture (energy document §§2.2, 2.3).

Clapp and Hornberger (1978) with the regressions of Noilhan and Lacarrère (1995) and Decharme et al. (2011), or Cosby et
al. (1984); Johansen (1975) and Peters-Lidard et al. (1998). Sand and clay are fractions (0-1) of any shape.
"""

from typing import Literal

import numpy as np

from ldas.model.constants import C_SOLID, RHO_SOLID


def hydraulics(sand: np.ndarray, clay: np.ndarray, function: Literal["CH78", "CO84"]) -> dict[str, np.ndarray]:
    """w_sat, w_fc (at -0.33 bar), w_wilt (m3 m-3), b, psi_sat (m, negative) and k_sat (m s-1)."""
    return _clapp_hornberger(sand, clay) if function == "CH78" else _cosby(sand, clay)


def thermal(sand: np.ndarray, w_sat: np.ndarray) -> dict[str, np.ndarray]:
    """lambda_dry and lambda_solid (W m-1 K-1) and c_solid (J m-3 K-1)."""
    quartz = 0.038 + 0.95 * sand
    other = np.where(quartz > 0.2, 2.0, 3.0)
    dry_density = RHO_SOLID * (1.0 - w_sat)
    return {
        "lambda_solid": 7.7**quartz * other ** (1.0 - quartz),
        "lambda_dry": (0.135 * dry_density + 64.7) / (2700.0 - 0.947 * dry_density),
        "c_solid": np.full_like(w_sat, C_SOLID * RHO_SOLID),
    }


def _clapp_hornberger(sand: np.ndarray, clay: np.ndarray) -> dict[str, np.ndarray]:
    return {
        "w_sat": 0.494305 - 0.108 * sand,
        "w_wilt": 37.1342e-3 * np.sqrt(100.0 * clay),
        "w_fc": 0.2298915119
        - 0.4062575773 * sand
        + 0.0874218705 * clay
        + 0.2942558675 * np.cbrt(sand)
        + 0.0413771051 * np.cbrt(clay),
        "b": 3.501 + 13.7 * clay,
        "psi_sat": -0.01 * 10.0 ** (1.85 - 0.88 * sand),
        "k_sat": 1.0e-6 * 10.0 ** (1.61874 - 5.81989 * clay - 0.0907123 * sand + 5.29268 * clay**2 + 1.20332 * sand**2),
    }


def _cosby(sand: np.ndarray, clay: np.ndarray) -> dict[str, np.ndarray]:
    return {
        "w_sat": 0.505 - 0.142 * sand - 0.037 * clay,
        "w_wilt": 0.15333 - 0.147 * sand + 0.33 * clay - 0.102 * clay**2,
        "w_fc": 0.2016592588
        - 0.5785747196 * sand
        + 0.1113006987 * clay
        + 0.4305771483 * np.cbrt(sand)
        - 0.0080618093 * np.cbrt(clay),
        "b": 3.10 + 15.7 * clay - 0.3 * sand,
        "psi_sat": -0.01 * 10.0 ** (1.54 - 0.95 * sand + 0.63 * (1.0 - sand - clay)),
        "k_sat": 0.0254 / 3600.0 * 10.0 ** (-0.6 + 1.26 * sand - 0.64 * clay),
    }
