"""Parameters of a set of columns, as the kernels use them (energy document §2, vegetation document §2)."""

from dataclasses import dataclass, fields

import numpy as np


@dataclass
class Parameters:
    """Constant fields of each column, float64 unless said, shapes (column,) or (14, column).

    Built from texture, depth, patch and vegetation type by `ldas.model.derive.derive_parameters`, any field of which
    can be overridden per patch or per column. Units SI unless said.
    """

    patch: np.ndarray  # int64, 1..12
    latitude: np.ndarray  # degrees north
    longitude: np.ndarray  # degrees east
    # soil grid
    layer_bottom: np.ndarray  # d_j, m, (14, column)
    n_water: np.ndarray  # N, int64, number of hydrological layers
    # hydraulics, (14, column)
    w_sat: np.ndarray
    w_fc: np.ndarray
    w_wilt: np.ndarray
    b: np.ndarray
    psi_sat: np.ndarray  # m, negative
    k_sat: np.ndarray  # m s-1
    # heat, (14, column)
    lambda_dry: np.ndarray  # W m-1 K-1
    lambda_solid: np.ndarray
    c_solid: np.ndarray  # heat capacity of the solids, J m-3 K-1
    root_fraction: np.ndarray  # r_j, (14, column), sums to 1 where there are roots, else 0
    runoff_depth: np.ndarray  # d_o of DT92, m
    # surface
    c_v: np.ndarray  # vegetation thermal coefficient, K m2 J-1
    c_wr: np.ndarray  # interception coefficient, kg m-2
    forest_fraction: np.ndarray  # f_for, share of tree and shrub types
    permanent_snow: np.ndarray  # f_g
    veg_rule: np.ndarray  # int64: 0 bare (veg 0), 1 constant `veg_constant`, 2 crops 1 - exp(-0.6 LAI)
    veg_constant: np.ndarray
    height_rule: np.ndarray  # int64: 0 constant `height_constant`, 1 C3 crop, 2 C4 crop, 3 grass LAI / 6
    height_constant: np.ndarray  # m
    albedo_nir_veg: np.ndarray
    albedo_vis_veg: np.ndarray
    albedo_nir_soil: np.ndarray
    albedo_vis_soil: np.ndarray
    # vegetation
    vegetated: np.ndarray  # bool
    woody: np.ndarray  # bool
    tropical: np.ndarray  # bool, tropical evergreen forest (linear stress)
    c4: np.ndarray  # bool
    drought_avoiding: np.ndarray  # bool, else tolerant
    g_m: np.ndarray  # g_m*, m s-1
    g_c: np.ndarray  # m s-1
    a_max: np.ndarray  # A_m,max, kg CO2 m-2 s-1
    d_max: np.ndarray  # kg kg-1, trees only
    f2_threshold: np.ndarray  # F_c
    epsilon0: np.ndarray  # kg CO2 J-1 PAR
    gamma25: np.ndarray  # Gamma(25 C), ppm
    q10_gamma: np.ndarray
    q10_gm: np.ndarray
    q10_amax: np.ndarray
    t1_gm: np.ndarray  # C
    t2_gm: np.ndarray
    t1_amax: np.ndarray
    t2_amax: np.ndarray
    t0: np.ndarray  # temperature of the reference maximum, C
    f0: np.ndarray  # herb f0 (0.74 for tropical forest; trees compute theirs)
    a_h: np.ndarray
    b_h: np.ndarray
    tau_m: np.ndarray  # leaf life span tau_M, s
    lai_min: np.ndarray
    nitrogen_e: np.ndarray
    nitrogen_f: np.ndarray
    leaf_nitrogen: np.ndarray  # N_a, %
    sigma_top: np.ndarray  # clumping of the upper and lower canopy (multilayer scheme)
    sigma_bottom: np.ndarray
    lai_shade: np.ndarray  # L_sh
    re25: np.ndarray  # kg CO2 m-2 s-1, respiration option PRM
    deciduous_dilution: np.ndarray  # n_d of the nitrogen-dilution option
    sowing_day: np.ndarray  # int64, day of the year from 1 on; 0 = never sown, never harvested
    harvest_day: np.ndarray  # int64, last day of the crop; a season may run over the new year

    @classmethod
    def names(cls) -> tuple[str, ...]:
        return tuple(f.name for f in fields(cls))

    @property
    def columns(self) -> int:
        return self.patch.shape[0]

    def as_dict(self) -> dict[str, np.ndarray]:
        return {name: getattr(self, name) for name in self.names()}

    def select(self, index: np.ndarray) -> "Parameters":
        """The columns of an integer index or boolean mask, as a copy."""
        return Parameters(**{name: np.ascontiguousarray(value[..., index]) for name, value in self.as_dict().items()})
