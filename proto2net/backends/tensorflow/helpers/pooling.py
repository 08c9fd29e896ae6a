"""Helpers for poolings, which Keras lacks: pasted where they are used."""
# mypy: allow-subclassing-any, allow-untyped-decorators

import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops


class CaffePooling(layers.Layer):
    """The base of poolings with Caffe's windows, whose count is rounded up."""

    def __init__(
        self,
        pool_size: int | tuple[int, ...],
        strides: int | tuple[int, ...],
        padding: int | tuple[int | tuple[int, int], ...] = 0,
        overhang: int | tuple[int, ...] = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.pool_size, self.strides = pair(pool_size), pair(strides)
        self.padding, self.overhang = both_sides(padding), pair(overhang)

    def padded(self, x: tf.Tensor, value: float) -> tf.Tensor:
        """Pad (N, H, W, C), and add what the last windows overhang."""
        sides = [(0, 0)]
        for n, k, _, (before, after), over in self._axes(x):
            missing = k - n - before - after if isinstance(n, int) else 0
            sides.append((before, after + max(min(over, k - 1), missing)))
        return ops.pad(x, [*sides, (0, 0)], constant_values=value)

    def fitted(self, y: tf.Tensor, x: tf.Tensor, value: float) -> tf.Tensor:
        """Pad to Caffe's number of windows; those past the image are empty."""
        ends: list[tuple[int, int | tf.Tensor]] = [(0, 0)]
        for axis, (n, k, s, pads, over) in enumerate(self._axes(x), 1):
            count = (n + sum(pads) + over - k) // s + 1
            if isinstance(n, int) and count < 1:
                y = tf.gather(y, tf.range(0), axis=axis)
            ends.append((0, count - ops.shape(y)[axis] if over >= k else 0))
        return tf.pad(y, [*ends, (0, 0)], constant_values=value)

    def _axes(self, x: tf.Tensor) -> Any:
        """Size, kernel, stride, padding and overhang of each axis."""
        options = (self.pool_size, self.strides, self.padding, self.overhang)
        return zip(ops.shape(x)[1:-1], *options, strict=True)


def pair(value: int | tuple[int, ...]) -> tuple[int, ...]:
    """The value for the height and for the width, or those of each axis."""
    return (value, value) if isinstance(value, int) else value


def both_sides(
    padding: int | tuple[int | tuple[int, int], ...],
) -> list[tuple[int, int]]:
    """The padding (before, after) of each axis; a single number pads both sides."""
    axes = (padding, padding) if isinstance(padding, int) else padding
    return [(p, p) if isinstance(p, int) else p for p in axes]


@keras.saving.register_keras_serializable("caffe")
class PadLowest(layers.Layer):
    """Pads with the lowest float, which max pooling ignores."""

    def __init__(self, padding: tuple[tuple[int, int], ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.padding = padding

    def call(self, x: tf.Tensor) -> tf.Tensor:
        sides = [(0, 0), *self.padding, (0, 0)]
        return ops.pad(x, sides, constant_values=float(np.finfo("float32").min))


@keras.saving.register_keras_serializable("caffe")
class MaxPooling(CaffePooling):
    """Max pooling with Caffe's windows; an empty window gives the lowest float."""

    def call(self, x: tf.Tensor) -> tf.Tensor:
        lowest = float(np.finfo(np.float32).min)
        y = ops.max_pool(self.padded(x, lowest), self.pool_size, self.strides)
        return self.fitted(y, x, lowest)


@keras.saving.register_keras_serializable("caffe")
class MaxPoolingWithMask(CaffePooling):
    """Max pooling, and the flat index of each maximum in its plane; -1 if none."""

    def build(self, _: tuple[int, ...]) -> None:
        self.supports_jit = False  # XLA has no max_pool_with_argmax

    def call(self, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        lowest = float(np.finfo(np.float32).min)
        padded = self.padded(x, lowest)
        y, index = tf.nn.max_pool_with_argmax(
            padded, self.pool_size, self.strides, "VALID"
        )
        _, _, width, channels = ops.shape(padded)
        place = ops.cast(index, "int32") // channels
        (top, _), (left, _) = self.padding
        row, column = place // width - top, place % width - left
        mask = ops.where(y > lowest, row * ops.shape(x)[2] + column, -1)
        mask = ops.cast(mask, x.dtype)
        return self.fitted(y, x, lowest), self.fitted(mask, x, -1.0)


@keras.saving.register_keras_serializable("caffe")
class AveragePooling(CaffePooling):
    """Average pooling with Caffe's windows; padding counts, overhang does not."""

    def call(self, x: tf.Tensor) -> tf.Tensor:
        padded = self.padded(x, 0.0)
        mean = ops.average_pool(padded, self.pool_size, self.strides)
        mean = self.fitted(mean, x, 0.0)
        heights, widths = (self._reach(axis, x, mean) for axis in (0, 1))
        share = self.pool_size[0] * self.pool_size[1]
        return share * mean / (heights[:, None, None] * widths[:, None])

    def _reach(self, axis: int, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        """How long each window is, up to the end of the padding."""
        start = ops.arange(ops.shape(y)[1 + axis]) * self.strides[axis]
        room = ops.shape(x)[1 + axis] + sum(self.padding[axis]) - start
        return ops.cast(ops.minimum(self.pool_size[axis], room), x.dtype)


@keras.saving.register_keras_serializable("caffe")
class VolumeAveragePooling(CaffePooling):
    """Average pooling over three axes with Caffe's divisor: padding counts."""

    def call(self, x: tf.Tensor) -> tf.Tensor:
        padded = self.padded(x, 0.0)
        mean = ops.average_pool(padded, self.pool_size, self.strides)
        mean = self.fitted(mean, x, 0.0)
        for axis, (n, k, s, pads, _) in enumerate(self._axes(x), 1):
            start = ops.arange(ops.shape(mean)[axis]) * s
            reach = ops.cast(ops.minimum(k, n + sum(pads) - start), x.dtype)
            share = k / ops.reshape(reach, (-1, *(1,) * (4 - axis)))
            mean = mean * share
        return mean


@keras.saving.register_keras_serializable("caffe")
class VolumeMaxPoolingWithMask(layers.Layer):
    """Max pooling over three axes, and the flat index of each maximum in its volume."""

    def __init__(
        self,
        pool_size: tuple[int, int, int],
        strides: tuple[int, int, int],
        padding: tuple[int, int, int],
        overhang: tuple[int, int, int],
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        axes = list(zip(pool_size, strides, padding, overhang, strict=True))
        self.planes = MaxPoolingWithMask(*zip(*axes[1:], strict=True))
        self.depth = MaxPoolingWithMask(*zip(axes[0], (1, 1, 0, 0), strict=True))

    def call(self, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        batch, length, height, width, channels = ops.shape(x)
        planes = ops.reshape(x, (-1, height, width, channels))
        y, place = self.planes(planes)
        rows, columns = ops.shape(y)[1:3]
        stacks = ops.reshape(y, (batch, length, rows * columns, channels))
        y, plane = self.depth(stacks)
        size = (batch, -1, rows, columns, channels)
        index = ops.cast(ops.reshape(plane, (batch, -1, channels)), "int32")
        place = ops.reshape(place, (batch, -1, channels))
        found = ops.take_along_axis(place, ops.maximum(index, 0), axis=1)
        depth = ops.cast(index // (rows * columns) * height * width, x.dtype)
        mask = ops.where(index < 0, -1.0, depth + found)
        return ops.reshape(y, size), ops.reshape(mask, size)


@keras.saving.register_keras_serializable("caffe")
class AveragePoolingInside(AveragePooling):
    """Average pooling in which padding does not count."""

    def _reach(self, axis: int, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        """How much of each window is in the image."""
        start = ops.arange(ops.shape(y)[1 + axis]) * self.strides[axis]
        start -= self.padding[axis][0]
        end = ops.minimum(start + self.pool_size[axis], ops.shape(x)[1 + axis])
        return ops.cast(ops.maximum(end - ops.maximum(start, 0), 0), x.dtype)


@keras.saving.register_keras_serializable("caffe")
class StochasticPooling(CaffePooling):
    """Stochastic pooling: a random element of each window; its mean at inference."""

    def build(self, _: tuple[int, ...]) -> None:
        self.seed = keras.random.SeedGenerator()

    def call(self, x: tf.Tensor, training: bool = False) -> tf.Tensor:
        windows = tf.image.extract_patches(
            self.padded(x, 0.0),
            [1, *self.pool_size, 1],
            [1, *self.strides, 1],
            [1, 1, 1, 1],
            "VALID",
        )
        windows = self.fitted(windows, x, 0.0)
        shape = ops.shape(windows)[:3]
        windows = ops.reshape(windows, (*shape, math.prod(self.pool_size), x.shape[3]))
        total = ops.sum(windows, axis=3)
        if not training:
            squares = ops.sum(ops.square(windows), axis=3)
            return tf.math.divide_no_nan(squares, ops.maximum(total, 0))
        mark = keras.random.uniform((*shape, x.shape[3]), seed=self.seed) * total
        reached = ops.cumsum(windows, axis=3) >= mark[:, :, :, None]
        drawn = ops.argmax(ops.cast(reached, "int32"), axis=3, keepdims=True)
        return ops.take_along_axis(windows, drawn, axis=3)[:, :, :, 0]


@keras.saving.register_keras_serializable("caffe")
class GlobalMaxPooling(layers.Layer):
    """Global max pooling; among ties, only the first gets the gradient."""

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return first_maximum(x)[:, None, None]


def first_maximum(x: tf.Tensor) -> tf.Tensor:
    """The maximum of each plane; among ties, only the first gets the gradient."""
    planes = ops.reshape(x, (ops.shape(x)[0], -1, x.shape[3]))
    place = ops.argmax(planes, axis=1, keepdims=True)
    return ops.take_along_axis(planes, place, axis=1)[:, 0]


@keras.saving.register_keras_serializable("caffe")
class SpatialPyramidPooling(layers.Layer):
    """Spatial pyramid pooling: 1, 4, 16, ... bins of any image, concatenated."""

    def __init__(self, height: int, average: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.height, self.average = height, average

    def call(self, x: tf.Tensor) -> tf.Tensor:
        levels = [self._level(x, 2**level) for level in range(self.height)]
        return ops.concatenate(levels, axis=1)

    def _level(self, x: tf.Tensor, bins: int) -> tf.Tensor:
        rows, columns = (self._bins(ops.shape(x)[axis], bins) for axis in (1, 2))
        pooled = [self._pool(x, *row, *column) for row in rows for column in columns]
        return ops.reshape(ops.stack(pooled, axis=2), (-1, x.shape[3] * bins**2))

    def _bins(self, size: int, bins: int) -> list[tuple[int, int]]:
        """The start and the end of each bin; the outer ones may overhang."""
        kernel = -(-size // bins)
        padding = (kernel * bins - size + 1) // 2
        starts = [index * kernel - padding for index in range(bins)]
        return [(s, ops.minimum(s + kernel, size + padding)) for s in starts]

    def _pool(
        self, x: tf.Tensor, top: int, bottom: int, left: int, right: int
    ) -> tf.Tensor:
        inside = x[:, ops.maximum(top, 0) : bottom, ops.maximum(left, 0) : right]
        if not self.average:
            return first_maximum(inside)
        count = ops.cast((bottom - top) * (right - left), x.dtype)
        return ops.sum(inside, axis=(1, 2)) / count
