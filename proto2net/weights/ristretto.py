"""Rounds what Ristretto's layers have learned (base_ristretto_layer.cpp)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proto2net.backends.numpy.helpers.ristretto import fixed_point, minifloat
from proto2net.layers.ristretto import QuantizationParameter

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray


def rounded(array: Ndarray, blob: str, how: QuantizationParameter) -> Ndarray:
    """A learned blob as the layer uses it."""
    if how.precision == "MINIFLOAT":
        return minifloat(array, how.mant_bits, how.exp_bits)
    if how.precision == "DYNAMIC_FIXED_POINT":
        return fixed_point(array, how.bw_params, *how.fl_params)
    return _power_of_two(array, how.exp_min, how.exp_max) if blob == "weight" else array


def _power_of_two(array: Ndarray, least: int, most: int) -> Ndarray:
    """The nearest powers of two by their exponents; 0 is taken for the least."""
    import numpy as np

    with np.errstate(divide="ignore"):
        exponent = np.log2(np.abs(array))
    nearest = np.copysign(np.floor(np.abs(exponent) + 0.5), exponent)
    sign = np.where(array < 0, np.float32(-1), np.float32(1))
    found: Ndarray = sign * np.exp2(np.clip(nearest, least, most)).astype(np.float32)
    return found
