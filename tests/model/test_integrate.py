"""The integrator: same bits on any threads, blocks, members and cuts; outputs; refusals; the energy closure."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ldas.errors import InputError
from ldas.model.integrate import divide_columns, integrate
from ldas.model.options import ModelOptions
from ldas.model.outputs import OutputRequest
from ldas.model.state import State
from tests.benchmarks.test_model_speed import (
    CELLS,
    COLUMNS,
    mixed_parameters,
    snowy_cells,
    spring_weather,
    start_state,
)

STEPS = 18
START = np.datetime64("2017-04-20T11:00:00")
OPTIONS = ModelOptions(threads=1)


@pytest.fixture(scope="module")
def world():
    """Twelve patches on 320 cells, some under snow, through a shower."""
    weather = spring_weather(284.0)
    weather.tair[:, snowy_cells(0.2)[:CELLS]] -= 14.0
    parameters = mixed_parameters(OPTIONS)
    return parameters, start_state(parameters, OPTIONS, 284.0, 0.2), weather


def run(world, options: ModelOptions, start: np.datetime64 = START, steps: int = STEPS, state: State | None = None):
    parameters, first, weather = world
    (final,), _ = integrate(parameters, [state or first], weather, options, start=start, steps=steps)
    return final


@pytest.fixture(scope="module")
def final(world) -> State:
    return run(world, OPTIONS)


@pytest.mark.parametrize("block_size", [64, 100, 512, 4096])
def test_block_size_changes_no_bit(world, final: State, block_size: int) -> None:
    assert run(world, OPTIONS.model_copy(update={"block_size": block_size})).equals(final)


def test_two_threads_change_no_bit(world, final: State) -> None:
    assert run(world, OPTIONS.model_copy(update={"threads": 2})).equals(final)


@settings(max_examples=8, deadline=None)
@given(cut=st.integers(0, STEPS))
def test_a_run_may_stop_anywhere(world, final: State, cut: int) -> None:
    half = run(world, OPTIONS, steps=cut)
    rest = run(world, OPTIONS, START + np.timedelta64(300 * cut, "s"), STEPS - cut, half)
    assert rest.equals(final)


def test_members_do_not_see_each_other(world, final: State) -> None:
    parameters, state, weather = world
    other = state.copy()
    other.wg *= 0.97
    members, _ = integrate(parameters, [other, state, other], weather, OPTIONS, start=START, steps=STEPS)
    assert members[1].equals(final)
    assert members[0].equals(members[2])
    assert not members[0].equals(final)


def test_a_subset_of_columns_runs_alone(world, final: State) -> None:
    parameters, state, weather = world
    chosen = np.flatnonzero(np.arange(COLUMNS) % 7 == 3)
    (part,), _ = integrate(
        parameters.select(chosen), [state.select(chosen)], weather.select(chosen), OPTIONS, start=START, steps=STEPS
    )
    assert part.equals(final.select(chosen))


def test_inputs_stay_as_they_are(world) -> None:
    _, state, _ = world
    before = state.copy()
    run(world, OPTIONS, steps=2)
    assert state.equals(before)


def test_outputs(world) -> None:
    parameters, state, weather = world
    requests = (
        OutputRequest(("tg", "lai", "qle"), every=1),
        OutputRequest(("rnet", "wg"), every=6, statistic="mean"),
        OutputRequest(("swe",), every=4),
    )
    (final,), (out,) = integrate(parameters, [state], weather, OPTIONS, start=START, steps=STEPS, outputs=requests)
    assert out["tg"].shape == (STEPS, 14, COLUMNS)
    assert out["rnet"].shape == (3, COLUMNS)
    assert out["wg"].shape == (3, 14, COLUMNS)
    assert out["swe"].shape == (4, COLUMNS)
    assert np.array_equal(out["tg"][-1], final.tg)
    assert np.array_equal(out["qle"][-1], final.le)
    _, (steps,) = integrate(
        parameters, [state], weather, OPTIONS, start=START, steps=STEPS, outputs=(OutputRequest(("wg", "swe")),)
    )
    np.testing.assert_allclose(out["wg"], steps["wg"].reshape(3, 6, 14, COLUMNS).mean(axis=1), rtol=1e-13)
    assert np.array_equal(out["swe"], steps["swe"][3::4])


def test_closure(world) -> None:
    """Water closes to 1e-9 kg m-2 a step; energy to 1e-6 W m-2 with C_T in the conduction, not with C_G."""
    parameters, state, weather = world
    residuals = {}
    for closure in ("consistent", "reference"):
        _, (out,) = integrate(
            parameters,
            [state],
            weather,
            OPTIONS.model_copy(update={"energy_closure": closure}),
            outputs=(OutputRequest(("water_residual", "energy_residual")),),
        )
        assert np.abs(out["water_residual"]).max() < 1e-9
        residuals[closure] = np.abs(out["energy_residual"]).max()
    assert residuals["consistent"] < 1e-6
    assert residuals["reference"] > 1.0


def test_blocks_hold_all_columns_once_on_one_grid(world) -> None:
    parameters, _, _ = world
    cold = np.arange(COLUMNS) % 3 == 0
    blocks = list(divide_columns(parameters, cold, 256))
    assert np.array_equal(np.sort(np.concatenate(blocks)), np.arange(COLUMNS))
    for block in blocks:
        assert 1 <= len(block) <= 256
        assert (parameters.layer_bottom[:, block] == parameters.layer_bottom[:, block[:1]]).all()
        assert (parameters.n_water[block] == parameters.n_water[block[0]]).all()


def test_refusals(world) -> None:
    parameters, state, weather = world
    with pytest.raises(InputError, match="time_step: expected a divisor"):
        integrate(parameters, [state], weather, OPTIONS.model_copy(update={"time_step": 700.0}))
    with pytest.raises(InputError, match="start: expected a step boundary"):
        integrate(parameters, [state], weather, OPTIONS, start=START + np.timedelta64(100, "s"))
    with pytest.raises(InputError, match="steps: expected 0 to"):
        integrate(parameters, [state], weather, OPTIONS, steps=10_000)
    with pytest.raises(InputError, match="neither a state variable nor a diagnostic"):
        integrate(parameters, [state], weather, OPTIONS, outputs=(OutputRequest(("moisture",)),))
    with pytest.raises(InputError, match="snow layers"):
        integrate(parameters, [state], weather, OPTIONS.model_copy(update={"snow_layers": 3}))
    wrong = state.copy()
    wrong.wg[2, 5] = 0.9
    with pytest.raises(InputError, match=r"state wg: expected wg \+ wgi <= w_sat, got 0.9 at layer 3, column 5"):
        integrate(parameters, [wrong], weather, OPTIONS)
