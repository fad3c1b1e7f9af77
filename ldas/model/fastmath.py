"""Branch-free exponential, logarithm and power that LLVM turns into vector code (kernel-performance document §3).

Polynomials from Chebyshev interpolation in 40 digits (`tests/model/test_fastmath.py` computes them again). Found
errors: `exp` 0.81 ulp, `log` 1.9 ulp, `power` 1.6e-14 relative for x in [1e-3, 1] and y in [-12, 27], growing as
``|y ln x| 2**-53``. `exp` saturates at exp(-708) and exp(709); `log` and `power` want a positive normal x.
The exponent arithmetic needs helpers without `reassoc`, which is what `ldas.model.kernel.helper` guarantees. Fused
multiply-adds are explicit, so that the bits do not depend on what a compiler fuses.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from ldas.model.kernel import helper

__all__ = ["exp", "fma", "log", "power"]

_intrinsic: Any = intrinsic  # untyped: the compiled call lacks the typing context of the Python signature

INV_LN2 = 1.4426950408889634
LN2_HIGH = float.fromhex("0x1.62e42fee00000p-1")  # 33 bits, so that n * LN2_HIGH is exact
LN2_LOW = 1.9082149292705877e-10
MAGIC = 1.5 * 2.0**52  # adding it rounds to an integer, held in the low bits
EXP_MIN, EXP_MAX = -708.0, 709.0

EXP_SERIES = (
    1.0,
    1.0,
    0.5000000000000019,
    0.1666666666666668,
    0.04166666666648633,
    0.008333333333319464,
    0.0013888888952784725,
    0.00019841269890408497,
    2.480148497989361e-05,
    2.7557240532217283e-06,
    2.763282532538488e-07,
    2.5110180394444085e-08,
)
"""exp(r) on |r| <= 0.347, lowest degree first."""

LOG_SERIES = (
    0.666666666666667,
    0.39999999999896413,
    0.28571428627374523,
    0.22222210906984746,
    0.18182905681960573,
    0.15331172626569906,
    0.14623218382899864,
)
"""(2 atanh(s) - 2 s) / s^3 as a polynomial in s^2 on |s| <= 0.172, lowest degree first."""

MANTISSA_BITS = np.uint64(52)
SQRT_HALF_BITS = np.uint64(0x3FE6A09E667F3BCD)
ONE_EXPONENT = np.uint64(1023 << 52)
MAGIC_BITS = np.uint64(0x4338000000000000)
BIAS = 1023.0


@_intrinsic
def _bits(typing_context: Any, x: Any) -> Any:
    """The 64 bits of a float64 as uint64."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.IntType(64))

    return types.uint64(types.float64), generate


@_intrinsic
def _from_bits(typing_context: Any, bits: Any) -> Any:
    """The float64 of 64 bits."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.DoubleType())

    return types.float64(types.uint64), generate


@_intrinsic
def fma(typing_context: Any, a: Any, b: Any, c: Any) -> Any:
    """a b + c of float64 with one rounding."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fma(*arguments)

    return types.float64(types.float64, types.float64, types.float64), generate


@helper
def exp(x):
    """exp(x) for x in [-708, 709], saturating outside."""
    c = EXP_SERIES
    x = min(max(x, EXP_MIN), EXP_MAX)
    shifted = fma(x, INV_LN2, MAGIC)
    n = shifted - MAGIC
    r = fma(-n, LN2_LOW, fma(-n, LN2_HIGH, x))
    p = fma(r, c[11], c[10])
    p = fma(r, p, c[9])
    p = fma(r, p, c[8])
    p = fma(r, p, c[7])
    p = fma(r, p, c[6])
    p = fma(r, p, c[5])
    p = fma(r, p, c[4])
    p = fma(r, p, c[3])
    p = fma(r, p, c[2])
    p = fma(r, p, c[1])
    p = fma(r, p, c[0])
    return _from_bits(_bits(p) + (_bits(shifted) << MANTISSA_BITS))


@helper
def log(x):
    """ln(x) for a positive normal x."""
    c = LOG_SERIES
    bits = _bits(x)
    biased = (bits - SQRT_HALF_BITS + ONE_EXPONENT) >> MANTISSA_BITS
    n = _from_bits(biased + MAGIC_BITS) - MAGIC - BIAS
    f = _from_bits(bits - (biased << MANTISSA_BITS) + ONE_EXPONENT) - 1.0
    s = f / (2.0 + f)
    z = s * s
    p = fma(z, c[6], c[5])
    p = fma(z, p, c[4])
    p = fma(z, p, c[3])
    p = fma(z, p, c[2])
    p = fma(z, p, c[1])
    p = fma(z, p, c[0])
    return fma(n, LN2_HIGH, fma(2.0, s, fma(s * z, p, n * LN2_LOW)))


@helper
def power(x, y):
    """x**y for a positive normal x, as exp(y ln x)."""
    return exp(y * log(x))
