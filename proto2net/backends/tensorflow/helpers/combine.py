"""Helpers that join or split blobs, which Keras lacks: pasted where they are used."""
# mypy: allow-subclassing-any, allow-untyped-decorators

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops


@keras.saving.register_keras_serializable("caffe")
class Filter(layers.Layer):
    """The rows of the inputs where the last input, the selector, is not 0."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        # How many rows there are is known from the data alone.
        self.supports_jit = False

    def call(self, inputs: list[tf.Tensor]) -> list[tf.Tensor]:
        *filtered, selector = inputs
        keep = ops.reshape(selector, (-1,)) != 0
        return [tf.boolean_mask(x, keep) for x in filtered]


@keras.saving.register_keras_serializable("caffe")
class Parameter(layers.Layer):
    """A learned array as a layer; the input only connects it to the model."""

    def __init__(self, shape: tuple[int, ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.shape = tuple(shape)

    def build(self, _: tuple[int, ...]) -> None:
        self.weight = self.add_weight(self.shape, "zeros", name="weight")

    def call(self, _: tf.Tensor) -> tf.Tensor:
        return ops.convert_to_tensor(self.weight)


def c_rand(count: int) -> list[int]:
    """The first `count` numbers of glibc's rand() with seed 1."""
    state = [1]
    for _ in range(30):
        state.append(16807 * state[-1] % (2**31 - 1))
    state += state[:3]
    for i in range(34, 344 + count):
        state.append((state[i - 3] + state[i - 31]) % 2**32)
    return [value >> 1 for value in state[344:]]


@keras.saving.register_keras_serializable("caffe")
class CompactBilinear(layers.Layer):
    """Compact bilinear pooling: the count sketch of the outer product of two inputs.

    The sketches are convolved by FFT (Gao et al. 2016). The random hashes are Caffe's.
    `sum_pool` sums the result over all positions.
    """

    def __init__(self, outputs: int, sum_pool: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.outputs, self.sum_pool = outputs, sum_pool

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        drawn = c_rand(2 * sum(x.shape[-1] for x in inputs))
        spectra = []
        for x in inputs:
            channels = x.shape[-1]
            hashes = np.zeros((channels, self.outputs), np.float32)
            for channel in range(channels):
                place, sign = drawn[channel], drawn[channels + channel]
                hashes[channel, place % self.outputs] = sign % 2 * 2 - 1
            drawn = drawn[2 * channels :]
            spectra.append(tf.signal.rfft(ops.matmul(x, hashes)))
        z = tf.signal.irfft(spectra[0] * spectra[1], [self.outputs]) * self.outputs
        return ops.sum(z, axis=(1, 2), keepdims=True) if self.sum_pool else z
