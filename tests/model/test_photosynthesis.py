"""Canopy integration and light against the worked examples §§12.3 and 12.4, and what must always hold."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ldas.model.canopy_radiation import (
    LAYER_BASE,
    LAYER_THICKNESS,
    LAYERS,
    LEAF_ALBEDO_NIR,
    UPPER_LAYERS,
    canopy_optics,
    diffuse_extinction,
    direct_clumping,
    direct_extinction,
    forward_fraction,
    gauss_light,
    layer_transmission,
    leaf_light,
    sky_diffuse_fraction,
    soil_reflection,
)
from ldas.model.leaf import leaf_parameters
from ldas.model.photosynthesis import (
    PAR_ROOT,
    assimilate_gauss,
    assimilate_multilayer,
    canopy_scratch,
    deficit_at_leaf,
)
from tests.model.vegetation_cases import CO2_400, VEGETATED, canopy_air, canopy_fluxes, columns_of

# type, F2, simple A_n, R_leaf (mg), R_s; multilayer A_n, R_leaf, R_s, FAPAR
CANOPIES = """
C3   1   1.3482 0.1926 107.91 1.0816 0.1926 128.31 0.8198
C3   0.4 1.3305 0.1829  75.90 1.0884 0.1829  89.38 0.8198
C4   1   2.3512 0.4537  94.67 1.6494 0.4537 124.49 0.8019
C4   0.4 1.2684 0.1592 132.91 1.0939 0.1592 150.18 0.8019
GRAS 1   1.1582 0.1479  51.75 0.9877 0.1479  59.18 0.8198
GRAS 0.4 0.5783 0.0655  31.38 0.5479 0.0655  32.90 0.8198
TEBD 1   1.1885 0.1627 136.47 1.0282 0.0408 158.06 0.7744
TEBD 0.4 0.4710 0.0532 318.65 0.4571 0.0133 327.07 0.7744
BONE 1   1.2240 0.1706 141.54 1.0660 0.0428 164.84 0.7879
BONE 0.4 0.8472 0.1116 308.95 0.7523 0.0280 351.46 0.7879
TRBE 1   0.8742 0.1053 123.63 0.8270 0.0264 130.87 0.7395
TRBE 0.4 0.5033 0.0568 203.77 0.4966 0.0142 206.42 0.7395
"""

# layer from the top: I_sun, I_sha, sunlit share
TEBD_LAYERS = """
162.4898   0.0000 0.96994
169.4699  85.5981 0.84542
163.1868 100.0939 0.65361
 92.5540  78.0156 0.50023
 73.3415  58.4934 0.36724
 57.5975  42.6412 0.26578
 45.9257  31.0777 0.19511
 37.8273  23.2889 0.14933
 32.4825  18.4137 0.12201
 44.8985  23.8185 0.10533
"""

NODES = """0.0674683167 0.1602952159 0.2833023029 0.4255628305 0.5744371695 0.7166976971 0.8397047841 0.9325316833
0.9869532642"""


def assimilate(scheme, parameters, air, a_day=None, a_max=None):
    columns = parameters.columns
    fluxes, leaf = canopy_fluxes(columns), leaf_parameters(parameters)
    a_day = np.zeros(columns) if a_day is None else a_day
    a_max = np.zeros(columns) if a_max is None else a_max
    if scheme == "gauss":
        assimilate_gauss(leaf, air, 300.0, fluxes, a_day, a_max)
    else:
        optics = canopy_optics(parameters, np.full(columns, 0.05), np.full(columns, 0.10))
        assimilate_multilayer(leaf, optics, air, 300.0, canopy_scratch(columns), fluxes, a_day, a_max)
    return fluxes


def test_canopies_of_worked_examples():
    rows = [row.split() for row in CANOPIES.strip().splitlines()]
    parameters = columns_of([row[0] for row in rows])
    expected = np.array([[float(x) for x in row[1:]] for row in rows]).T
    air = canopy_air(len(rows), f2=expected[0])
    for scheme, (a_n, r_leaf, r_s) in (("gauss", expected[1:4]), ("multilayer", expected[4:7])):
        fluxes = assimilate(scheme, parameters, air)
        np.testing.assert_allclose(fluxes.a_n * 1e6, a_n, atol=0.6e-4)
        np.testing.assert_allclose(fluxes.r_leaf * 1e6, r_leaf, atol=0.6e-4)
        np.testing.assert_allclose(fluxes.r_s, r_s, atol=0.6e-2)
        np.testing.assert_allclose(fluxes.gpp, fluxes.a_n + fluxes.r_leaf, rtol=1e-14)
    np.testing.assert_allclose(fluxes.fapar, expected[7], atol=0.6e-4)


def test_light_in_ten_layers():
    """§12.4: TEBD, LAI 4, SW 600, zenith 40 degrees, vegetation albedo 0.05, soil albedo 0.10."""
    parameters = columns_of(["TEBD"])
    optics = canopy_optics(parameters, np.array([0.05]), np.array([0.10]))
    lai, sw, zenith = 4.0, 600.0, np.deg2rad(40.0)
    mu, top = np.cos(zenith), 0.48 * sw
    f_sky = sky_diffuse_fraction(sw, mu)
    assert f_sky == pytest.approx(0.5025060, abs=0.6e-7)
    omegas = direct_clumping(zenith, 1.0, 4.0)
    direct = direct_extinction(mu, PAR_ROOT)
    tau, f_d, above, total = 1.0, 0.0, 0.0, 0.0
    for layer, row in zip(reversed(range(LAYERS)), TEBD_LAYERS.strip().splitlines(), strict=True):
        i_sun, i_shade, share = map(float, row.split())
        upper = UPPER_LAYERS[layer]
        omega = omegas[0] if upper else omegas[1]
        diffuse = (optics.diffuse_top if upper else optics.diffuse_bottom)[0]
        f_above = f_d
        f_d = forward_fraction(LAYER_BASE[layer], omega * lai, mu, f_sky) if upper else f_d
        tau *= layer_transmission(LAYER_THICKNESS[layer] * lai, f_d, direct * omega, diffuse)
        intercepted = 0.95 * (1.0 - tau) * top
        if layer == 0:
            intercepted += soil_reflection(0.05, 0.10, diffuse, lai) * tau * top
        absorbed, above = intercepted - above, intercepted
        total += absorbed
        found = leaf_light(absorbed, LAYER_THICKNESS[layer], lai, parameters.lai_shade[0], f_above, tau)
        assert found[0] == pytest.approx(i_sun, abs=0.6e-4)
        assert found[1] == pytest.approx(i_shade, abs=0.6e-4)
        assert found[2] == pytest.approx(share, abs=0.6e-5)
    assert total / top == pytest.approx(0.8584914, abs=0.6e-7)


def test_diffuse_extinction():
    assert diffuse_extinction(0.15) == pytest.approx(0.9593926, abs=0.6e-7)
    assert diffuse_extinction(LEAF_ALBEDO_NIR) == pytest.approx(0.6180340, abs=0.6e-7)


def test_layers_cover_the_canopy():
    assert LAYER_BASE[0] == 0.0
    assert sum(LAYER_THICKNESS) == pytest.approx(1.0, abs=1e-15)
    np.testing.assert_allclose(LAYER_BASE[1:], [float(x) for x in NODES.split()], atol=0.6e-10)
    assert UPPER_LAYERS == (False,) * 7 + (True,) * 3


def test_simple_scheme_gives_the_full_light_at_the_top():
    assert gauss_light(288.0, 0.7, 0.0) == pytest.approx(288.0, rel=1e-15)
    assert gauss_light(288.0, 0.7, 3.0) < gauss_light(288.0, 0.7, 1.0)


def test_deficit_uses_the_previous_evaporation():
    assert deficit_at_leaf(0.0197, 0.012, 1.2, 0.0, 100.0) == pytest.approx(0.0077)
    assert deficit_at_leaf(0.0197, 0.012, 1.2, 100.0, 50.0) == pytest.approx(0.0077 - 5000.0 / (1.2 * 2.5008e6))
    assert deficit_at_leaf(0.01, 0.012, 1.2, 0.0, 100.0) == 0.0


@pytest.mark.parametrize("scheme", ["gauss", "multilayer"])
def test_accumulators_and_night(scheme):
    """A_day takes the negative night values, a_max keeps the best canopy mean."""
    parameters = columns_of(["C3", "TEBD"])
    a_day, a_max = np.zeros(2), np.full(2, 1e-8)
    day = assimilate(scheme, parameters, canopy_air(2, exposed=0.5), a_day, a_max)
    np.testing.assert_allclose(a_day, 300.0 * day.a_n, rtol=1e-14)
    np.testing.assert_allclose(a_max, day.a_n / (1.2 * 0.5 * 3.0), rtol=1e-14)
    best = a_max.copy()
    night = assimilate(scheme, parameters, canopy_air(2, sw=0.0, zenith=1.8), a_day, a_max)
    assert (night.a_n < 0.0).all()
    np.testing.assert_allclose(night.a_n, -night.r_leaf, rtol=1e-12)
    np.testing.assert_allclose(a_day, 300.0 * (day.a_n + night.a_n), rtol=1e-13)
    np.testing.assert_array_equal(a_max, best)
    assert (night.fapar == 0.0).all()


def test_columns_without_vegetation_are_inert():
    parameters = columns_of(["NO", "ROCK", "SNOW"])
    for scheme in ("gauss", "multilayer"):
        a_day = np.zeros(3)
        fluxes = assimilate(scheme, parameters, canopy_air(3, lai=0.0), a_day)
        assert (fluxes.r_s == 5000.0).all()
        assert not fluxes.a_n.any() and not fluxes.gpp.any() and not fluxes.r_leaf.any() and not a_day.any()


@settings(max_examples=60, deadline=None)
@given(
    t_s=st.floats(210.0, 335.0),
    deficit=st.floats(0.0, 0.15),
    rho=st.floats(0.5, 1.6),
    ppm=st.floats(100.0, 3000.0),
    sw=st.one_of(st.just(0.0), st.floats(1e-6, 1400.0)),
    zenith=st.floats(0.0, 1.5607963267948966),
    f2=st.one_of(st.just(0.0), st.floats(0.0, 1.0)),
    lai=st.floats(0.3, 12.0),
    exposed=st.floats(0.0, 1.0),
)
@example(
    t_s=228.0, deficit=0.0, rho=1.0, ppm=100.0, sw=0.0, zenith=0.0, f2=2.225073858507203e-309, lai=1.0, exposed=0.0
)
def test_fluxes_stay_in_bounds(t_s, deficit, rho, ppm, sw, zenith, f2, lai, exposed):
    parameters = columns_of(VEGETATED)
    air = canopy_air(
        len(VEGETATED),
        t_s=t_s,
        deficit=deficit,
        rho=rho,
        co2=CO2_400 * ppm / 400.0,
        sw=sw,
        zenith=zenith if sw > 0.0 else zenith + 1.58,
        f2=f2,
        lai=lai,
        exposed=exposed,
    )
    for scheme in ("gauss", "multilayer"):
        fluxes = assimilate(scheme, parameters, air)
        for name, values in fluxes._asdict().items():
            assert np.isfinite(values).all(), name
        assert ((fluxes.r_s >= 1e-4) & (fluxes.r_s <= 5000.0)).all()
        assert (fluxes.gpp >= -1e-15).all()
        assert (fluxes.r_leaf >= 0.0).all()
        assert (fluxes.a_n <= 1e-5).all()
        assert ((fluxes.fapar >= 0.0) & (fluxes.fapar <= 1.0)).all()
