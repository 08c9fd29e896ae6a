"""What Keras lacks, to be pasted into an emitted file that uses it. Never imported."""

import keras
from keras import layers, ops

import tensorflow as tf


def fill(variable, initializer):
    """Draw a variable anew."""
    variable.assign(initializer(variable.shape))


class CaffePooling(layers.Layer):
    """Pooling whose windows may hang over the bottom and right edges, as Caffe rounds up."""

    def __init__(self, pool_size, strides, padding=0, overhang=0, **options):
        super().__init__(**options)
        self.pool_size, self.strides = pool_size, strides
        self.padding, self.overhang = padding, overhang

    def padded(self, x, inside, beyond):
        """x: (N, H, W, C), with `padding` on all sides and `overhang` below and to the right."""
        around = [(0, 0), *((p, p) for p in _pair(self.padding)), (0, 0)]
        after = [(0, 0), *((0, p) for p in _pair(self.overhang)), (0, 0)]
        x = ops.pad(x, around, constant_values=inside)
        return ops.pad(x, after, constant_values=beyond)

    def get_config(self):
        """What load_model makes the layer from."""
        names = ("pool_size", "strides", "padding", "overhang")
        return super().get_config() | {name: getattr(self, name) for name in names}


def _pair(value):
    return (value, value) if isinstance(value, int) else value


@keras.saving.register_keras_serializable("caffe")
class MaxPooling(CaffePooling):
    """Max pooling with Caffe's rounding."""

    def call(self, x):
        """x: (N, H, W, C)."""
        lowest = float("-inf")
        return ops.max_pool(
            self.padded(x, lowest, lowest), self.pool_size, self.strides
        )


@keras.saving.register_keras_serializable("caffe")
class AveragePooling(CaffePooling):
    """Average pooling with Caffe's divisor: padding counts, what lies beyond it does not."""

    def call(self, x):
        """x: (N, H, W, C)."""
        counted = self.padded(ops.ones_like(x[:1, :, :, :1]), 1.0, 0.0)
        return self._mean(self.padded(x, 0.0, 0.0)) / self._mean(counted)

    def _mean(self, x):
        return ops.average_pool(x, self.pool_size, self.strides)


@keras.saving.register_keras_serializable("caffe")
class LRN(layers.Layer):
    """Local response normalisation across channels; Caffe divides alpha by the size."""

    def __init__(self, size=5, alpha=1.0, beta=0.75, k=1.0, **options):
        super().__init__(**options)
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def call(self, x):
        """x: (N, H, W, C)."""
        return tf.nn.local_response_normalization(
            x, self.size // 2, self.k, self.alpha / self.size, self.beta
        )

    def get_config(self):
        """What load_model makes the layer from."""
        names = ("size", "alpha", "beta", "k")
        return super().get_config() | {name: getattr(self, name) for name in names}


@keras.saving.register_keras_serializable("caffe")
class LRNWithinChannel(layers.Layer):
    """LRN within a channel; the mean counts the padding, and k is always 1, as in Caffe."""

    def __init__(self, size=5, alpha=1.0, beta=0.75, **options):
        super().__init__(**options)
        self.size, self.alpha, self.beta = size, alpha, beta

    def call(self, x):
        """x: (N, H, W, C)."""
        side = (self.size // 2, self.size // 2)
        squares = ops.pad(ops.square(x), [(0, 0), side, side, (0, 0)])
        return (
            x * (1 + self.alpha * ops.average_pool(squares, self.size, 1)) ** -self.beta
        )

    def get_config(self):
        """What load_model makes the layer from."""
        return super().get_config() | {
            n: getattr(self, n) for n in ("size", "alpha", "beta")
        }
