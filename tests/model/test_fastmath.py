"""The polynomial functions: their coefficients are those of the interpolation, their errors those stated."""

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp, mpf

from ldas.model import fastmath, soil_water
from ldas.model.constants import T_T
from ldas.model.kernel import kernel


@kernel
def apply_exp(x, result):
    for i in range(x.shape[0]):
        result[i] = fastmath.exp(x[i])


@kernel
def apply_log(x, result):
    for i in range(x.shape[0]):
        result[i] = fastmath.log(x[i])


@kernel
def apply_power(x, y, result):
    for i in range(x.shape[0]):
        result[i] = fastmath.power(x[i], y[i])


@kernel
def apply_warmth(t, result):
    for i in range(t.shape[0]):
        result[i] = soil_water.diffusion_warmth(t[i])


def applied(function, *arguments):
    result = np.empty_like(arguments[0])
    function(*arguments, result)
    return result


def largest_error_in_ulp(found, exact):
    """Largest |found - exact| in units of the last place of the exact value; `exact` are mpmath numbers."""
    return max(
        abs(mpf(float(a)) - b) / mpf(float(np.spacing(abs(float(b))))) for a, b in zip(found, exact, strict=True)
    )


def interpolated(function, low, high, degree):
    """Coefficients, lowest degree first, of the interpolant of `function` in the Chebyshev nodes of [low, high]."""
    count = degree + 1
    nodes = [
        (low + high) / 2 + (high - low) / 2 * mpmath.cos(mpmath.pi * (2 * k + 1) / (2 * count)) for k in range(count)
    ]
    matrix = mpmath.matrix(count, count)
    for row, node in enumerate(nodes):
        for column in range(count):
            matrix[row, column] = node**column
    return [float(c) for c in mpmath.lu_solve(matrix, mpmath.matrix([function(node) for node in nodes]))]


def test_coefficients_are_the_chebyshev_interpolants():
    with mp.workdps(40):
        assert interpolated(mpmath.exp, -mpf("0.347"), mpf("0.347"), 11) == list(fastmath.EXP_SERIES)

        def tail(z):
            s = mpmath.sqrt(z)
            return 2 * (mpmath.atanh(s) - s) / s**3

        assert interpolated(tail, mpf(0), mpf("0.172") ** 2, 6) == list(fastmath.LOG_SERIES)


def test_two_parts_of_ln2():
    with mp.workdps(40):
        assert abs(mpf(fastmath.LN2_HIGH) + mpf(fastmath.LN2_LOW) - mpmath.log(2)) < mpf("2e-26")
    assert (1075 * fastmath.LN2_HIGH) / fastmath.LN2_HIGH == 1075


@pytest.mark.parametrize("span", [(-708.0, 709.0), (-1.0, 1.0), (-1e-8, 1e-8)])
def test_exp_within_its_bound(span):
    x = np.random.default_rng(1).uniform(*span, 3000)
    with mp.workdps(30):
        assert largest_error_in_ulp(applied(apply_exp, x), [mpmath.exp(mpf(float(v))) for v in x]) < 0.85


@pytest.mark.parametrize("span", [(-690.0, 700.0), (-2.0, 2.0), (-1e-3, 1e-3)])
def test_log_within_its_bound(span):
    x = np.exp(np.random.default_rng(2).uniform(*span, 3000))
    x = x[x != 1.0]
    with mp.workdps(30):
        assert largest_error_in_ulp(applied(apply_log, x), [mpmath.log(mpf(float(v))) for v in x]) < 2.0


def test_power_within_its_bound():
    random = np.random.default_rng(3)
    x, y = random.uniform(1e-3, 1.0, 3000), random.uniform(-12.0, 27.0, 3000)
    with mp.workdps(30):
        exact = [mpf(float(a)) ** mpf(float(b)) for a, b in zip(x, y, strict=True)]
        found = applied(apply_power, x, y)
        assert max(abs(mpf(float(a)) / b - 1) for a, b in zip(found, exact, strict=True)) < 2e-14


def test_exact_values_and_saturation():
    assert fastmath.exp(0.0) == 1.0
    assert fastmath.log(1.0) == 0.0
    assert fastmath.power(0.37, 0.0) == 1.0
    assert fastmath.exp(1e4) == fastmath.exp(709.0) < np.inf
    assert fastmath.exp(-1e4) == fastmath.exp(-708.0) > 0.0


@given(st.floats(-700.0, 700.0))
def test_log_inverts_exp(x):
    assert fastmath.log(fastmath.exp(x)) == pytest.approx(x, rel=1e-15, abs=4e-16)


def test_loops_hold_vector_code_and_no_calls():
    x = np.linspace(0.1, 1.0, 8)
    for function, arguments in ((apply_exp, (x,)), (apply_log, (x,)), (apply_power, (x, x.copy()))):
        function(*arguments, np.empty_like(x))
        function.recompile()  # code from the cache has no text
        module = next(iter(function.inspect_llvm().values()))
        assert "x double>" in module, "the loop was not vectorised"
        assert "@llvm.exp" not in module and "@exp(" not in module


def test_only_written_products_are_fused():
    """LLVM's choice of a product to fuse differs between compilations, so it must have none."""

    @kernel
    def cross(a, b, c, d, result):
        for i in range(a.shape[0]):
            result[i] = a[i] * b[i] + c[i] * d[i]

    rows = np.random.default_rng(5).random((4, 64))
    found = np.zeros(64)
    cross(*rows, found)
    assert np.array_equal(found, rows[0] * rows[1] + rows[2] * rows[3])


def test_diffusion_grows_with_the_power_of_the_temperature():
    with mp.workdps(40):
        series = interpolated(lambda y: (1 + y) ** mpf("1.88"), -mpf("0.3"), mpf("0.3"), 13)
    assert series == list(soil_water.WARMTH_SERIES)
    t = np.linspace(0.7 * T_T, 1.3 * T_T, 20001)
    assert applied(apply_warmth, t) == pytest.approx((t / T_T) ** 1.88, rel=3e-15)
    outside = applied(apply_warmth, np.array([100.0, 0.7 * T_T, 1.3 * T_T, 400.0]))
    assert outside[[0, 3]] == pytest.approx(outside[[1, 2]], rel=1e-15)
