"""Incremental moments equal the moments of the whole history."""

import numpy as np
import pytest

from ldas.assimilation.moments import FIRST_YEAR, PairMoments, season


def history(seed: int, windows: int = 60) -> list[tuple[int, int, np.ndarray, np.ndarray]]:
    random = np.random.default_rng(seed)
    pairs = []
    for _ in range(windows):
        observed, modelled = random.normal(0.25, 0.05, 3), random.normal(0.20, 0.03, 3)
        observed[random.random(3) < 0.2] = np.nan
        modelled[random.random(3) < 0.1] = np.nan
        pairs.append((int(random.integers(36)), 2017 + int(random.integers(3)), observed, modelled))
    return pairs


def train(pairs: list[tuple[int, int, np.ndarray, np.ndarray]]) -> PairMoments:
    moments = PairMoments.empty(3)
    for dekad, year, observed, modelled in pairs:
        moments = moments.add(dekad, year, observed, modelled)
    return moments


@pytest.mark.parametrize("group", [np.array([35, 0, 1]), np.arange(36)])
def test_pooled_moments_equal_those_of_the_pairs(group: np.ndarray) -> None:
    pairs = history(0)
    pooled = train(pairs).pool([group])
    for cell in range(3):
        chosen = [(o[cell], m[cell], y) for d, y, o, m in pairs if d in group and np.isfinite(o[cell] + m[cell])]
        observed, modelled, years = np.array(chosen).T
        assert pooled.n[0, cell] == len(chosen)
        np.testing.assert_allclose(pooled.mean_observed[0, cell], observed.mean(), rtol=1e-13)
        np.testing.assert_allclose(pooled.square_modelled[0, cell], len(chosen) * modelled.var(), rtol=1e-12)
        assert pooled.number_of_years()[0, cell] == len(set(years))


def test_adding_changes_neither_the_old_moments_nor_other_cells() -> None:
    before = train(history(1))
    copy = {name: value.copy() for name, value in vars(before).items()}
    after = before.add(5, 2020, np.array([0.2, np.nan, 0.3]), np.array([0.2, 0.2, np.nan]))
    assert all(np.array_equal(copy[name], value) for name, value in vars(before).items())
    assert after.n.sum() == before.n.sum() + 1
    assert all(np.array_equal(value[:, 1:], vars(before)[name][:, 1:]) for name, value in vars(after).items())


def test_season_is_three_months_and_circular() -> None:
    np.testing.assert_array_equal(season(1, 45.0), [33, 34, 35, 0, 1, 2, 3, 4, 5])


@pytest.mark.parametrize(("dekad", "year"), [(36, 2020), (-1, 2020), (0, FIRST_YEAR - 1), (0, FIRST_YEAR + 63)])
def test_times_outside_the_table_are_refused(dekad: int, year: int) -> None:
    with pytest.raises(ValueError, match="dekad 0 to 35"):
        PairMoments.empty(1).add(dekad, year, np.zeros(1), np.zeros(1))
