"""What Keras lacks for optical flow, to be pasted into an emitted file that uses it."""
# mypy: allow-subclassing-any, allow-untyped-decorators

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from proto2net.backends.tensorflow.helpers.roi import round_half_away


@keras.saving.register_keras_serializable("caffe")
class PixelGrid(layers.Layer):
    """The coordinates of each pixel as two channels: column, row."""

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return ops.zeros_like(x[..., :1]) + pixel_grid(x)


@keras.saving.register_keras_serializable("caffe")
class FlowWarp(layers.Layer):
    """Backward warping: samples the image bilinearly at each pixel plus its flow.

    `fill` is the value outside of the image.
    `strict` counts all beyond the last pixel's center as outside; else it is repeated.
    """

    def __init__(self, fill: float = 0.0, strict: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.fill, self.strict = fill, strict

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        image, flow = inputs
        size = ops.cast(ops.shape(image)[2:0:-1], flow.dtype)
        place = pixel_grid(flow) + flow
        inside = (place >= 0) & (place < size)
        if self.strict:
            inside = inside & (place <= size - 1)
        inside = ops.all(inside, axis=-1, keepdims=True)
        found = sample_bilinear(image, ops.where(inside, place, 0))
        return ops.where(inside, found, self.fill)


@keras.saving.register_keras_serializable("caffe")
class Warp(layers.Layer):
    """Samples an image bilinearly at absolute coordinates (x, y); it is 0 outside."""

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        return sample_zero_padded(*inputs)


def sample_zero_padded(image: tf.Tensor, place: tf.Tensor) -> tf.Tensor:
    """Sample images bilinearly at coordinates (x, y); they are 0 outside."""
    size = ops.cast(ops.shape(image)[2:0:-1], place.dtype)
    place = ops.where(ops.isnan(place), -1, place)
    place = ops.minimum(ops.maximum(place, -1), size) + 1
    return sample_bilinear(ops.pad(image, ((0, 0), (1, 1), (1, 1), (0, 0))), place)


def pixel_grid(x: tf.Tensor) -> tf.Tensor:
    """The coordinates of each pixel of an image: column, row."""
    height, width = ops.shape(x)[1:3]
    grid = ops.meshgrid(ops.arange(width), ops.arange(height))
    return ops.cast(ops.stack(grid, axis=-1), x.dtype)


def sample_bilinear(image: tf.Tensor, place: tf.Tensor) -> tf.Tensor:
    """Sample images bilinearly at coordinates (x, y) inside of them."""
    last = ops.cast(ops.shape(image)[2:0:-1], place.dtype) - 1
    first = ops.floor(place)
    (left, top), (right, bottom) = (
        (ops.cast(corner[..., 0], "int32"), ops.cast(corner[..., 1], "int32"))
        for corner in (first, ops.minimum(first + 1, last))
    )
    across, down = ops.split(place - first, 2, axis=-1)
    above = (
        pixels_at(image, top, left) * (1 - across)
        + pixels_at(image, top, right) * across
    )
    below = pixels_at(image, bottom, left) * (1 - across)
    below = below + pixels_at(image, bottom, right) * across
    return above * (1 - down) + below * down


def pixels_at(image: tf.Tensor, row: tf.Tensor, column: tf.Tensor) -> tf.Tensor:
    """Gather the pixels of each image at these integer rows and columns."""
    return tf.gather_nd(image, ops.stack((row, column), axis=-1), batch_dims=1)


@keras.saving.register_keras_serializable("caffe")
class Correlation(layers.Layer):
    """Correlation of two feature maps: an output channel per displacement (FlowNet).

    `kernel_size` is the side of the patches that are compared.
    `stride_1` is the step between positions in `a`.
    `stride_2` is the step between displacements.
    `subtract` takes the mean absolute difference instead of the mean product.
    """

    def __init__(
        self,
        max_displacement: int,
        pad: int = 0,
        kernel_size: int = 1,
        stride_1: int = 1,
        stride_2: int = 1,
        subtract: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.max_displacement, self.pad = max_displacement, pad
        self.kernel_size, self.stride_1, self.stride_2 = kernel_size, stride_1, stride_2
        self.subtract = subtract

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        around = ((0, 0), (self.pad, self.pad), (self.pad, self.pad), (0, 0))
        a, b = (ops.pad(x, around) for x in inputs)
        start = self.max_displacement
        height, width = (n - 2 * start for n in ops.shape(a)[1:3])
        a = a[:, start : start + height, start : start + width]
        places = range(2 * start + 1)
        if self.stride_2 > 1:
            places = range(start % self.stride_2, 2 * start + 1, self.stride_2)
        maps = []
        for y in places:
            for x in places:
                other = b[:, y : y + height, x : x + width]
                likeness = ops.absolute(a - other) if self.subtract else a * other
                maps.append(ops.mean(likeness, axis=-1))
        likenesses = ops.stack(maps, axis=-1)
        if self.kernel_size > 1 or self.stride_1 > 1:
            likenesses = tf.nn.avg_pool2d(
                likenesses, self.kernel_size, self.stride_1, "VALID"
            )
        return likenesses


@keras.saving.register_keras_serializable("caffe")
class Correlation1D(layers.Layer):
    """Correlation along rows: an output channel per displacement (DispNet).

    `kernel_size` is the side of the patches that are compared.
    `stride_1` is the step between positions in `a`.
    `stride_2` is the step between displacements.
    `subtract` takes the mean absolute difference instead of the mean product.
    `single_direction` is -1 for displacements to the left only, 1 for the right only.
    """

    def __init__(
        self,
        max_displacement: int,
        pad: int = 0,
        kernel_size: int = 1,
        stride_1: int = 1,
        stride_2: int = 1,
        subtract: bool = False,
        single_direction: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.max_displacement, self.pad = max_displacement, pad
        self.kernel_size, self.stride_1, self.stride_2 = kernel_size, stride_1, stride_2
        self.subtract, self.single_direction = subtract, single_direction

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        a, b = inputs
        start, before = self.max_displacement, self.pad
        places = range(2 * start + 1)
        if self.stride_2 > 1:
            places = range(start % self.stride_2, 2 * start + 1, self.stride_2)
        if self.single_direction > 0:
            places = places[len(places) // 2 :]
        if self.single_direction < 0:  # the first is one step beyond what is padded
            places = places[: len(places) // 2 + 1]
            before = self.pad + self.stride_2
        a = ops.pad(a, ((0, 0), (0, 0), (self.pad, self.pad), (0, 0)))
        b = ops.pad(b, ((0, 0), (0, 0), (before, self.pad), (0, 0)))
        width = ops.shape(a)[2] - 2 * start
        a = a[:, :, start : start + width]
        maps = []
        for x in places:
            other = b[:, :, x : x + width]
            likeness = ops.absolute(a - other) if self.subtract else a * other
            maps.append(ops.mean(likeness, axis=-1))
        likenesses = ops.stack(maps, axis=-1)
        if self.kernel_size > 1 or self.stride_1 > 1:
            likenesses = tf.nn.avg_pool2d(
                likenesses, self.kernel_size, self.stride_1, "VALID"
            )
        return likenesses


@keras.saving.register_keras_serializable("caffe")
class Resample(layers.Layer):
    """Resizing by FlowNet2's rule, whose offset swaps the scales of the two axes.

    `size` is the output's size. None takes it from a second input.
    `cubic` selects cubic interpolation instead of linear.
    `antialias` widens the kernel when it scales down.
    """

    def __init__(
        self,
        size: tuple[int, int] | None = None,
        cubic: bool = False,
        antialias: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.size, self.cubic, self.antialias = size, cubic, antialias

    def call(self, inputs: tf.Tensor | list[tf.Tensor]) -> tf.Tensor:
        x, *reference = inputs if isinstance(inputs, list) else [inputs]
        size = self.size or ops.shape(reference[0])[1:3]
        rows, columns = (
            pixel_shares(place, count, width, self.cubic)
            for place, count, width in resampled(x, size, self.antialias)
        )
        return mixed(rows, x, columns)


@keras.saving.register_keras_serializable("caffe")
class ResampleNearest(layers.Layer):
    """Nearest-neighbour resizing by FlowNet2's rule.

    `size` is the output's size. None takes it from a second input.
    """

    def __init__(self, size: tuple[int, int] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size = size

    def call(self, inputs: tf.Tensor | list[tf.Tensor]) -> tf.Tensor:
        x, *reference = inputs if isinstance(inputs, list) else [inputs]
        size = self.size or ops.shape(reference[0])[1:3]
        rows, columns = (
            ops.clip(ops.cast(round_half_away(place), "int32"), 0, count - 1)
            for place, count, _ in resampled(x, size)
        )
        return ops.take(ops.take(x, rows, axis=1), columns, axis=2)


@keras.saving.register_keras_serializable("caffe")
class Downsample(layers.Layer):
    """Linear downsampling with aligned corners; NaN where over 1/3 of it is NaN.

    `size` is the output's size. None takes it from a second input.
    """

    def __init__(self, size: tuple[int, int] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size = size

    def call(self, inputs: tf.Tensor | list[tf.Tensor]) -> tf.Tensor:
        x, *reference = inputs if isinstance(inputs, list) else [inputs]
        size = self.size or ops.shape(reference[0])[1:3]
        rows, columns = (
            corner_shares(n, m, x.dtype)
            for n, m in zip(ops.shape(x)[1:3], size, strict=True)
        )
        known = ~ops.isnan(x)
        share = mixed(rows, ops.cast(known, x.dtype), columns)
        mean = mixed(rows, ops.where(known, x, 0), columns) / share
        return ops.where(share > 2 / 3 - 1e-6, mean, np.nan)


@keras.saving.register_keras_serializable("caffe")
class MeanSubtraction(layers.Layer):
    """Subtracts the mean image that was recorded in training."""

    def __init__(self, shape: tuple[int, ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.shape = tuple(shape)

    def build(self, _: tuple[int, ...]) -> None:
        self.mean = self.add_weight(self.shape, "zeros", trainable=False, name="mean")

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return x - self.mean


@keras.saving.register_keras_serializable("caffe")
class CropMiddle(layers.Layer):
    """Center crop with bilinear sampling; FlowNet2 stops just before the last pixel."""

    def __init__(self, size: tuple[int, int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size = size

    def call(self, x: tf.Tensor) -> tf.Tensor:
        rows, columns = (
            pixel_shares(middle(ops.cast(n, x.dtype), m), n, 1.0)
            for n, m in zip(ops.shape(x)[1:3], self.size, strict=True)
        )
        return mixed(rows, x, columns)


def middle(n: tf.Tensor, m: int) -> tf.Tensor:
    """The coordinates of m pixels in the center of n."""
    place = ops.arange(m, dtype=n.dtype) + (n - m) / 2
    return ops.maximum(ops.minimum(place, n - 1.05), 0)


def corner_shares(n: int, m: int, dtype: str) -> tf.Tensor:
    """The weights (m, n) of linear resizing from n to m pixels with aligned corners."""
    last, gaps = (ops.maximum(ops.cast(i - 1, dtype), 1) for i in (n, m))
    place = ops.cast(ops.arange(m), dtype) / gaps * last
    return pixel_shares(place, n, last / gaps)


def resampled(
    x: tf.Tensor, size: tuple[int, int], antialias: bool = True
) -> list[tuple[tf.Tensor, int, tf.Tensor]]:
    """For each axis: output coordinates in the input, input size, kernel width."""
    counts = ops.shape(x)[1:3]
    down, across = (
        ops.cast(n, x.dtype) / ops.cast(m, x.dtype)
        for n, m in zip(counts, size, strict=True)
    )
    widths = [ops.ones_like(down)] * 2
    if antialias:
        smaller = ops.maximum(down, across) > 1
        widths = [ops.where(smaller, scale, 1) for scale in (down, across)]
    index = [ops.cast(ops.arange(m), x.dtype) for m in size]
    rows, columns = index[0] * down + across / 2, index[1] * across + down / 2
    return list(zip((rows - 0.5, columns - 0.5), counts, widths, strict=True))


def pixel_shares(
    place: tf.Tensor, count: int, width: float | tf.Tensor, cubic: bool = False
) -> tf.Tensor:
    """Interpolation weights: one row per coordinate, one column per pixel.

    `cubic` selects cubic interpolation instead of linear.
    """
    pixel = ops.cast(ops.arange(count), place.dtype)
    distance = ops.absolute(place[:, None] - pixel) / width
    weight = keys_cubic(distance) if cubic else ops.maximum(1 - distance, 0)
    total = ops.sum(weight, axis=1, keepdims=True)
    return weight / ops.where(total == 0, 1, total)


def keys_cubic(distance: tf.Tensor) -> tf.Tensor:
    """The kernel of cubic interpolation, with a = -0.5 (Keys 1981)."""
    near = (1.5 * distance - 2.5) * distance * distance + 1
    far = ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
    return ops.where(distance <= 1, near, ops.where(distance < 2, far, 0))


def mixed(rows: tf.Tensor, x: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
    """Apply the weights of rows and of columns to images."""
    return ops.einsum("ij,njkc,lk->nilc", rows, x, columns)
