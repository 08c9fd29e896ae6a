"""Rounding as Ristretto has it, to be pasted into an emitted file that uses it."""

# mypy: disable-error-code="no-any-return"
# Many of NumPy's functions are typed to return Any.

import numpy as np


def fixed_point(x: np.ndarray, bits: int, fraction: int) -> np.ndarray:
    """Round to fixed-point numbers of `bits` bits, `fraction` of them fractional.

    Source: Ristretto's base_ristretto_layer.cpp.
    """
    step = np.float32(2.0**-fraction)
    limit = 2 ** (bits - 1)
    x = np.clip(x, np.float32(-limit * step), np.float32((limit - 1) * step)) / step
    whole = np.trunc(x)
    return (whole + np.trunc(2 * (x - whole))) * step  # halves go away from 0


def minifloat(x: np.ndarray, mantissa: int, exponent: int) -> np.ndarray:
    """Round to floats of fewer bits, up to the first value that underflows.

    That one becomes 0, and Ristretto leaves the rest of the batch as it is.
    Source: Ristretto's base_ristretto_layer.cpp.
    """
    step = 2 ** (23 - mantissa)
    bits = np.ascontiguousarray(x).view(np.int32) + step // 2
    bits, power = bits & -step, 2 ** (exponent - 1)
    top = 2.0**power
    rounded = bits.view(np.float32)
    if exponent < 8:  # else no float is too large
        largest = np.copysign(np.float32((2 - 2.0**-mantissa) * top), x)
        rounded = np.where(np.abs(x) >= np.float32(2 * top), largest, rounded)
    small = np.abs(x) < 2.0 ** max(1 - power, -126)
    passed = small.cumsum().reshape(x.shape)
    rounded = np.where(passed == 0, rounded, x)
    return np.where(small & (passed == 1), np.float32(0), rounded)
