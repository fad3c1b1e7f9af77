"""Snow fractions of ground and plants alone (energy document §4.1)."""

import numpy as np
import pytest

from ldas.model.snow_cover import SnowCover, cover_with_snow


def covered(swe, density, veg, z0) -> tuple[bool, SnowCover]:
    """Fractions under packs of one layer."""
    arrays = [np.array(a, dtype=float) for a in np.broadcast_arrays(np.atleast_1d(swe), density, veg, z0)]
    cover = SnowCover(*(np.full(arrays[0].size, np.nan) for _ in SnowCover._fields))
    found = cover_with_snow(arrays[0][None], arrays[1][None], arrays[2], arrays[3], cover)
    return found, cover


def test_ground_is_covered_from_one_centimetre_on() -> None:
    found, cover = covered([0.0, 0.5, 1.0, 50.0], 100.0, 0.0, 0.01)
    assert found
    assert cover.p_sng == pytest.approx([0.0, 0.5, 1.0, 1.0])
    assert (cover.p_sn == cover.p_sng).all()


def test_plants_stand_out_by_their_roughness() -> None:
    _, cover = covered(20.0, 200.0, 0.9, [0.001, 0.01, 0.1, 1.0])
    expected = 20.0 / (20.0 + 5.0 * 200.0 * np.array([0.001, 0.01, 0.1, 1.0]))
    assert cover.p_snv == pytest.approx(expected, rel=1e-14)
    assert cover.p_sn == pytest.approx(0.1 + 0.9 * expected, rel=1e-14)
    _, thin = covered(0.1, 100.0, 0.9, 1e-5)
    assert thin.p_snv[0] == thin.p_sng[0] == pytest.approx(0.1)


def test_the_density_of_a_pack_is_that_of_its_layers_within_limits() -> None:
    swe, density = np.array([[10.0], [30.0]]), np.array([[100.0], [300.0]])
    cover = SnowCover(*(np.zeros(1) for _ in SnowCover._fields))
    assert cover_with_snow(swe, density, np.array([0.5]), np.array([0.05]), cover)
    assert cover.swe[0] == 40.0 and cover.depth[0] == pytest.approx(0.2, rel=1e-15)
    assert cover.p_snv[0] == pytest.approx(40.0 / (40.0 + 5.0 * 200.0 * 0.05), rel=1e-14)
    _, ice = covered(40.0, 900.0, 0.5, 0.05)
    assert ice.p_snv[0] == pytest.approx(40.0 / (40.0 + 5.0 * 750.0 * 0.05), rel=1e-14)


def test_no_snow_covers_nothing() -> None:
    found, cover = covered([0.0, 0.0], 50.0, 0.9, 0.04)
    assert not found
    assert not any(values.any() for values in cover)
