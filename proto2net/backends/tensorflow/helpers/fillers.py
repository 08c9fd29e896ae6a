"""How learned arrays start, where Keras lacks it: pasted where it is used."""
# mypy: allow-subclassing-any, allow-untyped-decorators

import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import initializers, ops


@keras.saving.register_keras_serializable("caffe")
class SparseNormal(initializers.RandomNormal):
    """A normal distribution; each element is kept with a probability, else 0."""

    def __init__(self, share: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.share = share

    def __call__(self, shape: tuple[int, ...], dtype: str | None = None) -> tf.Tensor:
        # One draw for both: two with the same seed would depend on each other.
        drawn = super().__call__((2, *shape), dtype)
        chance = (1 + ops.erf((drawn[1] - self.mean) / (self.stddev * 2**0.5))) / 2
        return ops.where(chance < self.share, drawn[0], 0.0)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "share": self.share}


@keras.saving.register_keras_serializable("caffe")
class PositiveUnitball(initializers.RandomUniform):
    """Positive values that sum to 1 along the axes."""

    def __init__(self, axes: tuple[int, ...], seed: Any = None) -> None:
        super().__init__(0.0, 1.0, seed)
        self.axes = tuple(axes)

    def __call__(self, shape: tuple[int, ...], dtype: str | None = None) -> tf.Tensor:
        drawn = super().__call__(shape, dtype)
        return drawn / ops.sum(drawn, self.axes, keepdims=True)

    def get_config(self) -> dict[str, Any]:
        return {"axes": self.axes, "seed": self._init_seed}


@keras.saving.register_keras_serializable("caffe")
class Bilinear(initializers.Initializer):
    """The kernel of bilinear upsampling, over two axes."""

    def __init__(self, axes: tuple[int, int] = (0, 1)) -> None:
        self.axes = tuple(axes)

    def __call__(self, shape: tuple[int, ...], dtype: str | None = None) -> tf.Tensor:
        size = shape[self.axes[0]]
        half = math.ceil(size / 2)
        profile = 1 - np.abs(np.arange(size) / half - (size - 1) / (2 * half))
        others = [axis for axis in range(len(shape)) if axis not in self.axes]
        kernel = np.expand_dims(np.outer(profile, profile), others)
        return ops.cast(np.broadcast_to(kernel, shape), dtype or "float32")

    def get_config(self) -> dict[str, Any]:
        return {"axes": self.axes}


@keras.saving.register_keras_serializable("caffe")
class ChannelDiagonal(initializers.Initializer):
    """A convolution that averages each channel and multiplies it by its own value."""

    def __init__(self, values: list[float]) -> None:
        self.values = list(values)

    def __call__(self, shape: tuple[int, ...], dtype: str | None = None) -> tf.Tensor:
        kernel = np.zeros(shape)
        for channel, value in enumerate(self.values):
            kernel[..., channel, channel] = value / math.prod(shape[:-2])
        return ops.cast(kernel, dtype or "float32")

    def get_config(self) -> dict[str, Any]:
        return {"values": self.values}


def fill(variable: keras.Variable, initializer: initializers.Initializer) -> None:
    """Fill a variable with values of this initializer."""
    variable.assign(initializer(variable.shape))
