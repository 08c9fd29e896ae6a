"""Helpers that change the axes of a blob, which Keras lacks: pasted where they are
used.
"""
# mypy: allow-subclassing-any, allow-untyped-decorators

from typing import Any

import keras
import tensorflow as tf
from keras import layers, ops


@keras.saving.register_keras_serializable("caffe")
class Reshape(layers.Layer):
    """Reshapes some axes: 0 copies the input's size, -1 infers the size."""

    def __init__(
        self, shape: tuple[int, ...], axis: int = 0, num_axes: int = -1, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.shape, self.axis, self.num_axes = tuple(shape), axis, num_axes

    def call(self, x: tf.Tensor) -> tf.Tensor:
        size = ops.shape(x)
        end = len(size) if self.num_axes == -1 else self.axis + self.num_axes
        new = [dim or size[axis] for axis, dim in enumerate(self.shape, self.axis)]
        return ops.reshape(x, (*size[: self.axis], *new, *size[end:]))


@keras.saving.register_keras_serializable("caffe")
class Unflatten(layers.Layer):
    """Splits the first axis of the first input into the leading axes of the second."""

    def __init__(self, num_axes: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.num_axes = num_axes

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        x, reference = inputs
        shape = (*ops.shape(reference)[: self.num_axes], *ops.shape(x)[1:])
        return ops.reshape(x, shape)


@keras.saving.register_keras_serializable("caffe")
class Crop(layers.Layer):
    """Crops the first input to the size of the second along some axes.

    `offsets` is where the crop begins along each of them.
    """

    def __init__(
        self, axes: tuple[int, ...], offsets: tuple[int, ...], **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.axes, self.offsets = axes, offsets

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        x, reference = inputs
        cuts = [slice(None)] * len(x.shape)
        for axis, offset in zip(self.axes, self.offsets, strict=True):
            cuts[axis] = slice(offset, offset + ops.shape(reference)[axis])
        return x[tuple(cuts)]


@keras.saving.register_keras_serializable("caffe")
class ArgMax(layers.Layer):
    """The indices of the top_k greatest values, as floats; of ties, the last first.

    `axis` is the axis to search. None searches each whole sample, flattened.
    `out_max_val` adds the values as a second channel; with an axis, it returns them
    instead of the indices.
    """

    def __init__(
        self,
        top_k: int = 1,
        axis: int | None = None,
        out_max_val: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.top_k, self.axis, self.out_max_val = top_k, axis, out_max_val

    def call(self, x: tf.Tensor) -> tf.Tensor:
        if self.axis is not None:
            index, value = self._greatest(ops.moveaxis(x, self.axis, -1))
            return ops.moveaxis(value if self.out_max_val else index, -1, self.axis)
        index, value = self._greatest(ops.reshape(x, (ops.shape(x)[0], -1)))
        tops = ops.stack([index, value] if self.out_max_val else [index], axis=1)
        return ops.expand_dims(tops, list(range(3, len(x.shape))))

    def _greatest(self, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        value, index = ops.top_k(ops.flip(x, -1), self.top_k)
        return ops.cast(ops.shape(x)[-1] - 1 - index, x.dtype), value


@keras.saving.register_keras_serializable("caffe")
class ShuffleChannel(layers.Layer):
    """Channel shuffle: the first channel of each group, then each second one, ..."""

    def __init__(self, groups: int, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.groups, self.axis = groups, axis

    def call(self, x: tf.Tensor) -> tf.Tensor:
        shape = ops.shape(x)
        axis = self.axis % len(shape)
        apart = (*shape[:axis], self.groups, -1, *shape[axis + 1 :])
        y = ops.swapaxes(ops.reshape(x, apart), axis, axis + 1)
        return ops.reshape(y, shape)


@keras.saving.register_keras_serializable("caffe")
class PixelShuffle(layers.Layer):
    """Rearranges (N, H, W, C * factor ** 2) to (N, H * factor, W * factor, C)."""

    def __init__(self, factor: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, x: tf.Tensor) -> tf.Tensor:
        _, height, width, channels = ops.shape(x)
        factor, channels = self.factor, channels // self.factor**2
        parts = ops.reshape(x, (-1, height, width, channels, factor, factor))
        turned = ops.transpose(parts, (0, 1, 4, 2, 5, 3))
        return ops.reshape(turned, (-1, height * factor, width * factor, channels))
