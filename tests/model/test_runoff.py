"""Surface runoff before infiltration (energy document §4.11).

DT92 alone: worked example, the capacity curve it integrates, limits, conservation. Horton: alone and over a run.
"""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ldas.model.runoff import (
    RunoffParameters,
    infiltration_excess,
    runoff_parameters,
    shed_excess,
    subgrid_runoff,
)
from ldas.model.soil import soil_grid, soil_parameters
from tests.model.small_world import run_small, spring_days, with_options
from tests.model.vegetation_cases import columns_of

W_SAT, W_WILT, DEPTH, DT = 0.45, 0.15, 0.5, 900.0
SPAN = W_SAT - W_WILT


def bucket(columns: int = 1) -> RunoffParameters:
    """One layer of 0.5 m."""
    return RunoffParameters(
        np.ones((1, columns)), np.full(columns, DEPTH), np.full(columns, W_SAT), np.full(columns, W_WILT)
    )


def runoff_of(water, rain, shape: float = 0.5, ice: float = 0.0) -> np.ndarray:
    """Runoff (kg m-2) of `rain` (kg m-2 in a step) on mean liquid water `water`; checks what is left."""
    water, rain = (np.array(a, dtype=float) for a in np.broadcast_arrays(np.atleast_1d(water), rain))
    supply, runoff = rain / DT, np.full(water.size, np.nan)
    subgrid_runoff(
        bucket(water.size),
        shape,
        water[None],
        np.full((1, water.size), ice),
        DT,
        supply,
        np.zeros(water.size),
        runoff,
    )
    np.testing.assert_allclose(supply + runoff, rain / DT, rtol=1e-14)
    assert (runoff >= 0.0).all()
    return runoff * DT


def saturated_share(held: np.ndarray, shape: float) -> np.ndarray:
    """Share of the surface whose capacity is at most `held` (m3 m-3): 1 - (1 - i / i_max)^B."""
    return 1.0 - np.clip(1.0 - held / ((1.0 + shape) * SPAN), 0.0, None) ** shape


def test_worked_example() -> None:
    """p = 10 / 500 = 0.02, a = 0.5^(2/3) - 0.02 / 0.45 = 0.585516, runoff = (0.02 - 0.15 + 0.3 a^1.5) 500."""
    a = 0.5 ** (2.0 / 3.0) - 0.02 / 0.45
    assert runoff_of(0.30, 10.0)[0] == pytest.approx((0.02 - 0.15 + 0.3 * a**1.5) * 500.0, rel=1e-11)
    assert runoff_of(0.30, 10.0)[0] == pytest.approx(2.20468, abs=0.6e-5)


@settings(max_examples=60, deadline=None)
@given(wetness=st.floats(0.01, 0.99), rain=st.floats(0.01, 140.0), shape=st.floats(0.1, 2.0))
def test_runoff_is_the_rain_on_the_saturated_share(wetness: float, rain: float, shape: float) -> None:
    """Dümenil and Todini (1992): the integral of the saturated share over the rain, by quadrature."""
    filled = (1.0 + shape) * SPAN * (1.0 - (1.0 - wetness) ** (1.0 / (1.0 + shape)))
    held = filled + (np.arange(20000) + 0.5) / 20000 * rain / (1000.0 * DEPTH)
    expected = saturated_share(held, shape).mean() * rain
    if expected < rain * (1.0 - 1e-9):
        assert runoff_of(W_WILT + wetness * SPAN, rain, shape)[0] == pytest.approx(expected, rel=2e-4, abs=1e-9)


def test_rain_in_two_parts_makes_the_same_runoff() -> None:
    first = runoff_of(0.30, 10.0)
    second = runoff_of(0.30 + (10.0 - first) / (1000.0 * DEPTH), 10.0)
    assert first + second == pytest.approx(runoff_of(0.30, 20.0), rel=1e-11)


def test_wetter_ground_sheds_more() -> None:
    water = np.linspace(W_WILT + 0.001, W_SAT - 0.001, 50)
    runoff = runoff_of(water, 5.0)
    assert (np.diff(runoff) > 0.0).all()
    assert runoff[0] < 0.2 and 4.0 < runoff[-1] < 5.0
    assert (runoff_of(water, 5.0, shape=1.0) > runoff).all()


def test_ice_counts_as_water() -> None:
    assert runoff_of(0.25, 10.0, ice=0.05)[0] == pytest.approx(runoff_of(0.30, 10.0)[0], rel=1e-12)


def test_no_runoff_without_water_to_shed() -> None:
    assert runoff_of(W_WILT, 50.0)[0] == 0.0
    assert runoff_of(0.05, 50.0)[0] == 0.0
    assert (runoff_of([0.3, 0.3], [0.0, -2.0]) == 0.0).all()
    # saturated ground leaves the whole supply to the overflow of the soil water
    assert runoff_of(W_SAT, 5.0)[0] == 0.0


def test_means_are_over_the_runoff_depth() -> None:
    """Weights sum to 1, reach the depth d_o, and count a layer by its part above it."""
    parameters = columns_of(["GRAS", "NO"])
    constants = runoff_parameters(parameters)
    np.testing.assert_allclose(constants.weight.sum(axis=0), 1.0, rtol=1e-15)
    bottom = parameters.layer_bottom[: len(constants.weight)]
    thickness = np.diff(bottom, axis=0, prepend=0.0)
    inside = bottom <= parameters.runoff_depth + 1e-12
    np.testing.assert_allclose(constants.weight, np.where(inside, thickness, 0.0) / parameters.runoff_depth, rtol=1e-12)
    np.testing.assert_allclose(constants.w_sat, parameters.w_sat[0], rtol=1e-14)


class TestInfiltrationExcess:
    """The Horton option, with f_sat = 0."""

    @staticmethod
    def excess_of(rain, melt=0.0, water: float = 0.2, ice: float = 0.0) -> np.ndarray:
        """Excess of water reaching loam under grass, all kg m-2 s-1."""
        rain, melt = (np.array(a, dtype=float) for a in np.broadcast_arrays(np.atleast_1d(rain), melt))
        parameters = columns_of(["GRAS"] * rain.size)
        shape = (14, rain.size)
        excess = np.full(rain.size, np.nan)
        grid, soil = soil_grid(parameters), soil_parameters(parameters)
        infiltration_excess(grid, soil, np.full(shape, water), np.full(shape, ice), rain, melt, excess)
        return excess

    @staticmethod
    def capacity(water: float, ice: float = 0.0) -> float:
        """I of §4.11 over the layers of 1, 3 and 6 cm, kg m-2 s-1."""
        p = columns_of(["GRAS"])
        w_sat, b, psi_sat, k_sat = (float(x[0, 0]) for x in (p.w_sat, p.b, p.psi_sat, p.k_sat))
        s = min(1.0, water / (w_sat - ice))
        thickness = np.array([0.01, 0.03, 0.06])
        front = 1.0 + b * psi_sat * (s - 1.0) / thickness
        return 1000.0 * 10.0 ** (-6.0 * ice / (ice + water)) * k_sat * float((thickness * front).sum()) / 0.10

    def test_excess_is_what_exceeds_the_capacity(self) -> None:
        capacity = self.capacity(0.2)
        assert capacity > 1000.0 * columns_of(["GRAS"]).k_sat[0, 0]
        found = self.excess_of([0.0, 0.999 * capacity, 1.5 * capacity, 3.0 * capacity])
        assert (found[:2] == 0.0).all()
        assert found[2:] == pytest.approx([0.5 * capacity, 2.0 * capacity], rel=1e-11)

    def test_rain_and_melt_each_have_the_capacity(self) -> None:
        capacity = self.capacity(0.2)
        found = self.excess_of([0.9 * capacity, 1.4 * capacity], [0.9 * capacity, 1.1 * capacity])
        assert found == pytest.approx([0.0, 0.5 * capacity], rel=1e-11)

    def test_saturated_ground_takes_its_conductivity(self) -> None:
        p = columns_of(["GRAS"])
        saturated = self.excess_of(1.0, water=float(p.w_sat[0, 0]))
        assert saturated[0] == pytest.approx(1.0 - 1000.0 * p.k_sat[0, 0], rel=1e-12)

    def test_frozen_ground_sheds_more(self) -> None:
        rain = 2.0 * self.capacity(0.2)
        found = [self.excess_of(rain, water=0.2, ice=ice)[0] for ice in (0.0, 0.02, 0.1)]
        assert found[0] < found[1] < found[2]
        assert found[2] == pytest.approx(rain - self.capacity(0.2, 0.1), rel=1e-11)
        assert found[2] > 0.98 * rain

    def test_no_more_is_shed_than_there_is(self) -> None:
        supply, runoff = np.array([5.0, 1.0, -2.0, 0.0]), np.array([1.0, 0.5, 0.0, 0.0])
        total = supply + runoff
        shed_excess(np.array([2.0, 3.0, 1.0, 0.0]), supply, runoff)
        assert runoff.tolist() == [3.0, 1.5, 0.0, 0.0]
        assert (supply + runoff == total).all()


@pytest.mark.parametrize("runoff", ["WSAT", "DT92"])
def test_horton_over_a_whole_run(runoff: str) -> None:
    """A cloudburst runs off more with the option and water still closes; gentle rain changes no bit."""
    gentle = spring_days()
    burst = replace(gentle, rainf=60.0 * gentle.rainf)
    names = ("runoff", "water_residual")
    plain, horton = (with_options(runoff=runoff, horton=on) for on in (False, True))
    assert run_small(horton, weather=gentle)[0].equals(run_small(plain, weather=gentle)[0])
    without, with_ = (run_small(options, names, weather=burst)[1] for options in (plain, horton))
    assert (with_["runoff"].sum(axis=0) > 1.01 * without["runoff"].sum(axis=0)).all()
    assert np.abs(with_["water_residual"]).max() < 1e-9
