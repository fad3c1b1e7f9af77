"""Surface fields that follow LAI (vegetation document §9, energy document §2.5)."""

import numpy as np
import pytest

from ldas.model.surface_fields import evolving_factor, surface_fields, surface_parameters, update_surface
from tests.model.vegetation_cases import columns_of

TYPES = ["C3", "C4", "IRR", "GRAS", "TEBD", "TRBE", "NO", "ROCK", "SNOW"]
OVERRIDES = {"albedo_nir_soil": 0.30, "albedo_vis_soil": 0.15}


def fields_of(lai, evolving=False, w_1=0.2):
    parameters = columns_of(TYPES, overrides=OVERRIDES)
    fields = surface_fields(len(TYPES))
    update_surface(
        surface_parameters(parameters),
        np.asarray(lai, dtype=float),
        np.full(len(TYPES), w_1),
        parameters.w_sat[0],
        evolving,
        fields,
    )
    return parameters, fields


def test_vegetation_fraction_height_and_roughness():
    lai = [2.0] * 6 + [0.0] * 3
    _, fields = fields_of(lai)
    crop = 1.0 - np.exp(-1.2)
    np.testing.assert_allclose(fields.veg, [crop, crop, crop, 0.95, 0.95, 1.0, 0, 0, 0], rtol=1e-14)
    height = np.exp(-1.5 / 1.3)
    np.testing.assert_allclose(
        fields.height, [height, height, height, 2.0 / 6.0, 10.0, 30.0, 0.1, 1.0, 0.01], rtol=1e-14
    )
    np.testing.assert_allclose(fields.z0, np.maximum(0.001, 0.13 * fields.height), rtol=1e-14)


def test_tall_crops_are_capped():
    _, fields = fields_of([12.0] * 6 + [0.0] * 3)
    np.testing.assert_array_equal(fields.height[:3], [1.0, 2.5, 2.5])


def test_emissivity_and_albedo():
    parameters, fields = fields_of([1.0] * 6 + [0.0] * 3)
    np.testing.assert_allclose(fields.emissivity[:8], 0.97 * fields.veg[:8] + 0.94 * (1.0 - fields.veg[:8]), rtol=1e-14)
    assert fields.emissivity[8] == pytest.approx(0.99, rel=1e-15)
    green = 0.5 * (parameters.albedo_nir_veg + parameters.albedo_vis_veg)
    np.testing.assert_allclose(fields.albedo, fields.veg * green + (1.0 - fields.veg) * 0.225, rtol=1e-14)


def test_evolving_soil_albedo_follows_the_surface_water():
    assert evolving_factor(0.0, 0.4) == 1.0
    assert evolving_factor(0.4, 0.4) == 0.5
    parameters, fields = fields_of([0.0] * 9, evolving=True, w_1=0.2)
    x = 0.2 / parameters.w_sat[0, 6]
    assert fields.albedo[6] == pytest.approx(0.225 * (0.5 + 0.25 * (1.0 - x) * (2.0 - x)), rel=1e-14)
    np.testing.assert_allclose(fields.albedo_vis_soil, 0.15 * evolving_factor(0.2, parameters.w_sat[0, 0]), rtol=1e-14)
