"""Every reason to refuse an observation, one at a time."""

from typing import Any

import numpy as np
import pytest

from ldas.assimilation.quality_control import (
    CellObservations,
    CheckedObservations,
    Flag,
    check_innovations,
    check_observations,
    count_flags,
    rejected_share,
    usable_for_rescaling,
)
from ldas.assimilation.settings import (
    AssimilationSettings,
    ErrorSettings,
    Experiment,
    QualityControlSettings,
)
from ldas.model.state import State
from ldas.variables import variables
from tests.assimilation.builders import make_domain, make_state

PATCHES = {"cell": [0, 0, 1, 1], "patch": [4, 7, 4, 7], "fraction": [0.4, 0.6, 0.4, 0.6]}
CONTROL = np.array([[2.0] * 4, *[[0.2] * 4] * 7])
STRICT = AssimilationSettings(strict=True)


def check(
    state: State | None = None,
    settings: AssimilationSettings | None = None,
    experiment: Experiment = "SSM_LAI",
    domain: dict[str, Any] | None = None,
    **observed: Any,
) -> CheckedObservations:
    """Two cells; whatever is given goes to cell 0, cell 1 has sound values."""
    values = {"ssm": 0.22, "lai": 2.1} | observed
    arrays = {name: np.array([value, {"ssm": 0.22, "lai": 2.1}.get(name, value)]) for name, value in values.items()}
    return check_observations(
        CellObservations.on_cells(2, **arrays),
        state or make_state(CONTROL),
        make_domain(**PATCHES, **(domain or {})),
        settings or AssimilationSettings(),
        experiment,
    )


def test_sound_observations_pass() -> None:
    checked = check()
    assert not checked.flags.any() and checked.active_cells.all()
    np.testing.assert_allclose(checked.deviation[:, 0], [0.5 * 0.08869965, 0.42], rtol=1e-6)


@pytest.mark.parametrize(
    ("observed", "row", "flag"),
    [
        ({"ssm": np.nan}, 0, Flag.MISSING),
        ({"lai": np.nan}, 1, Flag.MISSING),
        ({"lai": np.inf}, 1, Flag.MISSING),
        ({"ssm": 0.0}, 0, Flag.RANGE),
        ({"ssm": 0.49}, 0, Flag.RANGE),
        ({"lai": -0.1}, 1, Flag.RANGE),
        ({"lai": 10.5}, 1, Flag.RANGE),
    ],
)
def test_one_bad_value_leaves_the_other_observation(observed: dict[str, float], row: int, flag: Flag) -> None:
    checked = check(**observed)
    assert checked.flags[row, 0] & flag and checked.flags[1 - row, 0] == 0
    assert not checked.flags[:, 1].any() and checked.active_cells.all()


def test_all_missing_leaves_no_active_cell() -> None:
    checked = check_observations(
        CellObservations.on_cells(2), make_state(CONTROL), make_domain(**PATCHES), AssimilationSettings(), "SSM_LAI"
    )
    assert (checked.flags == Flag.MISSING).all() and not checked.active_cells.any()


@pytest.mark.parametrize(
    ("experiment", "used"), [("OL", (0, 0)), ("SSM", (1, 0)), ("LAI", (0, 1)), ("SSM_LAI", (1, 1))]
)
def test_experiments(experiment: Experiment, used: tuple[int, int]) -> None:
    np.testing.assert_array_equal(check(experiment=experiment).usable.all(axis=1), used)


@pytest.mark.parametrize("deviation", [0.0, -0.03, np.inf])
def test_product_errors_that_are_not_positive_are_flagged(deviation: float) -> None:
    settings = AssimilationSettings(errors=ErrorSettings(ssm_error="product"))
    checked = check(settings=settings, ssm_deviation=deviation)
    assert (checked.flags[0] == Flag.ERROR_NOT_POSITIVE).all() and not checked.flags[1].any()


def test_product_error_where_given_and_the_fixed_one_elsewhere() -> None:
    settings = AssimilationSettings(errors=ErrorSettings(ssm_error="product"))
    np.testing.assert_array_equal(check(settings=settings, ssm_deviation=0.03).deviation[0], 0.03)
    np.testing.assert_allclose(check(settings=settings).deviation[0], 0.5 * 0.08869965, rtol=1e-6)


def test_fallback_and_sparse_cells_inflate_the_error() -> None:
    settings = AssimilationSettings(errors=ErrorSettings(ssm_count_inflation=20.0))
    plain = check().deviation[0, 0]
    np.testing.assert_allclose(check(settings=settings, ssm_count=25.0).deviation[0], plain * np.sqrt(1.8), rtol=1e-12)
    np.testing.assert_allclose(check(ssm_inflation=1.5).deviation[0], 1.5 * plain, rtol=1e-12)


def test_tiny_observed_lai_keeps_a_positive_error() -> None:
    np.testing.assert_allclose(check(lai=0.0).deviation[1, 0], 0.05)
    np.testing.assert_allclose(check(lai=0.12).deviation[1, 0], 0.024)


@pytest.mark.parametrize(
    ("domain", "flag"),
    [
        ({"urban": [0.16, 0.15]}, Flag.URBAN),
        ({"water": [0.11, 0.10]}, Flag.WATER),
        ({"slope": [15.1, 15.0]}, Flag.RELIEF),
    ],
)
def test_static_masks_refuse_ssm_only(domain: dict[str, list[float]], flag: Flag) -> None:
    checked = check(domain=domain)
    np.testing.assert_array_equal(checked.flags, [[flag, 0], [0, 0]])


@pytest.mark.parametrize(("count", "flag"), [(19.0, Flag.COVERAGE), (20.0, 0)])
def test_coverage(count: float, flag: int) -> None:
    assert (check(ssm_count=count).flags[0] == flag).all()


def test_known_flags_of_reader_and_rescaling_stay() -> None:
    checked = check(ssm=np.nan, ssm_flags=Flag.NO_RESCALING, lai_flags=Flag.PRODUCT)
    assert checked.flags[0, 0] == Flag.NO_RESCALING and checked.flags[1, 0] == Flag.PRODUCT


def frozen_state(columns: list[int]) -> State:
    state = make_state(CONTROL)
    state.wgi[1, columns] = 0.01
    return state


def test_ice_in_one_patch_drops_ssm_and_keeps_lai() -> None:
    np.testing.assert_array_equal(check(frozen_state([0])).flags, [[Flag.FROZEN, 0], [0, 0]])


def test_cold_soil_drops_ssm() -> None:
    state = make_state(CONTROL)
    state.tg[1, :2] = 277.0
    np.testing.assert_array_equal(check(state).flags, [[Flag.FROZEN, 0], [0, 0]])


def test_the_reference_drops_both_and_only_when_every_patch_is_frozen() -> None:
    assert not check(frozen_state([0]), STRICT).flags.any()
    np.testing.assert_array_equal(check(frozen_state([0, 1]), STRICT).flags, [[Flag.FROZEN, 0], [Flag.FROZEN, 0]])


@pytest.mark.parametrize(("swe", "density"), [(4.0, 300.0), (0.2, 50.0)])
def test_snow_drops_both(swe: float, density: float) -> None:
    """4 kg m-2 by its mass; 0.2 kg m-2 of fresh snow by the 0.4 patches x 40 % it covers."""
    state = make_state(CONTROL)
    state.snow_swe[0, 0], state.snow_density[0, 0] = swe, density
    np.testing.assert_array_equal(check(state).flags, [[Flag.SNOW, 0], [Flag.SNOW, 0]])
    assert not check(state, STRICT).flags.any()


def test_cells_without_columns_or_with_zero_fractions_are_flagged() -> None:
    domain = make_domain([0, 0, 1], [4, 7, 7], [0.0, 0.0, 1.0], cells=3)
    observations = CellObservations.on_cells(3, ssm=np.full(3, 0.2), lai=np.full(3, 2.0))
    checked = check_observations(observations, make_state(CONTROL[:, :3]), domain, AssimilationSettings(), "SSM_LAI")
    np.testing.assert_array_equal(checked.flags, [[Flag.NO_COLUMN, 0, Flag.NO_COLUMN]] * 2)


def test_forest_cells_have_no_ssm_when_only_crops_and_grass_are_averaged() -> None:
    domain = make_domain([0, 1, 1], [4, 4, 7], [1.0, 0.5, 0.5])
    observations = CellObservations.on_cells(2, ssm=np.full(2, 0.2), lai=np.full(2, 2.0))
    settings = AssimilationSettings(ssm_patches="crops_and_grass")
    checked = check_observations(observations, make_state(CONTROL[:, :3]), domain, settings, "SSM_LAI")
    np.testing.assert_array_equal(checked.flags, [[Flag.NO_COLUMN, 0], [0, 0]])


@pytest.mark.parametrize(
    ("d", "spread", "flags"),
    [
        ((0.10, 1.0), (0.05, 0.4), (0, 0)),
        ((-0.16, -3.1), (0.05, 0.4), (Flag.INNOVATION, Flag.INNOVATION)),
        ((0.21, 3.1), (0.10, 0.8), (Flag.INNOVATION, 0)),
        ((0.16, 3.3), (0.05, 0.8), (Flag.INNOVATION, Flag.INNOVATION)),
    ],
)
def test_innovation_limits(d: tuple[float, float], spread: tuple[float, float], flags: tuple[int, int]) -> None:
    args = np.zeros((2, 1), np.int32), np.array(d)[:, None], np.array(spread)[:, None]
    np.testing.assert_array_equal(check_innovations(*args, QualityControlSettings())[:, 0], flags)
    assert not check_innovations(*args, QualityControlSettings(innovation_check=False)).any()
    assert not check_innovations(*args, QualityControlSettings(rules="reference")).any()


def test_missing_observations_are_not_judged_by_their_innovation() -> None:
    flags = np.full((2, 1), Flag.MISSING, np.int32)
    checked = check_innovations(flags, np.full((2, 1), np.nan), np.full((2, 1), np.nan), QualityControlSettings())
    np.testing.assert_array_equal(checked, flags)


def test_counts_by_reason_and_rejected_share() -> None:
    flags = np.array(
        [[0, Flag.MISSING, Flag.SNOW | Flag.FROZEN, Flag.INNOVATION], [0, 0, Flag.SNOW, Flag.MISSING]], np.int32
    )
    counts = count_flags(flags)
    expected = {"ssm_used": 1, "ssm_offered": 3, "ssm_snow": 1, "ssm_frozen": 1, "ssm_innovation": 1, "lai_used": 2}
    assert expected.items() <= counts.items() and counts["lai_missing"] == 1
    np.testing.assert_allclose(rejected_share(flags), [2 / 3, 1 / 3])


def test_pairs_for_rescaling_need_a_sound_observation_only() -> None:
    row = [0, Flag.NO_RESCALING | Flag.NOT_IN_EXPERIMENT, Flag.INNOVATION, Flag.FROZEN, Flag.URBAN, Flag.MISSING]
    flags = np.array([row, [Flag.SNOW] * 6], np.int32)
    np.testing.assert_array_equal(usable_for_rescaling(flags), [True, True, True, False, False, False])


def test_bits_and_names_are_those_of_the_variable_table() -> None:
    row = variables("diagnostic")["ssm_flags"]
    assert list(row.flag_masks) == [flag.value for flag in Flag]
    assert row.flag_meanings.split() == [flag.name.lower() for flag in Flag if flag.name]
