"""Surface fields that follow LAI: vegetation fraction, height, roughness, emissivity, albedo (vegetation document §9).

Recomputed at every start, after the daily update and after an analysis; the state carries only LAI. The fields of
patches without vegetation are constant.
"""

from typing import NamedTuple

import numpy as np

from ldas.model.constants import EMIS_SNOW, EMIS_SOIL, EMIS_VEG
from ldas.model.fastmath import exp
from ldas.model.kernel import helper, kernel
from ldas.model.parameters import Parameters

VEG_BARE, VEG_CONSTANT, VEG_CROP = 0, 1, 2
HEIGHT_CONSTANT, HEIGHT_C3_CROP, HEIGHT_C4_CROP, HEIGHT_GRASS = 0, 1, 2, 3
ROUGHNESS_PER_HEIGHT, ROUGHNESS_MIN, HEIGHT_MIN = 0.13, 0.001, 0.001
CROP_EXTINCTION = 0.6


class SurfaceParameters(NamedTuple):
    """Constants of the surface fields, float64 (column,) unless said; see `surface_parameters`."""

    veg_rule: np.ndarray  # int64
    veg_constant: np.ndarray
    height_rule: np.ndarray  # int64
    height_constant: np.ndarray  # m
    emissivity_soil: np.ndarray
    albedo_nir_veg: np.ndarray
    albedo_vis_veg: np.ndarray
    albedo_nir_soil: np.ndarray  # what the soil albedo rule gives (dry albedo for EVOL)
    albedo_vis_soil: np.ndarray


class SurfaceFields(NamedTuple):
    """Snow-free surface fields, float64 (column,)."""

    veg: np.ndarray
    height: np.ndarray  # m
    z0: np.ndarray  # m
    emissivity: np.ndarray
    albedo: np.ndarray  # broadband
    albedo_vis_soil: np.ndarray  # in force, for the multilayer canopy


def surface_parameters(parameters: Parameters) -> SurfaceParameters:
    """The constants of `Parameters` that the surface fields use."""
    p = parameters
    return SurfaceParameters(
        veg_rule=p.veg_rule,
        veg_constant=p.veg_constant,
        height_rule=p.height_rule,
        height_constant=p.height_constant,
        emissivity_soil=EMIS_SOIL * (1.0 - p.permanent_snow) + EMIS_SNOW * p.permanent_snow,
        albedo_nir_veg=p.albedo_nir_veg,
        albedo_vis_veg=p.albedo_vis_veg,
        albedo_nir_soil=p.albedo_nir_soil,
        albedo_vis_soil=p.albedo_vis_soil,
    )


def surface_fields(columns: int) -> SurfaceFields:
    """Fields of `columns` columns, to be filled by `update_surface`."""
    return SurfaceFields(*(np.zeros(columns) for _ in SurfaceFields._fields))


@helper
def vegetation_fraction(rule, constant, lai):
    """veg of §9.1: 0 where bare, 1 - exp(-0.6 LAI) for crops, else a constant."""
    crop = 1.0 - exp(-CROP_EXTINCTION * lai)
    return crop if rule == VEG_CROP else (constant if rule == VEG_CONSTANT else 0.0)


@helper
def vegetation_height(rule, constant, lai):
    """Height h of §9.2, m."""
    crop = exp((lai - 3.5) / 1.3)
    c3_crop, c4_crop, grass = min(1.0, crop), min(2.5, crop), lai / 6.0
    height = c3_crop if rule == HEIGHT_C3_CROP else (c4_crop if rule == HEIGHT_C4_CROP else constant)
    return max(HEIGHT_MIN, grass if rule == HEIGHT_GRASS else height)


@helper
def evolving_factor(w_1, w_sat_1):
    """Ratio of the EVOL soil albedo to the dry one, 0.5 + 0.25 (1 - X)(2 - X) (§9.5)."""
    x = min(1.0, w_1 / w_sat_1)
    return 0.5 + 0.25 * (1.0 - x) * (2.0 - x)


@kernel
def update_surface(parameters, lai, w_1, w_sat_1, evolving, fields):
    """Fill `fields` from LAI; with `evolving` (option EVOL) the soil albedo follows the water `w_1` of layer 1.

    With EVOL it must be called in every step, so that the albedo is a function of the state alone.
    """
    for i in range(lai.shape[0]):
        veg = vegetation_fraction(parameters.veg_rule[i], parameters.veg_constant[i], lai[i])
        height = vegetation_height(parameters.height_rule[i], parameters.height_constant[i], lai[i])
        wetness = evolving_factor(w_1[i], w_sat_1[i]) if evolving else 1.0
        nir_soil = parameters.albedo_nir_soil[i] * wetness
        vis_soil = parameters.albedo_vis_soil[i] * wetness
        nir = veg * parameters.albedo_nir_veg[i] + (1.0 - veg) * nir_soil
        vis = veg * parameters.albedo_vis_veg[i] + (1.0 - veg) * vis_soil
        fields.veg[i] = veg
        fields.height[i] = height
        fields.z0[i] = max(ROUGHNESS_MIN, ROUGHNESS_PER_HEIGHT * height)
        fields.emissivity[i] = EMIS_VEG * veg + parameters.emissivity_soil[i] * (1.0 - veg)
        fields.albedo[i] = 0.5 * (nir + vis)
        fields.albedo_vis_soil[i] = vis_soil
