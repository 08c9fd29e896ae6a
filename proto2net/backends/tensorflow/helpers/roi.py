"""What Keras lacks for regions of interest, to be pasted into an emitted file that uses
it.
"""
# mypy: allow-subclassing-any, allow-untyped-decorators

from typing import Any

import keras
import tensorflow as tf
from keras import layers, ops


def round_half_away(x: tf.Tensor) -> tf.Tensor:
    """Round to the nearest integer, halves away from zero, as C's round()."""
    whole = ops.trunc(x)
    away = ops.cast(ops.absolute(x - whole) >= 0.5, x.dtype)
    return whole + ops.sign(x) * away


class RegionPooling(layers.Layer):
    """The base of ROIPooling and ROIAlign: regions are (image, x1, y1, x2, y2)."""

    def __init__(
        self,
        pooled_size: tuple[int, int],
        spatial_scale: float = 1.0,
        pad_ratio: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.supports_jit = False  # the sizes of regions are known from the data alone
        self.pooled_size, self.spatial_scale = tuple(pooled_size), spatial_scale
        self.pad_ratio = pad_ratio

    def padded_corners(self, rois: tf.Tensor) -> tf.Tensor:
        """x1, y1, x2, y2 of regions, padded by a fraction of their size."""
        corners = ops.reshape(rois, (-1, 5))[:, 1:]
        pad = (corners[:, 2:] - corners[:, :2] + 1) * self.pad_ratio
        return corners + ops.concatenate((-pad, pad), axis=1)


@keras.saving.register_keras_serializable("caffe")
class ROIPooling(RegionPooling):
    """RoI max pooling; an empty bin is 0."""

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        x, rois = inputs
        corners = round_half_away(self.padded_corners(rois) * self.spatial_scale)
        size = ops.maximum(corners[:, 2:] - corners[:, :2] + 1, 1)
        image = ops.cast(ops.reshape(rois, (-1, 5))[:, 0], "int32")
        edges = [
            self._bins(corners[:, side], size[:, side], axis, ops.shape(x)[1 + axis])
            for axis, side in enumerate((1, 0))
        ]
        shape = (*self.pooled_size, x.shape[3])
        return tf.map_fn(
            lambda region: self._pooled(x[region[0]], region[1], region[2]),
            (image, *edges),
            fn_output_signature=tf.TensorSpec(shape, x.dtype),
        )

    def _bins(
        self, start: tf.Tensor, size: tf.Tensor, axis: int, limit: int
    ) -> tf.Tensor:
        """The start and the end of each region's bins; its own start is added last."""
        count = self.pooled_size[axis]
        index = ops.arange(count + 1, dtype=size.dtype)
        each, start = (size / count)[:, None], start[:, None]
        first = ops.floor(index[:-1] * each) + start
        last = ops.ceil(index[1:] * each) + start
        edges = ops.cast(ops.stack((first, last), axis=2), "int32")
        return ops.clip(edges, 0, limit)

    @tf.autograph.experimental.do_not_convert
    def _pooled(
        self, plane: tf.Tensor, rows: tf.Tensor, columns: tf.Tensor
    ) -> tf.Tensor:
        """The pooled bins of one region of (H, W, C)."""
        strips = [
            max_or_zero(plane[rows[h, 0] : rows[h, 1]])
            for h in range(self.pooled_size[0])
        ]
        strip = ops.stack(strips)
        values = [
            max_or_zero(
                ops.transpose(strip[:, columns[w, 0] : columns[w, 1]], (1, 0, 2))
            )
            for w in range(self.pooled_size[1])
        ]
        return ops.stack(values, axis=1)


def max_or_zero(x: tf.Tensor) -> tf.Tensor:
    """The maximum along the first axis; 0 if the axis is empty."""
    best = tf.reduce_max(x, axis=0)
    return ops.where(ops.shape(x)[0] > 0, best, ops.zeros_like(best))


@keras.saving.register_keras_serializable("caffe")
class PSROIPooling(layers.Layer):
    """Position-sensitive RoI pooling (R-FCN): each bin averages its own channels.

    Channels are in the order output, row, column; an empty bin is 0.
    """

    def __init__(self, group_size: int, spatial_scale: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_jit = False  # the sizes of regions are known from the data alone
        self.group_size, self.spatial_scale = group_size, spatial_scale

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        x, rois = inputs
        rois = ops.reshape(rois, (-1, 5))
        corners = round_half_away(rois[:, 1:])
        start = corners[:, :2] * self.spatial_scale
        size = (corners[:, 2:] + 1) * self.spatial_scale - start
        each = ops.maximum(size, 0.1) / self.group_size
        index = ops.arange(self.group_size + 1, dtype=x.dtype)
        edges = index * each[:, :, None] + start[:, :, None]
        limit = ops.stack((ops.shape(x)[2], ops.shape(x)[1]))[:, None]
        first = ops.cast(ops.floor(edges[:, :, :-1]), "int32")
        last = ops.cast(ops.ceil(edges[:, :, 1:]), "int32")
        edges = [ops.clip(e, 0, limit) for e in (first, last)]
        outputs = x.shape[3] // self.group_size**2
        return tf.map_fn(
            lambda region: self._pooled(x[region[0]], region[1], region[2]),
            (ops.cast(rois[:, 0], "int32"), *edges),
            fn_output_signature=tf.TensorSpec(
                (self.group_size, self.group_size, outputs), x.dtype
            ),
        )

    @tf.autograph.experimental.do_not_convert
    def _pooled(self, plane: tf.Tensor, first: tf.Tensor, last: tf.Tensor) -> tf.Tensor:
        """The pooled bins of one region of (H, W, C)."""
        g = self.group_size
        height, width, channels = ops.shape(plane)
        plane = ops.reshape(plane, (height, width, channels // g**2, g, g))
        rows = [
            ops.sum(plane[first[1, h] : last[1, h], :, :, h], axis=0) for h in range(g)
        ]
        row = ops.stack(rows)
        sums = [
            ops.sum(row[:, first[0, w] : last[0, w], :, w], axis=1) for w in range(g)
        ]
        wide, high = (ops.maximum(last - first, 0)[axis] for axis in (0, 1))
        area = ops.maximum(high[:, None] * wide, 1)
        return ops.stack(sums, axis=1) / ops.cast(area, plane.dtype)[:, :, None]


@keras.saving.register_keras_serializable("caffe")
class ROIAlign(RegionPooling):
    """RoI align: bilinear samples at the bins' corners; 0 outside of the image."""

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        x, rois = inputs
        corners = self.padded_corners(rois) * self.spatial_scale - 0.5
        start, size = corners[:, :2], corners[:, 2:] - corners[:, :2]
        rows, columns = (
            start[:, side, None]
            + ops.arange(count + 1, dtype=x.dtype) * (size / count)[:, side, None]
            for side, count in zip((1, 0), self.pooled_size, strict=True)
        )
        image = ops.cast(ops.reshape(rois, (-1, 5))[:, 0], "int32")
        y = interpolated(x, image, rows, columns)
        sound = ops.cast(ops.all(size > 0, axis=1), x.dtype)
        return y * sound[:, None, None, None]


@keras.saving.register_keras_serializable("caffe")
class ROIWarping(RegionPooling):
    """RoI warping (MNC): the bilinear sample at the first corner of each bin."""

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        x, rois = inputs
        rois = ops.reshape(rois, (-1, 5))
        corners = round_half_away(rois[:, 1:] * self.spatial_scale)
        start = corners[:, :2]
        size = ops.maximum(corners[:, 2:] - start, 0)
        rows, columns = (
            start[:, side, None]
            + ops.arange(count, dtype=x.dtype) * (size / count)[:, side, None]
            for side, count in zip((1, 0), self.pooled_size, strict=True)
        )
        return interpolated(x, ops.cast(rois[:, 0], "int32"), rows, columns)


def interpolated(
    x: tf.Tensor, image: tf.Tensor, rows: tf.Tensor, columns: tf.Tensor
) -> tf.Tensor:
    """Bilinear samples of images (N) at rows (N, H) and columns (N, W).

    Up to half a pixel outside, the border is repeated; further away, it is 0.
    """
    (above, below), down, in_column = neighbours(rows, ops.shape(x)[1])
    (left, right), across, in_row = neighbours(columns, ops.shape(x)[2])
    image, down = image[:, None, None], down[:, :, None, None]
    across = across[:, None, :, None]

    def at(row: tf.Tensor, column: tf.Tensor) -> tf.Tensor:
        places = tf.broadcast_dynamic_shape(
            tf.shape(row[:, :, None]), tf.shape(column[:, None])
        )
        parts = (image, row[:, :, None], column[:, None])
        index = ops.stack([tf.broadcast_to(p, places) for p in parts], axis=-1)
        return tf.gather_nd(x, index)

    upper, lower = (
        (1 - across) * at(row, left) + across * at(row, right) for row in (above, below)
    )
    inside = in_column[:, :, None] & in_row[:, None]
    y = (1 - down) * upper + down * lower
    return y * ops.cast(inside, x.dtype)[..., None]


def neighbours(
    place: tf.Tensor, limit: int
) -> tuple[list[tf.Tensor], tf.Tensor, tf.Tensor]:
    """The pixels before and after coordinates along an axis of this length.

    Also returns the weight of the latter, and which coordinates are inside.
    """
    most = ops.cast(limit - 1, place.dtype)
    inside = (place >= -0.5) & (place <= most + 0.5)
    before, behind = (ops.clip(ops.floor(place) + i, 0, most) for i in (0, 1))
    share = ops.clip(place, 0, most) - before
    return [ops.cast(p, "int32") for p in (before, behind)], share, inside
