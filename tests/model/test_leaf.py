"""The leaf model against the worked examples of the vegetation document (§§2.3, 12.1, 12.2)."""

import numpy as np
import pytest

from ldas.model.leaf import leaf_in_air, leaf_in_light, leaf_parameters, reference_assimilation, stress_leaf
from tests.model.vegetation_cases import CO2_400, VEGETATED, columns_of

RHO = 1.2

# type, T, I, D_s, F2, g_m^stress, f0, D_max, C_i/C_s, R_d (mg), A (mg), g_s (mm s-1)
LEAVES = """
C3    25 300  8 1    1.7500 0.9500  19.7748 0.6610 0.0642 0.5731  3.773
C4    25 300  8 1    9.8000 0.6000  30.1242 0.4488 0.1512 1.2544  5.218
GRAS  25 300  8 1    1.0000 0.9500  49.4697 0.8489 0.0493 0.4434  7.256
TEBD  25 300  8 1    1.8000 0.5875 109      0.6008 0.0542 0.4861  2.900
BONE  25 300  8 1    1.9000 0.5797 124      0.5938 0.0569 0.5088  2.866
TRBE  25 300  8 1    1.2000 0.7400 124      0.7335 0.0351 0.3159  2.887
C3    25 300  8 0.5  1.4445 0.9500  27.0785 0.7465 0.0617 0.5523  5.021
C4    25 300  8 0.5  1.6411 0.6000 222.8926 0.5846 0.0594 0.5341  3.067
GRAS  25 300  8 0.5  0.3931 0.9500 228.4199 0.9385 0.0236 0.2128 10.918
TEBD  25 300  8 0.5  0.7066 0.5875 109      0.6074 0.0248 0.2230  1.417
BONE  25 300  8 0.5  1.9000 0.3859 124      0.4329 0.0407 0.3657  1.453
TRBE  25 300  8 0.5  0.6000 0.7400 124      0.7387 0.0224 0.2019  1.925
C3    25 300  8 0.15 0.6785 0.9500  30      0.7963 0.0336 0.3020  3.456
C4    25 300  8 0.15 1.2587 0.6000 150      0.5770 0.0471 0.4236  2.407
GRAS  25 300  8 0.15 0.3329 0.9500 150      0.9314 0.0201 0.1806  7.971
TEBD  25 300  8 0.15 0.1346 0.6865 109      0.7120 0.0062 0.0554  0.572
BONE  25 300  8 0.15 0.9500 0.4073 124      0.4507 0.0231 0.2077  0.853
C3    10  60  3 1    1.7500 0.9500  19.7748 0.8649 0.0249 0.2150  3.665
C4    10  60  3 1    9.8000 0.6000  30.1242 0.5549 0.0174 0.1550  0.879
BONE  10  60  3 1    1.9000 0.5797 124      0.5923 0.0173 0.1531  0.838
C3    32 300 15 1    1.7500 0.9500  19.7748 0.4108 0.0432 0.3836  1.343
C4    32 300 15 1    9.8000 0.6000  30.1242 0.3137 0.1790 1.4024  4.719
BONE  32 300 15 1    1.9000 0.5797 124      0.5829 0.0691 0.6039  3.437
"""

REFERENCE_ASSIMILATION = {
    "TEBD": 4.2777,
    "BOBD": 4.2777,
    "TRBD": 3.0907,
    "TEBE": 4.4120,
    "SHRB": 3.9204,
    "BONE": 4.4904,
    "TENE": 4.4904,
    "BOND": 3.0907,
    "TRBE": 2.7128,
    "C3": 6.8314,
    "C4": 16.336,
    "IRR": 16.336,
    "GRAS": 4.1446,
    "BOGR": 4.1446,
    "TROG": 13.787,
    "PARK": 4.1446,
}

LEAF_MASS = {
    "TEBD": 0.064944,
    "TEBE": 0.120009,
    "SHRB": 0.065085,
    "BONE": 0.200060,
    "BOND": 0.099118,
    "TRBE": 0.120034,
    "C3": 0.067719,
    "C4": 0.097447,
    "GRAS": 0.071644,
    "TROG": 0.176866,
}


@pytest.mark.parametrize("row", LEAVES.strip().splitlines(), ids=lambda row: " ".join(row.split()[:5]))
def test_leaf_of_worked_examples(row):
    name, *numbers = row.split()
    t, light, deficit, f2, g_m, f0, d_max, ratio, r_d, a, g_s = map(float, numbers)
    leaf = leaf_parameters(columns_of([name]))
    found = stress_leaf(leaf, 0, f2)
    assert found[0] * 1e3 == pytest.approx(g_m, abs=0.6e-4)
    assert found[1] == pytest.approx(f0, abs=0.6e-4)
    assert found[2] * 1e3 == pytest.approx(d_max, abs=0.6e-4)

    a_m, epsilon, a_min_d, inverse_drop, series = leaf_in_air(leaf, 0, t + 273.16, CO2_400, RHO, deficit * 1e-3, *found)
    dark = a_m / 9.0
    net, g_0 = leaf_in_light(light, a_m, dark, epsilon, a_min_d, inverse_drop)
    assert 1.0 - 1.0 / (inverse_drop * CO2_400) == pytest.approx(ratio, abs=0.6e-4)
    assert dark * RHO * 1e6 == pytest.approx(r_d, abs=0.6e-4)
    assert net * RHO * 1e6 == pytest.approx(a, abs=0.6e-4)
    assert 1e3 * (1.6 * g_0 * series + leaf.g_c[0]) == pytest.approx(g_s, abs=0.6e-3)


def test_leaf_step_by_step():
    """§12.1: a C3 crop leaf at 25 C, 300 W m-2, D_s 0.008, F2 1."""
    leaf = leaf_parameters(columns_of(["C3"]))
    a_m, epsilon, a_min_d, inverse_drop, series = leaf_in_air(
        leaf, 0, 298.16, CO2_400, RHO, 0.008, *stress_leaf(leaf, 0, 1.0)
    )
    dark = a_m / 9.0
    net, g_0 = leaf_in_light(300.0, a_m, dark, epsilon, a_min_d, inverse_drop)
    assert a_m == pytest.approx(4.814960e-7, rel=2e-7)
    assert dark == pytest.approx(5.349955e-8, rel=2e-7)
    assert epsilon == pytest.approx(8.769956e-9, rel=2e-7)
    assert a_min_d == pytest.approx(1.173892e-7 * 0.4045554, rel=4e-7)
    assert net == pytest.approx(4.775822e-7, rel=2e-7)
    assert g_0 == pytest.approx(2.091234e-3, rel=3e-7)
    assert series == pytest.approx(1.0 + 5.035331e-2 + 5.035331e-2**2, rel=2e-8)
    assert g_0 * series == pytest.approx(2.2018373e-3, rel=3e-8)
    assert 1.6 * g_0 * series + leaf.g_c[0] == pytest.approx(3.7729397e-3, rel=3e-8)


@pytest.mark.parametrize(
    ("name", "g_m", "f0", "d_max"),
    [
        ("GRAS", 0.0905, 0.95, 30.0),
        ("TEBD", 0.0179, 0.95, 109.0),
        ("BONE", 0.1267, 0.6952, 124.0),
        ("TRBE", 0.024, 0.74, 124.0),
    ],
)
def test_very_dry_soil(name, g_m, f0, d_max):
    """The last line of §12.2, F2 = 0.02."""
    found = stress_leaf(leaf_parameters(columns_of([name])), 0, 0.02)
    assert found[0] * 1e3 == pytest.approx(g_m, abs=0.6e-4)
    assert found[1] == pytest.approx(f0, abs=0.6e-4)
    assert found[2] * 1e3 == pytest.approx(d_max, abs=0.6e-4)


def test_reference_assimilation_of_all_types():
    """A_n,ref at 400 ppm of §2.3."""
    parameters = columns_of(VEGETATED)
    found = np.empty(len(VEGETATED))
    reference_assimilation(leaf_parameters(parameters), np.full(len(VEGETATED), CO2_400), found)
    for name, value in zip(VEGETATED, found * 1e7, strict=True):
        expected = REFERENCE_ASSIMILATION[name]
        assert value == pytest.approx(expected, abs=0.6e-4 if expected < 10 else 0.6e-3), name


def test_leaf_mass_per_area():
    """b = 1 / (e N_a + f) of §2.3."""
    p = columns_of(list(LEAF_MASS))
    mass = 1.0 / (p.nitrogen_e * p.leaf_nitrogen + p.nitrogen_f)
    np.testing.assert_allclose(mass, list(LEAF_MASS.values()), atol=0.6e-6)


@pytest.mark.parametrize("name", VEGETATED)
def test_stress_is_continuous_at_the_threshold(name):
    """The two sides of F_c = 0.3 meet (§§4.2-4.4)."""
    leaf = leaf_parameters(columns_of([name]))
    below, above = stress_leaf(leaf, 0, 0.3 - 1e-12), stress_leaf(leaf, 0, 0.3)
    np.testing.assert_allclose(below, above, rtol=1e-10)


def test_leaf_without_water_is_closed_and_finite():
    leaf = leaf_parameters(columns_of(VEGETATED))
    for i in range(len(VEGETATED)):
        air = leaf_in_air(leaf, i, 298.16, CO2_400, RHO, 0.008, *stress_leaf(leaf, i, 0.0))
        a_m, epsilon, a_min_d, inverse_drop, series = air
        net, g_0 = leaf_in_light(300.0, a_m, a_m / 9.0, epsilon, a_min_d, inverse_drop)
        assert np.isfinite([net, g_0, series]).all()
        assert abs(net) < 1e-8
