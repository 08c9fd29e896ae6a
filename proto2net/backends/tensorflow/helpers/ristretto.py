"""Rounding as Ristretto has it, to be pasted into an emitted file that uses it."""
# mypy: allow-subclassing-any, allow-untyped-decorators

from typing import Any

import keras
import tensorflow as tf
from keras import layers, ops


@keras.saving.register_keras_serializable("caffe")
class FixedPoint(layers.Layer):
    """Round to fixed-point numbers of `bits` bits, `fraction` of them fractional."""

    def __init__(self, bits: int, fraction: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.bits, self.fraction = bits, fraction

    def call(self, x: tf.Tensor) -> tf.Tensor:
        step, limit = 2.0**-self.fraction, 2 ** (self.bits - 1)
        x = ops.clip(x, -limit * step, (limit - 1) * step) / step
        whole = ops.trunc(x)
        return (whole + ops.trunc(2 * (x - whole))) * step  # halves go away from 0


@keras.saving.register_keras_serializable("caffe")
class Minifloat(layers.Layer):
    """Round to floats of fewer bits, up to the first value that underflows.

    That one becomes 0, and Ristretto leaves the rest of the batch as it is.
    """

    def __init__(self, mantissa: int, exponent: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mantissa, self.exponent = mantissa, exponent

    def call(self, x: tf.Tensor) -> tf.Tensor:
        step = 2 ** (23 - self.mantissa)
        bits = tf.bitwise.bitwise_and(tf.bitcast(x, "int32") + step // 2, -step)
        power = 2 ** (self.exponent - 1)
        top = 2.0**power
        rounded = tf.bitcast(bits, "float32")
        if self.exponent < 8:  # else no float is too large
            largest = ops.sign(x) * ((2 - 2.0**-self.mantissa) * top)
            rounded = ops.where(ops.absolute(x) >= 2 * top, largest, rounded)
        smallest = 2.0 ** max(1 - power, -126)
        small = ops.absolute(x) < smallest
        passed = ops.cumsum(ops.reshape(ops.cast(small, "int32"), (-1,)))
        passed = ops.reshape(passed, ops.shape(x))
        rounded = ops.where(passed == 0, rounded, x)
        return ops.where(ops.logical_and(small, passed == 1), 0.0, rounded)
