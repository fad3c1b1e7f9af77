"""The LC100 table and its use: every row of the vegetation document §10.3."""

import numpy as np
import pytest

from ldas.errors import ConfigurationError
from ldas.model.vegetation_table import patch_types, type_names
from ldas.physiography.covers import climate_of, cover_table, dominant_types, known_codes, type_shares

ONE = np.ones((1, 1))


def patches_of(code: int, lat: float = 44.0, mountain: bool = False, town: str = "masked") -> dict[int, float]:
    shares, _ = type_shares({code: ONE}, climate_of(np.array([lat])), np.array([[mountain]]), "europe", town)
    by_patch = shares.sum(axis=1)[:, 0, 0]
    return {int(patch) + 1: round(float(by_patch[patch]), 6) for patch in np.flatnonzero(by_patch)}


def types_of(code: int, lat: float) -> set[str]:
    shares, _ = type_shares({code: ONE}, climate_of(np.array([lat])), np.array([[False]]), "europe", "masked")
    return {type_names()[k] for k in np.flatnonzero(shares.sum(axis=0)[:, 0, 0])}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (20, {4: 0.65, 10: 0.20, 1: 0.15}),
        (30, {10: 0.95, 1: 0.05}),
        (40, {7: 0.85, 8: 0.15}),
        (50, {}),
        (60, {1: 0.90, 10: 0.10}),
        (70, {3: 1.0}),
        (80, {}),
        (90, {12: 1.0}),
        (100, {10: 0.70, 2: 0.15, 1: 0.15}),
        (111, {5: 1.0}),
        (112, {4: 1.0}),
        (114, {4: 1.0}),
        (115, {4: 0.5, 5: 0.5}),
        (116, {4: 0.5, 5: 0.5}),
        (124, {4: 0.55, 10: 0.35, 1: 0.10}),
        (126, {4: 0.275, 5: 0.275, 10: 0.35, 1: 0.10}),
        (200, {}),
    ],
)
def test_temperate_patch_fractions(code: int, expected: dict[int, float]) -> None:
    assert patches_of(code) == expected


def test_climate_mountain_and_town_variants() -> None:
    assert patches_of(116, lat=5.0) == {6: 0.5, 4: 0.5}
    assert patches_of(30, lat=5.0) == {11: 0.95, 1: 0.05}
    assert patches_of(60, mountain=True) == {2: 0.70, 1: 0.20, 10: 0.10}
    assert patches_of(50, town="rock_and_grass") == {2: 0.7, 10: 0.3}
    assert types_of(114, 44.0) == {"TEBD"} and types_of(114, 65.0) == {"BOBD"} and types_of(114, 5.0) == {"TRBD"}
    assert types_of(112, 44.0) == {"TEBE"} and types_of(111, 65.0) == {"BONE"} and types_of(113, 44.0) == {"BOND"}


def test_the_table_is_whole() -> None:
    table = cover_table()
    assert len(known_codes()) == 22
    for code, row in table["codes"].items():
        for key in ("covers", "town_covers", "mountain_covers", "tropical_covers"):
            if key in row:
                total = sum(row[key].values())
                assert total == pytest.approx(1.0) or (key == "covers" and code in (50, 80, 200) and total == 0.0)
    for row in table["cover_types"].values():
        for patch, name in row.values():
            assert name in patch_types()[patch]
    for shares in table["crop_shares"].values():
        assert sum(share for _, _, share in shares) == pytest.approx(1.0)
        assert all(name in patch_types()[patch] for patch, name, _ in shares)


def test_the_dominant_type_wins() -> None:
    shares, nature = type_shares(
        {20: 0.5 * ONE, 114: 0.3 * ONE, 80: 0.2 * ONE},
        climate_of(np.array([44.0])),
        np.array([[False]]),
        "europe",
        "masked",
    )
    assert nature[0, 0] == pytest.approx(0.8)
    types = dominant_types(shares)
    assert type_names()[types[3, 0, 0] - 1] == "SHRB" and types[5, 0, 0] == 0


def test_an_unknown_region_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"physiography\.region"):
        type_shares({40: ONE}, climate_of(np.array([44.0])), np.array([[False]]), "atlantis", "masked")
