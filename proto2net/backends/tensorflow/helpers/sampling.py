"""What Keras lacks to sample images at computed places, to be pasted into an emitted
file.
"""
# mypy: allow-subclassing-any, allow-untyped-decorators

import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from proto2net.backends.tensorflow.helpers.flow import (
    sample_bilinear,
    sample_zero_padded,
)


@keras.saving.register_keras_serializable("caffe")
class SpatialTransformer(layers.Layer):
    """Samples an image bilinearly at an affine map of a grid; it is 0 outside.

    Row i of n is at 2 * i / n - 1, and so are columns; rows come first in theta.

    `preset` has the fixed elements of theta, and None for each that is computed.
    """

    def __init__(
        self,
        size: tuple[int, int],
        preset: tuple[float | None, ...] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.size, self.preset = size, preset

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        image, theta = inputs
        if self.preset:
            theta = with_preset(theta, self.preset)
        axes = (np.arange(n, dtype=np.float32) * 2 / n - 1 for n in self.size)
        rows, columns = np.meshgrid(*axes, indexing="ij")
        points = np.stack([rows, columns, np.ones_like(rows)], -1).reshape(-1, 3)
        maps = ops.reshape(theta, (-1, 2, 3))
        place = points.astype(np.float32) @ ops.transpose(maps, (0, 2, 1))
        place = (place + 1) / 2 * ops.cast(ops.shape(image)[1:3], place.dtype)
        place = ops.reshape(ops.flip(place, -1), (-1, *self.size, 2))
        return sample_zero_padded(image, place)


def with_preset(theta: tf.Tensor, preset: tuple[float | None, ...]) -> tf.Tensor:
    """Insert the fixed elements of an affine map; None stands for a computed one."""
    theta = ops.reshape(theta, (-1, preset.count(None)))
    computed = iter(ops.unstack(theta, axis=1))
    columns = [
        next(computed) if value is None else ops.full_like(theta[:, 0], value)
        for value in preset
    ]
    return ops.stack(columns, axis=1)


@keras.saving.register_keras_serializable("caffe")
class DeformConv2D(layers.Layer):
    """A deformable convolution: each tap samples the image at an offset (Dai 2017).

    The last pixels are repeated up to the edge of the image; it is 0 outside.

    `offset_groups` counts the groups of channels that have offsets of their own.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: tuple[int, int],
        strides: int | tuple[int, ...] = 1,
        padding: int | tuple[int, ...] = 0,
        dilation_rate: int | tuple[int, ...] = 1,
        groups: int = 1,
        offset_groups: int = 1,
        use_bias: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filters, self.kernel_size, self.strides = filters, kernel_size, strides
        self.padding, self.dilation_rate = padding, dilation_rate
        self.groups, self.offset_groups = groups, offset_groups
        self.use_bias = use_bias

    def build(self, input_shape: list[tuple[int, ...]]) -> None:
        channels = input_shape[0][-1] // self.groups
        shape = (*self.kernel_size, channels, self.filters)
        self.kernel = self.add_weight(shape, name="kernel")
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight((self.filters,), "zeros", name="bias")

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        columns = self._columns(*inputs)
        kernel = ops.reshape(self.kernel, (-1, *self.kernel.shape[2:]))
        groups = zip(
            ops.split(columns, self.groups, axis=-1),
            ops.split(kernel, self.groups, axis=-1),
            strict=True,
        )
        y = ops.concatenate(
            [ops.einsum("nhwkc,kco->nhwo", *group) for group in groups], axis=-1
        )
        return y if self.bias is None else y + self.bias

    def _columns(self, x: tf.Tensor, offset: tf.Tensor) -> tf.Tensor:
        """What each tap samples: (batch, height, width, taps, channels)."""
        moved = ops.split(offset, self.offset_groups, axis=-1)
        images = ops.split(x, self.offset_groups, axis=-1)
        size, taps = ops.shape(offset)[1:3], math.prod(self.kernel_size)
        shape = (-1, *size, taps, 2)
        start = index_grid(*size)[:, :, None] * self.strides - np.array(self.padding)
        tap = np.indices(self.kernel_size).reshape(2, -1).T * self.dilation_rate
        place = ops.cast(start + tap, offset.dtype)
        return ops.concatenate(
            [
                sample_inside(image, place + ops.reshape(each, shape))
                for image, each in zip(images, moved, strict=True)
            ],
            axis=-1,
        )


def index_grid(height: int, width: int) -> tf.Tensor:
    """The row and the column of each place."""
    grid = ops.meshgrid(ops.arange(height), ops.arange(width), indexing="ij")
    return ops.stack(grid, axis=-1)


def sample_inside(image: tf.Tensor, place: tf.Tensor) -> tf.Tensor:
    """Sample images bilinearly at coordinates (row, column); they are 0 outside.

    The last pixels are repeated up to the edge.
    """
    size = ops.cast(ops.shape(image)[1:3], place.dtype)
    inside = ops.all((place >= 0) & (place < size), axis=-1, keepdims=True)
    place = ops.flip(ops.where(inside, place, 0), axis=-1)
    return ops.where(inside, sample_bilinear(image, place), 0)
