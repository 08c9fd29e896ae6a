"""What Keras lacks for SSD, to be pasted into an emitted file that uses it. Never
imported.
"""
# mypy: allow-subclassing-any, allow-untyped-decorators

import math
from typing import Any

import keras
import tensorflow as tf
from keras import layers, ops


@keras.saving.register_keras_serializable("caffe")
class Normalize(layers.Layer):
    """SSD's L2 normalization with a learned weight; eps is added inside of the root.

    `across_spatial` takes the norm over the whole image instead of each pixel.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        across_spatial: bool = True,
        epsilon: float = 1e-10,
        axis: int = -1,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.shape, self.across_spatial = tuple(shape), across_spatial
        self.epsilon, self.axis = epsilon, axis

    def build(self, _: tuple[int, ...]) -> None:
        self.gamma = self.add_weight(self.shape, "ones", name="gamma")

    def call(self, x: tf.Tensor) -> tf.Tensor:
        axes = tuple(range(1, len(x.shape))) if self.across_spatial else self.axis
        square = ops.sum(ops.square(x), axes, keepdims=True)
        return x / ops.sqrt(square + self.epsilon) * self.gamma


@keras.saving.register_keras_serializable("caffe")
class NormalizePixels(layers.Layer):
    """Each pixel of (N, H, W, C) divided by its norm, and the norms.

    `across_spatial` takes the norm over the whole image instead of each pixel.
    """

    def __init__(
        self,
        norm: str = "L2",
        epsilon: float = 1e-6,
        across_spatial: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.norm, self.epsilon = norm, epsilon
        self.axis = (1, 2, 3) if across_spatial else -1

    def call(self, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        if self.norm == "L1":
            size = ops.sum(ops.absolute(x), self.axis, keepdims=True) + self.epsilon
        else:
            square = ops.sum(ops.square(x), self.axis, keepdims=True)
            size = ops.sqrt(square + self.epsilon)
        return x / size, size


def box_sizes(
    min_size: list[int],
    max_size: list[int],
    aspect_ratio: list[float],
    flip: bool = True,
) -> list[tuple[float, float]]:
    """The width and height of SSD's prior boxes at a position, in SSD's order."""
    sizes: list[tuple[float, float]] = []
    ratios = [r for a in aspect_ratio for r in ((a, 1 / a) if flip else (a,))]
    for index, size in enumerate(min_size):
        squares = [size, *(math.sqrt(size * m) for m in max_size[index : index + 1])]
        sizes += [(side, side) for side in squares]
        sizes += [(size * math.sqrt(r), size / math.sqrt(r)) for r in ratios]
    return sizes


def squares_in_rows(
    min_size: list[int], rows: list[int]
) -> tuple[list[float], list[tuple[float, float]]]:
    """FaceBoxes' squares at a position: their sides, and their centers' offsets."""
    squares = [
        (size - 1.0, (x * size / 4, y * size / 4))
        for size, row in zip(min_size, rows, strict=True)
        for y in range(-(row // 2), (row + 1) // 2)
        for x in range(-(row // 2), (row + 1) // 2)
    ]
    return [side for side, _ in squares], [shift for _, shift in squares]


@keras.saving.register_keras_serializable("caffe")
class PriorBox(layers.Layer):
    """SSD's prior boxes at each position of a feature map, and their variances.

    Boxes are (xmin, ymin, xmax, ymax) relative to the image; sizes are in pixels.
    `denser` repeats each box half a step lower (TextBoxes).
    `rows_of_each` is how many rows of each square a position has (FaceBoxes).
    """

    def __init__(
        self,
        min_size: list[int],
        max_size: list[int] | None = None,
        aspect_ratio: list[float] | None = None,
        flip: bool = True,
        clip: bool = False,
        variance: tuple[float, ...] = (0.1,),
        image_size: tuple[int, int] | None = None,
        step: tuple[float, float] | None = None,
        offset: float = 0.5,
        denser: bool = False,
        rows_of_each: list[int] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.min_size, self.max_size = min_size, max_size or []
        self.aspect_ratio, self.flip = aspect_ratio or [], flip
        self.clip, self.variance = clip, variance
        self.image_size, self.step, self.offset = image_size, step, offset
        self.denser, self.rows_of_each = denser, rows_of_each or []

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        feature, image = (tf.cast(tf.shape(x)[1:3], tf.float32) for x in inputs)
        size = tf.constant(self.image_size, tf.float32) if self.image_size else image
        step = tf.constant(self.step) if self.step else size / feature
        y, x = ((tf.range(feature[a]) + self.offset) * step[a] for a in (0, 1))
        sizes = box_sizes(self.min_size, self.max_size, self.aspect_ratio, self.flip)
        half = tf.constant(sizes, tf.float32) / 2
        center = tf.stack(tf.meshgrid(x, y), axis=-1)[:, :, None]
        if self.rows_of_each:
            sides, shifts = squares_in_rows(self.min_size, self.rows_of_each)
            half, center = tf.constant(sides)[:, None] / 2, center + tf.constant(shifts)
        if self.denser:
            y = (tf.range(feature[0]) + 1) * step[0]
            lower = tf.stack(tf.meshgrid(x, y), axis=-1)
            center = tf.stack((center, lower[:, :, None]), axis=3)
            half = half[:, None]
        boxes = tf.concat((center - half, center + half), axis=-1)
        boxes = boxes / tf.tile(size[::-1], (2,))
        if self.clip:
            boxes = tf.clip_by_value(boxes, 0, 1)
        variances = tf.broadcast_to(self.variance, tf.shape(boxes))
        return tf.reshape(tf.stack((boxes, variances)), (1, 2, -1))


@keras.saving.register_keras_serializable("caffe")
class PriorBoxClustered(layers.Layer):
    """Prior boxes of these widths and heights at each position, and their variances.

    Boxes are (xmin, ymin, xmax, ymax) relative to the image; sizes are in pixels.
    `insets` shrinks each box on all sides, relative to the image.
    `yx_order` puts y before x.
    """

    def __init__(
        self,
        sizes: list[tuple[float, float]],
        clip: bool = False,
        variance: tuple[float, ...] = (0.1,),
        image_size: tuple[int, int] | None = None,
        step: tuple[float, float] | None = None,
        offset: float = 0.5,
        insets: list[float] | None = None,
        yx_order: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.sizes, self.clip, self.variance = sizes, clip, variance
        self.image_size, self.step, self.offset = image_size, step, offset
        self.insets, self.yx_order = insets or [], yx_order

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        feature, image = (tf.cast(tf.shape(x)[1:3], tf.float32) for x in inputs)
        size = tf.constant(self.image_size, tf.float32) if self.image_size else image
        step = tf.constant(self.step) if self.step else size / feature
        y, x = ((tf.range(feature[a]) + self.offset) * step[a] for a in (0, 1))
        center, limit = tf.stack(tf.meshgrid(x, y), axis=-1)[:, :, None], size[::-1]
        half = tf.constant(self.sizes, tf.float32) / 2
        start, end = (center - half) / limit, (center + half) / limit
        if self.insets:
            inset = tf.constant(self.insets)[:, None]
            start, end = start + inset, end - inset
        if self.yx_order:
            start, end = start[..., ::-1], end[..., ::-1]
        boxes = tf.concat((start, end), axis=-1)
        if self.clip:
            boxes = tf.clip_by_value(boxes, 0, 1)
        variances = tf.broadcast_to(self.variance, tf.shape(boxes))
        return tf.reshape(tf.stack((boxes, variances)), (1, 2, -1))
