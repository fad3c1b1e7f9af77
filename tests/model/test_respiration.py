"""Respiration against the check values of the vegetation document §7, in mg CO2 m-2 s-1."""

import numpy as np
import pytest

from ldas.model.respiration import (
    CO2_PER_DRY_MATTER,
    RespirationFluxes,
    herb_rate,
    respiration_parameters,
    respire,
    soil_respiration,
    topsoil_weights,
    wood_rate,
)
from tests.model.vegetation_cases import columns_of

DT = 300.0


def test_check_values():
    np.testing.assert_allclose(CO2_PER_DRY_MATTER, 1.4666667, atol=0.6e-7)
    assert soil_respiration(3.0, 0.25, 15.0) * 1e6 == pytest.approx(0.16335, abs=0.6e-5)
    assert 0.1 * herb_rate(20.0) * CO2_PER_DRY_MATTER * 1e6 == pytest.approx(0.0120302, abs=0.6e-7)
    # The document prints 0.0144003; its formula, which the reference run of column D follows to 1e-15, gives this:
    assert 0.2 * wood_rate(293.16) * CO2_PER_DRY_MATTER * 1e6 == pytest.approx(0.0144000, abs=0.6e-7)
    assert 0.05 * herb_rate(15.0) * CO2_PER_DRY_MATTER * 1e6 == pytest.approx(0.00425333, abs=0.6e-8)


def run(types, prm=False, tg=288.16, wg=0.25, r_leaf=1e-7):
    parameters = columns_of(types)
    count = parameters.columns
    lai, structural, deep = np.full(count, 3.0), np.full(count, 0.1), np.full(count, 0.05)
    respired = (np.zeros(count), np.zeros(count))
    fluxes = RespirationFluxes(np.zeros(count), np.zeros(count), np.zeros(count))
    respire(
        respiration_parameters(parameters),
        topsoil_weights(parameters),
        np.ascontiguousarray(np.broadcast_to(tg, (14, count)), dtype=float),
        np.full((14, count), wg),
        (lai, structural, deep),
        DT,
        prm,
        np.full(count, r_leaf),
        respired,
        fluxes,
        np.zeros(count),
        np.zeros(count),
    )
    return parameters, respired, fluxes


def test_ecosystem_respiration_sums_soil_leaves_and_structure():
    _, respired, fluxes = run(["C3", "TEBD"])
    np.testing.assert_allclose(fluxes.r_eco, 0.16335e-6 + 1e-7 + fluxes.r_structural, rtol=1e-5)
    np.testing.assert_allclose(respired[0] / DT * CO2_PER_DRY_MATTER, fluxes.r_structural, rtol=1e-14)
    np.testing.assert_allclose(respired[1], 0.05 * herb_rate(15.0) * DT, rtol=1e-12)


def test_prm_limits_moisture_at_field_capacity():
    parameters, _, fluxes = run(["C3", "BONE"], prm=True, wg=0.9, tg=298.16)
    np.testing.assert_allclose(fluxes.r_eco, parameters.re25, rtol=1e-12)
    parameters, _, fluxes = run(["C3", "BONE"], prm=True, wg=0.1, tg=288.16)
    np.testing.assert_allclose(fluxes.r_eco, parameters.re25 * 0.1 / parameters.w_fc[0] * 0.5, rtol=1e-12)


def test_bare_ground_does_not_respire():
    _, _, fluxes = run(["NO"])
    assert fluxes.r_eco[0] == 0.0


def test_means_are_over_the_top_metre():
    """A gradient of 1 K a metre has its 1-m mean at 0.5 m."""
    parameters = columns_of(["C3", "TEBD"])
    weights = topsoil_weights(parameters)
    bottom = parameters.layer_bottom
    middle = bottom - 0.5 * np.diff(bottom, axis=0, prepend=0.0)
    for weight, depth in zip(weights, (1.0, 0.10, 0.40), strict=True):
        np.testing.assert_allclose(weight.sum(axis=0), 1.0, rtol=1e-14)
        np.testing.assert_allclose((weight * middle[: len(weight)]).sum(axis=0), 0.5 * depth, rtol=1e-12)
    shallow = columns_of(["C3"], overrides={"n_water": 5})
    assert topsoil_weights(shallow).metre.shape[0] == 5
