"""What Keras lacks for layers that tell faces, to be pasted into emitted files. Never
imported.
"""
# mypy: allow-subclassing-any, allow-untyped-decorators

from typing import Any

import keras
import tensorflow as tf
from keras import layers, ops

from proto2net.backends.tensorflow.helpers.normalize import Scale


def unit_columns(kernel: tf.Tensor, eps: float = 1e-6, axis: int = 0) -> tf.Tensor:
    """Each column, or each row, of a matrix, L2-normalized."""
    squares = ops.sum(ops.square(kernel), axis, keepdims=True)
    return kernel / ops.sqrt(squares + eps)


@keras.saving.register_keras_serializable("caffe")
class UnitDense(layers.Dense):
    """Dense with L2-normalized weights of each output."""

    def __init__(self, units: int, eps: float = 1e-6, **kwargs: Any) -> None:
        super().__init__(units, **kwargs)
        self.eps = eps

    def call(self, x: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        y = ops.matmul(x, unit_columns(self.kernel, self.eps))
        y = y + self.bias if self.use_bias else y
        return self.activation(y) if self.activation else y

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "eps": self.eps}


@keras.saving.register_keras_serializable("caffe")
class BoundedScale(Scale):
    """Scale whose weight is clamped to [low, high] before use."""

    def __init__(
        self,
        shape: tuple[int, ...],
        low: float | None = None,
        high: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(shape, **kwargs)
        self.low, self.high = low, high

    def call(self, x: tf.Tensor) -> tf.Tensor:
        factors = self.gamma
        if self.low is not None:
            factors = ops.maximum(factors, self.low)
        if self.high is not None:
            factors = ops.minimum(factors, self.high)
        return x * factors if self.beta is None else x * factors + self.beta


@keras.saving.register_keras_serializable("caffe")
class InnerDistance(layers.Layer):
    """The distance of each vector to each row.

    `units` is the number of learned rows; 0: the rows are a second input.
    `squared` selects the squared Euclidean distance instead of the L1 distance.
    """

    def __init__(
        self,
        units: int = 0,
        normalize: bool = False,
        squared: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.units, self.normalize, self.squared = units, normalize, squared

    def build(self, shape: Any) -> None:
        if self.units:
            self.weight = self.add_weight(
                shape=(self.units, shape[-1]), initializer="zeros", name="weight"
            )

    def call(self, inputs: tf.Tensor | list[tf.Tensor]) -> tf.Tensor:
        x, rows = (inputs, self.weight) if self.units else inputs
        if self.units and self.normalize:
            rows = unit_columns(rows, axis=1)
        difference = ops.expand_dims(x, 1) - rows
        parts = ops.square(difference) if self.squared else ops.absolute(difference)
        return ops.sum(parts, -1)
