"""J of the real model: linearity, symmetry, independence of patches, restart, hour of the daily step (§7.5)."""

import numpy as np
import pytest

from ldas.assimilation.control import CONTROL, LAI, controlled, perturb, perturbation_sizes
from ldas.assimilation.jacobian import finite_differences
from ldas.assimilation.quality_control import CellObservations
from ldas.assimilation.settings import AssimilationSettings, BiomassSettings, ControlSettings
from ldas.model.options import ModelOptions
from ldas.model.state import State
from ldas.window import WindowModel, run_window
from tests.assimilation.small_world import HOUR, SmallWorld, make_world, warm_start

pytestmark = pytest.mark.slow

WINDOWS = [np.datetime64(day, "h") for day in ("2021-06-10T18", "2021-09-05T18")]
FLOOR = np.full((2, 8, 1), 0.01)
FLOOR[1, 1:] = 0.1


def settings(factor: float) -> ControlSettings:
    return ControlSettings(lai_perturbation=1e-3 * factor, wg_perturbation=(1e-4 * factor,) * 7)


def sizes_of(world: SmallWorld, start: State, control: ControlSettings) -> np.ndarray:
    d = world.domain
    elements = controlled(d.patch, d.fraction, d.vegetated, d.n_water)
    return perturbation_sizes(start, d.column_delta_w, d.w_sat, elements, control)


def jacobians(world: SmallWorld, start: State, window: np.datetime64, factors: list[float]) -> list[np.ndarray]:
    """J of one window for perturbations of several sizes; a negative factor perturbs downwards."""
    members, sizes = [start], []
    for factor in factors:
        control = settings(abs(factor))
        sizes.append(np.sign(factor) * sizes_of(world, start, control))
        for variable in range(8):
            member = start.copy()
            if variable == LAI:
                share = np.divide(sizes[-1][LAI], start.lai, out=np.zeros_like(start.lai), where=start.lai > 0.0)
                member.lai += sizes[-1][LAI]
                member.biomass_leaf *= 1.0 + share
            else:
                member.wg[variable] += sizes[-1][variable]
            members.append(member)
    ends = world.run(members, window)
    return [finite_differences(ends[0], ends[1 + 8 * i : 9 + 8 * i], sizes[i]) for i in range(len(factors))]


@pytest.fixture(scope="module")
def world() -> SmallWorld:
    return make_world()


@pytest.fixture(scope="module")
def starts(world: SmallWorld) -> list[State]:
    return [warm_start(world, window) for window in WINDOWS]


@pytest.fixture(scope="module")
def sweeps(world: SmallWorld, starts: list[State]) -> dict[float, np.ndarray]:
    """J (window, 2, 8, column) by factor on the default perturbation."""
    factors = [1.0, 0.5, 2.0, -1.0, 1e-2, 1e-1, 10.0, 100.0]
    found = [jacobians(world, start, window, factors) for start, window in zip(starts, WINDOWS, strict=True)]
    return {factor: np.stack([windows[i] for windows in found]) for i, factor in enumerate(factors)}


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_halving_and_doubling(sweeps: dict[float, np.ndarray], factor: float) -> None:
    one, other = sweeps[1.0], sweeps[factor]
    close = np.abs(one - other) <= 0.05 * np.maximum(np.abs(one), FLOOR)
    assert close.mean() >= 0.95


def test_sign_symmetry(sweeps: dict[float, np.ndarray]) -> None:
    up, down = sweeps[1.0], sweeps[-1.0]
    symmetric = np.abs(up - down) <= 0.1 * np.maximum((np.abs(up) + np.abs(down)) / 2.0, FLOOR)
    assert symmetric.mean() >= 0.95


def test_the_plateau_of_the_sweep_holds_the_defaults(sweeps: dict[float, np.ndarray]) -> None:
    """From a tenth to ten times the default J is the same; at a hundred times non-linearity shows."""
    one = sweeps[1.0]
    scale = np.maximum(np.abs(one), FLOOR)
    departure = {factor: float(np.percentile(np.abs(sweeps[factor] - one) / scale, 90)) for factor in sweeps}
    assert departure[0.1] < 0.02 and departure[10.0] < 0.10
    assert departure[100.0] > departure[10.0] > departure[2.0]


def test_signs_and_depths(sweeps: dict[float, np.ndarray], world: SmallWorld) -> None:
    """SSM answers to the upper layers and fades below them; at 00 UTC LAI hardly answers to water in one window."""
    ssm, lai = np.median(sweeps[1.0][:, :, :, world.domain.vegetated], axis=(0, 3))
    assert ssm[1:4].min() > 0.05 and ssm[7] < 0.01
    assert (np.diff(ssm[3:]) < 0.0).all()
    assert abs(ssm[LAI]) < 0.01
    assert np.abs(lai[1:]).max() < 0.05


def test_lai_answers_to_itself_as_the_allocation_lets_it(world: SmallWorld, starts: list[State]) -> None:
    """A growing plant that lacks supply shares leaf and stem anew: B1' = c (B1 + B2)^(1 - a), so that
    dLAI/dLAI = (1 - a) B1 / (B1 + B2) and not 1 (vegetation document §8.3; 0.22 to 0.29 in the reference's windows)."""
    (jacobian,) = jacobians(world, starts[0], WINDOWS[0], [1.0])
    grass = world.domain.patch == 10
    leaf, structural = starts[0].biomass_leaf[grass], starts[0].biomass_structural[grass]
    np.testing.assert_allclose(jacobian[1, LAI, grass], 0.62 * leaf / (leaf + structural), rtol=0.10)


@pytest.mark.parametrize("patch", [1, 5, 7])
def test_patches_answer_alone_bit_for_bit(world: SmallWorld, starts: list[State], patch: int) -> None:
    start, window = starts[0], WINDOWS[0]
    sizes = sizes_of(world, start, ControlSettings())
    everywhere = world.run([start, *perturb(start, sizes, ControlSettings(), BiomassSettings())], window)
    mine = world.domain.patch == patch
    alone = world.run(
        [start, *perturb(start, np.where(mine, sizes, 0.0), ControlSettings(), BiomassSettings())], window
    )
    for both, one in zip(everywhere, alone, strict=True):
        assert both.select(mine).equals(one.select(mine))
        assert one.select(~mine).equals(everywhere[0].select(~mine))


def test_leaving_other_columns_out_changes_rounding_only(world: SmallWorld, starts: list[State]) -> None:
    """Perturbed runs cover some columns, their background all: the difference must vanish beside a perturbation."""
    index = np.flatnonzero(np.isin(world.domain.cell, [1, 4]))
    alone = world.select(index).run([starts[0].select(index)], WINDOWS[0])[0]
    among_all = world.run([starts[0]], WINDOWS[0])[0].select(index)
    assert np.abs(alone.wg - among_all.wg).max() < 1e-9 * 1e-4 * world.domain.delta_w.min()
    assert np.abs(alone.lai - among_all.lai).max() < 1e-9 * 1e-3


def test_lai_perturbation_without_biomass_vanishes_at_the_daily_step(world: SmallWorld, starts: list[State]) -> None:
    start, window = starts[0], WINDOWS[0]
    forgotten = start.copy()
    forgotten.lai *= 1.001
    consistent = perturb(start, sizes_of(world, start, ControlSettings()), ControlSettings(), BiomassSettings())[LAI]
    end, without, with_biomass = world.run([start, forgotten, consistent], window)
    growing = world.domain.vegetated & (end.lai > world.domain.lai_min)
    assert growing.any()
    assert (np.abs(without.lai - end.lai)[growing] < 0.05 * np.abs(with_biomass.lai - end.lai)[growing]).all()


def test_a_filtered_run_split_at_a_window_equals_the_uninterrupted_one(world: SmallWorld, starts: list[State]) -> None:
    model = WindowModel(world.parameters, world.domain, world.options, AssimilationSettings(), "SSM_LAI")
    random = np.random.default_rng(0)
    days = [WINDOWS[0] + 24 * i * HOUR for i in range(3)]
    seen = [
        CellObservations.on_cells(6, ssm=random.uniform(0.15, 0.3, 6), lai=random.uniform(1.0, 2.5, 6)) for _ in days
    ]

    def advance(open_loop: State, state: State, windows: list[int]) -> tuple[State, State]:
        for i in windows:
            result = run_window(model, open_loop, state, world.forcing(days[i]), seen[i])
            open_loop, state = result.open_loop, result.analysed
        return open_loop, state

    whole = advance(starts[0], starts[0], [0, 1, 2])
    open_loop, state = advance(starts[0], starts[0], [0])
    split = advance(open_loop.copy(), state.copy(), [1, 2])
    assert whole[0].equals(split[0]) and whole[1].equals(split[1])
    assert not whole[0].equals(whole[1])


def mean_lai_response(hour: int) -> np.ndarray:
    """Mean dLAI/dcontrol over vegetated columns and windows of a growing season, (8,)."""
    world = make_world(ModelOptions(vegetation_update_hour=hour))
    found = []
    for window in WINDOWS:
        start = warm_start(world, window)
        found.append(jacobians(world, start, window, [1.0])[0][1][:, world.domain.vegetated])
    return np.mean(found, axis=(0, 2))


def test_updating_vegetation_at_the_windows_end_strengthens_the_response_of_lai_to_water() -> None:
    """At 00 UTC six evening hours count, at the end of the window nearly the whole day does (§1.4).

    The daily step belongs to the first step of its hour, so that the last one inside a window that ends at 18 UTC is
    at 17 UTC; at 18 UTC it would come before anything of the window has been accumulated.
    """
    midnight, window_end = mean_lai_response(0), mean_lai_response(17)
    print("dLAI/dcontrol", dict(zip(CONTROL, np.c_[midnight, window_end].round(4).tolist(), strict=True)))
    assert (window_end[1:] > 10.0 * np.abs(midnight[1:])).all()
    assert window_end[1:].argmax() in (2, 3, 4)
