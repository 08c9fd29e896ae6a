"""Helpers for normalisation, which Keras lacks: pasted where they are used."""
# mypy: allow-subclassing-any, allow-untyped-decorators

import math
from typing import Any

import keras
import tensorflow as tf
from keras import layers, ops


@keras.saving.register_keras_serializable("caffe")
class LRN(layers.Layer):
    """Local response normalization across channels; alpha is divided by the size."""

    def __init__(
        self,
        size: int = 5,
        alpha: float = 1.0,
        beta: float = 0.75,
        k: float = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.reach, self.alpha, self.beta, self.k = size // 2, alpha / size, beta, k

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return tf.nn.lrn(x, min(self.reach, x.shape[-1]), self.k, self.alpha, self.beta)


@keras.saving.register_keras_serializable("caffe")
class LRNWithinChannel(layers.Layer):
    """Local response normalization within each channel; padding counts, k is 1."""

    def __init__(
        self, size: int = 5, alpha: float = 1.0, beta: float = 0.75, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.size, self.alpha, self.beta = size, alpha, beta

    def call(self, x: tf.Tensor) -> tf.Tensor:
        reach = [min(self.size // 2, n or self.size) for n in x.shape[1:3]]
        sides = [(0, 0), *((side, side) for side in reach), (0, 0)]
        window = [2 * side + 1 for side in reach]
        mean = ops.average_pool(ops.pad(ops.square(x), sides), tuple(window), 1)
        share = math.prod(window) / self.size**2
        return x * (1 + self.alpha * share * mean) ** -self.beta


@keras.saving.register_keras_serializable("caffe")
class MVN(layers.Layer):
    """Mean-variance normalization; eps is added to the deviation, as in Caffe."""

    def __init__(
        self,
        normalize_variance: bool = True,
        across_channels: bool = False,
        eps: float = 1e-9,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.normalize_variance, self.eps = normalize_variance, eps
        self.across_channels = across_channels

    def call(self, x: tf.Tensor) -> tf.Tensor:
        axes = (1, 2, 3) if self.across_channels else (1, 2)
        x = x - ops.mean(x, axes, keepdims=True)
        if not self.normalize_variance:
            return x
        variance = ops.mean(ops.square(x), axes, keepdims=True)
        return x / (root(variance, self.eps) + self.eps)


def root(x: tf.Tensor, eps: float) -> tf.Tensor:
    """The square root y; its gradient is dy / (2 * (y + eps)), as in Caffe."""

    @tf.custom_gradient
    def differentiable(x: tf.Tensor) -> tuple[tf.Tensor, Any]:
        y = ops.sqrt(x)
        return y, lambda dy: dy / (2 * (y + eps))

    return differentiable(x)


@keras.saving.register_keras_serializable("caffe")
class BatchNorm(layers.Layer):
    """Batch normalization with Caffe's moving averages, divided by scale_factor.

    `use_global_stats` uses the averages; None: only at inference.
    """

    def __init__(
        self,
        axis: int = -1,
        fraction: float = 0.999,
        epsilon: float = 1e-5,
        use_global_stats: bool | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.axis, self.fraction, self.epsilon = axis, fraction, epsilon
        self.use_global_stats = use_global_stats

    def build(self, input_shape: tuple[int, ...]) -> None:
        shape, options = (input_shape[self.axis],), {"trainable": False}
        self.mean = self.add_weight(shape, "zeros", name="mean", **options)
        self.variance = self.add_weight(shape, "zeros", name="variance", **options)
        self.scale_factor = self.add_weight(
            (1,), "zeros", name="scale_factor", **options
        )

    def call(self, x: tf.Tensor, training: bool = False) -> tf.Tensor:
        axes = list(range(len(x.shape)))
        axes.pop(self.axis)
        stored = self.use_global_stats
        if not training if stored is None else stored:
            sums = (self.mean, self.variance)
            means = [tf.math.divide_no_nan(s, self.scale_factor) for s in sums]
            mean, variance = (ops.expand_dims(m, axes) for m in means)
        else:
            mean, variance = ops.moments(x, axes, keepdims=True)
            count = ops.cast(ops.size(x) // ops.size(mean), x.dtype)
            unbiased = variance * count / ops.maximum(count - 1, 1)
            self._add(self.mean, ops.squeeze(mean, axes))
            self._add(self.variance, ops.squeeze(unbiased, axes))
            self._add(self.scale_factor, 1.0)
        return (x - mean) / ops.sqrt(variance + self.epsilon)

    def _add(self, total: keras.Variable, new: tf.Tensor | float) -> None:
        total.assign(self.fraction * total + new)


@keras.saving.register_keras_serializable("caffe")
class After(layers.Layer):
    """The first input, computed after the second."""

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        return inputs[0]


@keras.saving.register_keras_serializable("caffe")
class Scale(layers.Layer):
    """Multiplies the last axes by a learned weight.

    `use_bias` adds a learned bias.
    """

    def __init__(
        self, shape: tuple[int, ...], use_bias: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.shape, self.use_bias = tuple(shape), use_bias

    def build(self, _: tuple[int, ...]) -> None:
        self.gamma = self.add_weight(self.shape, "ones", name="gamma")
        self.beta = None
        if self.use_bias:
            self.beta = self.add_weight(self.shape, "zeros", name="beta")

    def call(self, x: tf.Tensor) -> tf.Tensor:
        y = x * self.gamma
        return y if self.beta is None else y + self.beta


@keras.saving.register_keras_serializable("caffe")
class Bias(layers.Layer):
    """Adds a learned bias to the last axes."""

    def __init__(self, shape: tuple[int, ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.shape = tuple(shape)

    def build(self, _: tuple[int, ...]) -> None:
        self.beta = self.add_weight(self.shape, "zeros", name="beta")

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return x + self.beta


@keras.saving.register_keras_serializable("caffe")
class BatchStatistics(layers.Layer):
    """Batch normalization by the batch's own statistics, at inference too."""

    def __init__(self, axis: int = -1, epsilon: float = 1e-5, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis, self.epsilon = axis, epsilon

    def build(self, input_shape: tuple[int, ...]) -> None:
        shape = (input_shape[self.axis],)
        self.gamma = self.add_weight(shape, "ones", name="gamma")
        self.beta = self.add_weight(shape, "zeros", name="beta")

    def call(self, x: tf.Tensor) -> tf.Tensor:
        axes = list(range(len(x.shape)))
        axes.pop(self.axis)
        mean, variance = ops.moments(x, axes)
        return ops.batch_normalization(
            x, mean, variance, self.axis, self.beta, self.gamma, self.epsilon
        )


@keras.saving.register_keras_serializable("caffe")
class L2Normalize(layers.Layer):
    """Each sample divided by its L2 norm; eps is added to the sum of squares."""

    def __init__(self, eps: float = 1e-7, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.eps = eps

    def call(self, x: tf.Tensor) -> tf.Tensor:
        squares = ops.sum(ops.square(x), axis=(1, 2, 3), keepdims=True)
        return x / ops.sqrt(squares + self.eps)
