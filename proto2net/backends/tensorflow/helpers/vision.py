"""Helpers for windows over images, which Keras lacks: pasted where they are used."""
# mypy: allow-subclassing-any, allow-untyped-decorators

import itertools
import math
from typing import Any

import keras
import tensorflow as tf
from keras import layers, ops


@keras.saving.register_keras_serializable("caffe")
class PadSame(layers.Layer):
    """The zero padding of padding="same", for layers that lack it."""

    def __init__(
        self, extent: tuple[int, ...], strides: tuple[int, ...], **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.extent, self.strides = extent, strides

    def call(self, x: tf.Tensor) -> tf.Tensor:
        sides: list[tuple[tf.Tensor, tf.Tensor]] = [(0, 0)]
        axes = zip(ops.shape(x)[1:-1], self.extent, self.strides, strict=True)
        for n, extent, stride in axes:
            total = tf.maximum((-(-n // stride) - 1) * stride + extent - n, 0)
            sides.append((total // 2, total - total // 2))
        return tf.pad(x, [*sides, (0, 0)])


@keras.saving.register_keras_serializable("caffe")
class PadTo(layers.Layer):
    """Zero-pad an image smaller than the kernel, where Caffe still has a window."""

    def __init__(self, size: tuple[int, ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size = size

    def call(self, x: tf.Tensor) -> tf.Tensor:
        axes = zip(ops.shape(x)[1:-1], self.size, strict=True)
        sides = [(0, tf.maximum(least - n, 0)) for n, least in axes]
        return tf.pad(x, [(0, 0), *sides, (0, 0)])


@keras.saving.register_keras_serializable("caffe")
class CutWindows(layers.Layer):
    """The first input; empty where the second is too small for Caffe's windows.

    That is the case if `size`, a window's extent, exceeds it by a stride or more.
    """

    def __init__(
        self, size: tuple[int, ...], strides: tuple[int, ...], **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.size, self.strides = size, strides

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        y, x = inputs
        for axis, (least, stride) in enumerate(
            zip(self.size, self.strides, strict=True), 1
        ):
            n = ops.shape(x)[axis]
            if not isinstance(n, int):
                rows = ops.shape(y)[axis] * tf.cast(n > least - stride, "int32")
                y = tf.gather(y, tf.range(rows), axis=axis)
            elif n <= least - stride:
                y = tf.gather(y, tf.range(0), axis=axis)
        return y


@keras.saving.register_keras_serializable("caffe")
class Im2col(layers.Layer):
    """im2col: each window as a column, ordered by channel, then kernel position."""

    def __init__(
        self,
        kernel_size: tuple[int, ...],
        strides: tuple[int, ...] | None = None,
        dilation_rate: tuple[int, ...] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        ones = (1,) * len(kernel_size)
        self.kernel_size, self.strides = kernel_size, strides or ones
        self.dilation_rate = dilation_rate or ones

    def call(self, x: tf.Tensor) -> tf.Tensor:
        places = itertools.product(*map(range, self.kernel_size))
        columns = ops.stack([self._at(place, x) for place in places], axis=-1)
        *shape, channels, count = ops.shape(columns)
        return ops.reshape(columns, (*shape, channels * count))

    def _at(self, place: tuple[int, ...], x: tf.Tensor) -> tf.Tensor:
        """The values at one position of all windows."""
        axes = zip(
            place, self.kernel_size, self.strides, self.dilation_rate, strict=True
        )
        cuts = [slice(p * d, (p + 1 - k) * d or None, s) for p, k, s, d in axes]
        return x[(slice(None), *cuts)]


@keras.saving.register_keras_serializable("caffe")
class Local(Im2col):
    """A locally connected layer: a convolution with other filters at each position."""

    def __init__(
        self,
        filters: int,
        kernel_size: tuple[int, int],
        strides: tuple[int, int] = (1, 1),
        use_bias: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(kernel_size, strides, **kwargs)
        self.filters, self.use_bias = filters, use_bias

    def build(self, input_shape: tuple[int, ...]) -> None:
        _, *size, channels = input_shape
        axes = zip(size, self.kernel_size, self.strides, strict=True)
        places = math.prod((n - k) // s + 1 for n, k, s in axes)
        window = channels * math.prod(self.kernel_size)
        shape = (self.filters, 1, window, places)
        self.weight = self.add_weight(shape, "zeros", name="weight")
        self.bias = None
        if self.use_bias:
            shape = (1, 1, self.filters, places)
            self.bias = self.add_weight(shape, "zeros", name="bias")

    def call(self, x: tf.Tensor) -> tf.Tensor:
        columns = super().call(x)
        batch, rows, width, window = ops.shape(columns)
        flat = ops.reshape(columns, (batch, rows * width, window))
        y = ops.einsum("npq,mqp->npm", flat, self.weight[:, 0])
        y = y if self.bias is None else y + ops.transpose(self.bias[0, 0])
        return ops.reshape(y, (batch, rows, width, self.filters))


@keras.saving.register_keras_serializable("caffe")
class ConvTranspose(layers.Layer):
    """A transposed convolution with groups or dilation."""

    def __init__(
        self,
        filters: int,
        kernel_size: tuple[int, ...],
        strides: tuple[int, ...] | None = None,
        dilation_rate: tuple[int, ...] | None = None,
        groups: int = 1,
        use_bias: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        ones = (1,) * len(kernel_size)
        self.filters, self.kernel_size = filters, kernel_size
        self.strides, self.dilation_rate = strides or ones, dilation_rate or ones
        self.groups, self.use_bias = groups, use_bias

    def build(self, input_shape: tuple[int, ...]) -> None:
        shape = (*self.kernel_size, self.filters // self.groups, input_shape[-1])
        self.kernel = self.add_weight(shape, name="kernel")
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight((self.filters,), "zeros", name="bias")

    def call(self, x: tf.Tensor) -> tf.Tensor:
        # Group by group, and with zeros for holes: TFLite would pass over both.
        kernel = self._with_holes(self.kernel)
        groups = (ops.split(a, self.groups, axis=-1) for a in (x, kernel))
        spread = [self._spread(*group) for group in zip(*groups, strict=True)]
        y = ops.concatenate(spread, axis=-1)
        return y if self.bias is None else y + self.bias

    def _with_holes(self, kernel: tf.Tensor) -> tf.Tensor:
        """The kernel with zeros between its values, as dilation inserts them."""
        for axis, step in enumerate(self.dilation_rate):
            if step > 1:
                size = kernel.shape[axis]
                places = range((size - 1) * step + 1)
                rows = [size if p % step else p // step for p in places]
                sides = [(0, int(other == axis)) for other in range(len(kernel.shape))]
                kernel = ops.take(ops.pad(kernel, sides), rows, axis=axis)
        return kernel

    def _spread(self, x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        batch, *size, _ = ops.shape(x)
        axes = zip(size, kernel.shape, self.strides, strict=False)
        size = [(n - 1) * s + k for n, k, s in axes]
        shape = [batch, *size, kernel.shape[-2]]
        return tf.nn.conv_transpose(x, kernel, shape, self.strides, padding="VALID")
