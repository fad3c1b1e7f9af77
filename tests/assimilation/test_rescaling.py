"""Seasonal rescaling: what the fit returns, its fall-backs, versions, interpolation and drift."""

import numpy as np
import pytest

from ldas.assimilation.moments import PairMoments
from ldas.assimilation.quality_control import Flag
from ldas.assimilation.rescaling import Method, RescaledSsm, RescalingParameters, drift, fit, rescale, to_volumetric
from ldas.assimilation.settings import RescalingSettings
from ldas.errors import InputError

SETTINGS = RescalingSettings()
CELLS = 3
IDENTITY = "model 1, soil 1, retrieval 1"


def season_of_truth(dekad: int) -> np.ndarray:
    """Model mean per cell: a seasonal cycle."""
    return 0.22 + 0.06 * np.cos(2 * np.pi * dekad / 36) + np.array([0.0, 0.02, 0.04])


def train(years: range, per_dekad: int, cells: tuple[int, ...] = (0, 1, 2), dekads: range = range(36)) -> PairMoments:
    """Pairs with SSM_o = 0.05 + 0.6 SSM_m (so the fit must find a = -1/12, b = 1/0.6) in the given cells only."""
    random = np.random.default_rng(1)
    moments = PairMoments.empty(CELLS)
    for year in years:
        for dekad in dekads:
            for _ in range(per_dekad):
                modelled = season_of_truth(dekad) + random.normal(0.0, 0.03, CELLS)
                observed = np.where(np.isin(np.arange(CELLS), cells), 0.05 + 0.6 * modelled, np.nan)
                moments = moments.add(dekad, year, observed, modelled)
    return moments


def make(moments: PairMoments, cell_class: tuple[int, int, int] = (1, 1, 1)) -> RescalingParameters:
    return fit(
        moments,
        SETTINGS,
        version="2",
        identity=IDENTITY,
        lat=np.array([44.0, 44.01, 44.02]),
        lon=np.full(CELLS, 4.0),
        cell_class=np.array(cell_class),
        w_wilt=np.full(CELLS, 0.17),
        w_fc=np.full(CELLS, 0.33),
    )


def apply(
    parameters: RescalingParameters, ssm: float = 0.2, day: float = 40.0, identity: str = IDENTITY
) -> RescaledSsm:
    return rescale(parameters, np.full(CELLS, ssm), np.full(CELLS, 0.04), day, identity, SETTINGS)


def test_a_linear_relation_is_found_in_every_dekad() -> None:
    parameters = make(train(range(2017, 2019), 2))
    assert (
        (parameters.method == Method.OWN_SEASON).all() and (parameters.n == 36).all() and (parameters.years == 2).all()
    )
    np.testing.assert_allclose(parameters.slope, 1 / 0.6, rtol=1e-12)
    np.testing.assert_allclose(parameters.intercept, -0.05 / 0.6, rtol=1e-10)
    result = apply(parameters)
    np.testing.assert_allclose(result.value, 0.15 / 0.6, rtol=1e-12)
    np.testing.assert_allclose(result.deviation, 0.04 / 0.6, rtol=1e-12)
    assert not result.flags.any() and (result.inflation == 1.0).all()


def test_rescaled_pairs_have_the_moments_of_the_model() -> None:
    moments = train(range(2017, 2019), 2)
    parameters = make(moments)
    slope, intercept = parameters.slope, parameters.intercept
    np.testing.assert_allclose(intercept + slope * parameters.mean_observed, parameters.mean_modelled, rtol=1e-12)
    np.testing.assert_allclose(slope * parameters.deviation_observed, parameters.deviation_modelled, rtol=1e-12)


def test_one_year_falls_back_to_all_seasons_with_larger_errors() -> None:
    parameters = make(train(range(2017, 2018), 3))
    assert (parameters.method == Method.OWN_YEAR).all()
    np.testing.assert_array_equal(apply(parameters).inflation, 1.5)
    assert not apply(parameters).flags.any()


def test_a_cell_without_history_takes_its_neighbours_of_the_same_class() -> None:
    moments = train(range(2017, 2019), 2, cells=(0, 1))
    parameters = make(moments)
    assert (parameters.method[:, 2] == Method.NEIGHBOURS).all() and (
        parameters.method[:, :2] == Method.OWN_SEASON
    ).all()
    assert (parameters.n[:, 2] == 72).all()
    np.testing.assert_allclose(parameters.slope[:, 2], 1 / 0.6, rtol=1e-12)
    np.testing.assert_array_equal(apply(parameters).inflation, [1.0, 1.0, 1.5])
    other_class = make(moments, (1, 1, 2))
    assert (other_class.method[:, 2] == Method.NONE).all()
    result = apply(other_class)
    assert result.flags[2] == Flag.NO_RESCALING and np.isnan(result.value[2]) and not result.flags[:2].any()


def test_range_matching_is_monitored_and_not_assimilated() -> None:
    parameters = make(train(range(2017, 2018), 1, dekads=range(0, 36, 6)))
    assert (parameters.method == Method.RANGE).all()
    result = apply(parameters)
    assert np.isfinite(result.value).all() and (result.flags == Flag.NO_RESCALING).all()
    low = parameters.mean_observed - 1.6448536 * parameters.deviation_observed
    np.testing.assert_allclose(parameters.intercept + parameters.slope * low, 0.17, rtol=1e-6)


def test_before_the_first_fit_nothing_is_rescaled() -> None:
    result = apply(RescalingParameters.none(CELLS, IDENTITY))
    assert np.isnan(result.value).all() and (result.flags == Flag.NO_RESCALING).all()
    assert (make(PairMoments.empty(CELLS)).method == Method.NONE).all()


def test_parameters_of_another_version_of_the_system_are_refused_and_flagged() -> None:
    result = apply(make(train(range(2017, 2019), 2)), identity="model 2")
    assert np.isnan(result.value).all() and (result.flags == Flag.RESCALING_VERSION).all()


def test_missing_observations_are_not_flagged_by_rescaling() -> None:
    result = apply(RescalingParameters.none(CELLS, IDENTITY), ssm=np.nan)
    assert np.isnan(result.value).all() and not result.flags.any()


def test_constant_observations_cannot_be_rescaled() -> None:
    moments = PairMoments.empty(CELLS)
    random = np.random.default_rng(0)
    for year in (2017, 2018):
        for dekad in range(36):
            moments = moments.add(dekad, year, np.full(CELLS, 0.2), random.normal(0.2, 0.03, CELLS))
    assert (make(moments).method == Method.NONE).all()


def test_slopes_beyond_their_limits_are_not_taken() -> None:
    moments = PairMoments.empty(CELLS)
    random = np.random.default_rng(0)
    for year in (2017, 2018):
        for dekad in range(36):
            modelled = random.normal(0.2, 0.03, CELLS)
            moments = moments.add(dekad, year, 0.2 + 8.0 * (modelled - 0.2), modelled)
    assert (make(moments).method >= Method.RANGE).all()


def test_parameters_are_linear_between_dekad_centres_and_circular() -> None:
    table = RescalingParameters.none(CELLS, IDENTITY)
    table.method[:] = Method.OWN_SEASON
    table.slope[:] = 1.0
    table.intercept[:] = np.arange(36.0)[:, None]
    length = 365.25 / 36
    centre = 1.0 + 10.5 * length
    np.testing.assert_allclose(apply(table, 0.0, centre).value, 10.0, atol=1e-12)
    np.testing.assert_allclose(apply(table, 0.0, centre + 0.25 * length).value, 10.25, atol=1e-12)
    np.testing.assert_allclose(apply(table, 0.0, 1.0).value, 0.5 * (0 + 35), atol=1e-12)
    np.testing.assert_allclose(apply(table, 0.0, 366.25).value, 0.5 * (0 + 35), atol=1e-12)


def test_a_dekad_without_parameters_leaves_its_neighbour_alone() -> None:
    table = RescalingParameters.none(CELLS, IDENTITY)
    table.method[10], table.slope[10], table.intercept[10] = Method.OWN_SEASON, 1.0, 0.1
    centre = 1.0 + 10.5 * 365.25 / 36
    for day in (centre - 3.0, centre, centre + 3.0):
        np.testing.assert_allclose(apply(table, 0.2, day).value, 0.3, rtol=1e-12)
    assert (apply(table, 0.2, centre + 12.0).flags == Flag.NO_RESCALING).all()


def test_per_cent_of_saturation_and_volumetric_input_rescale_alike() -> None:
    w_sat = np.array([0.40, 0.45, 0.50])
    np.testing.assert_allclose(to_volumetric(np.array([50.0, 40.0, 30.0]), "%", w_sat), [0.20, 0.18, 0.15], rtol=1e-14)
    np.testing.assert_array_equal(to_volumetric(np.array([0.2]), "m3 m-3", w_sat[:1]), [0.2])
    with pytest.raises(InputError, match="kg m-2"):
        to_volumetric(np.array([0.2]), "kg m-2", w_sat[:1])


def test_drift_looks_at_the_last_ninety_days() -> None:
    number = np.full((200, 3), 10.0)
    number[:, 2] = 0.0
    difference = np.zeros((200, 3))
    difference[:100] = 10.0
    difference[-90:, 1] = 10.0 * 0.021
    mean, alarm = drift(difference, number, SETTINGS)
    np.testing.assert_allclose(mean, [0.0, 0.021, np.nan], rtol=1e-12)
    np.testing.assert_array_equal(alarm, [False, True, False])
