"""What Keras lacks for images of other sizes, to be pasted into an emitted file that
uses it.
"""
# mypy: allow-subclassing-any, allow-untyped-decorators

from typing import Any

import keras
import tensorflow as tf
from keras import layers, ops


@keras.saving.register_keras_serializable("caffe")
class Interp(layers.Layer):
    """Bilinear resizing with aligned corners, which keras.layers.UpSampling2D lacks.

    `size` is the output's size. None takes it from a second input, if there is one.
    `shrink_factor` and others scale the number of gaps between pixels.
    """

    def __init__(
        self,
        size: tuple[int, int] | None = None,
        shrink_factor: int = 1,
        zoom_factor: int = 1,
        full_zoom_factor: int = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.size = size
        self.shrink_factor, self.zoom_factor = shrink_factor, zoom_factor
        self.full_zoom_factor = full_zoom_factor

    def call(self, inputs: tf.Tensor | list[tf.Tensor]) -> tf.Tensor:
        x, *reference = inputs if isinstance(inputs, list) else [inputs]
        if reference:
            size = ops.shape(reference[0])[1:3]
        else:
            size = self.size or [self._zoomed(n) for n in ops.shape(x)[1:3]]
        return tf.compat.v1.image.resize_bilinear(x, size, align_corners=True)

    def _zoomed(self, n: int) -> int:
        gaps = (n - 1) // self.shrink_factor * self.zoom_factor
        return (gaps + 1) * self.full_zoom_factor


@keras.saving.register_keras_serializable("caffe")
class MaxUnpooling(layers.Layer):
    """Max unpooling: scatters each value to its index in the mask; the rest is 0.

    `scale` is the ratio of the output's size to the input's.
    `less` is subtracted from that size.
    `size` is the output's size, if it is given.
    """

    def __init__(
        self,
        scale: tuple[int, int] = (2, 2),
        less: tuple[int, int] = (0, 0),
        size: tuple[int, int] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.scale, self.less, self.size = scale, less, size

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        x, mask = inputs
        batch, height, width, channels = ops.shape(x)
        axes = zip((height, width), self.scale, self.less, strict=True)
        rows, columns = self.size or [n * scale - less for n, scale, less in axes]
        values = ops.reshape(x, (batch, height * width, channels))
        place = ops.cast(ops.reshape(mask, ops.shape(values)), "int32")
        image = ops.arange(batch)[:, None, None] + ops.zeros_like(place)
        channel = ops.arange(channels) + ops.zeros_like(place)
        y = tf.tensor_scatter_nd_update(
            ops.zeros((batch, rows * columns, channels)),
            ops.stack([image, place, channel], axis=-1),
            values,
        )
        return ops.reshape(y, (batch, rows, columns, channels))


@keras.saving.register_keras_serializable("caffe")
class CornerMask(layers.Layer):
    """A mask for MaxUnpooling: the top left corner of each window.

    `scale` is the ratio of the output's size to the input's.
    `less` is subtracted from that size.
    `size` is the output's size, if it is given.
    """

    def __init__(
        self,
        strides: tuple[int, int],
        scale: tuple[int, int] = (2, 2),
        less: tuple[int, int] = (0, 0),
        size: tuple[int, int] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.strides, self.scale, self.less, self.size = strides, scale, less, size

    def call(self, x: tf.Tensor) -> tf.Tensor:
        sides = ops.shape(x)[1:3]
        axes = zip(sides, self.scale, self.less, strict=True)
        size = self.size or [n * scale - less for n, scale, less in axes]
        rows, columns = (
            ops.minimum(ops.arange(n, dtype="int64") * stride, count - 1)
            for n, stride, count in zip(sides, self.strides, size, strict=True)
        )
        place = rows[:, None] * size[1] + columns
        return ops.broadcast_to(place[:, :, None], ops.shape(x))


@keras.saving.register_keras_serializable("caffe")
class Unpooling(layers.Layer):
    """Unpooling: copies each value to all of its window.

    `scale` is the ratio of the output's size to the input's.
    `less` is subtracted from that size.
    `size` is the output's size, if it is given.
    `average` divides each value by the size of its window, within the output.
    """

    def __init__(
        self,
        pool_size: tuple[int, int],
        strides: tuple[int, int],
        scale: tuple[int, int] = (2, 2),
        less: tuple[int, int] = (0, 0),
        size: tuple[int, int] | None = None,
        average: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.pool_size, self.strides, self.average = pool_size, strides, average
        self.scale, self.less, self.size = scale, less, size

    def call(self, x: tf.Tensor) -> tf.Tensor:
        sides = ops.shape(x)[1:3]
        axes = zip(sides, self.scale, self.less, strict=True)
        size = self.size or [n * scale - less for n, scale, less in axes]
        windows = zip(sides, size, self.pool_size, self.strides, strict=True)
        rows, columns = (self._inside(*window) for window in windows)
        return tf.einsum("nhwc,ih,jw->nijc", x, rows, columns)

    def _inside(self, n: int, size: int, kernel: int, stride: int) -> tf.Tensor:
        """Which positions are in the window of each value, along one axis."""
        start, place = (ops.arange(each, dtype="int64") for each in (n, size))
        start, place = start * stride, place[:, None]
        inside = ops.cast((place >= start) & (place < start + kernel), "float32")
        return inside / ops.maximum(ops.sum(inside, 0), 1) if self.average else inside


class CaffeResize(layers.Layer):
    """Resizes some axes to given sizes: integers, or floats as factors.

    `axes` are those to resize.
    `coordinates` is ONNX's coordinate_transformation_mode.
    """

    def __init__(
        self,
        sizes: tuple[int | float, ...],
        axes: tuple[int, ...] = (1, 2),
        coordinates: str = "asymmetric",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.sizes, self.axes, self.coordinates = sizes, axes, coordinates

    def call(self, x: tf.Tensor) -> tf.Tensor:
        for size, axis in zip(self.sizes, self.axes, strict=True):
            n = ops.shape(x)[axis]
            scaled = tf.cast(tf.cast(n, tf.float32) * size, tf.int32)
            count = size if isinstance(size, int) else scaled
            x = self.along(x, axis, n, count)
        return x

    def along(self, x: tf.Tensor, axis: int, n: int, count: int) -> tf.Tensor:
        """Resize an image to `count` pixels along an axis."""
        raise NotImplementedError


def pixel_places(n: int, count: int, coordinates: str = "asymmetric") -> tf.Tensor:
    """The coordinates of `count` output pixels in an axis of n input pixels.

    `coordinates` is ONNX's coordinate_transformation_mode.
    """
    n, count = tf.cast(n, tf.float32), tf.cast(count, tf.float32)
    places = tf.range(count)
    if coordinates == "align_corners":
        return places * (tf.maximum(n - 1, 0) / tf.maximum(count - 1, 1))
    if coordinates == "half_pixel":
        return (places + 0.5) * (n / count) - 0.5
    if coordinates == "pytorch_half_pixel":
        return tf.where(count > 1, (places + 0.5) * (n / count) - 0.5, 0.0)
    return places * (n / count)


@keras.saving.register_keras_serializable("caffe")
class ResizeNearest(CaffeResize):
    """Nearest-neighbour resizing of an image."""

    def along(self, x: tf.Tensor, axis: int, n: int, count: int) -> tf.Tensor:
        if self.coordinates == "align_corners":
            index = pixel_places(n, count, "align_corners") + 0.5
        elif self.coordinates == "onnx":
            index = pixel_places(n, count, "half_pixel")
        elif self.coordinates == "half_pixel":
            index = pixel_places(n, count, "half_pixel") + 0.5
        else:
            index = pixel_places(n, count)
        index = tf.clip_by_value(tf.cast(tf.floor(index), tf.int32), 0, n - 1)
        return tf.gather(x, index, axis=axis)


@keras.saving.register_keras_serializable("caffe")
class ResizeLike(layers.Layer):
    """Nearest-neighbour resizing of the first input to the size of the second."""

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        x, reference = inputs
        size = ops.shape(reference)[1:3]
        return tf.compat.v1.image.resize_nearest_neighbor(x, size)


@keras.saving.register_keras_serializable("caffe")
class ResizeLinear(CaffeResize):
    """Linear resizing of an image."""

    def along(self, x: tf.Tensor, axis: int, n: int, count: int) -> tf.Tensor:
        places = pixel_places(n, count, self.coordinates)
        before = tf.maximum(tf.cast(tf.floor(places), tf.int32), 0)
        after = tf.minimum(tf.cast(tf.math.ceil(places), tf.int32), n - 1)
        share = places - tf.floor(places)
        share = tf.reshape(share, [-1, *[1] * (x.shape.rank - axis - 1)])
        before, after = (tf.gather(x, index, axis=axis) for index in (before, after))
        return before * (1 - share) + after * share
