"""What Keras lacks for MS-CNN and Cascade R-CNN, to be pasted into an emitted file that
uses it.
"""
# mypy: allow-subclassing-any, allow-untyped-decorators

import math
from typing import Any

import keras
import tensorflow as tf
from keras import layers

from proto2net.backends.tensorflow.helpers.rcnn import apply_deltas

# ---- regions -------------------------------------------------------------------------


@keras.saving.register_keras_serializable("caffe")
class BoxOutput(layers.Layer):
    """Proposals after NMS, best first: image, x1, y1, x2, y2; and with scores.

    An input map has the scores of all classes, and the deltas of one anchor with this
    width and height.
    """

    border = 0  # how many pixels a side is longer than its ends are apart

    def __init__(
        self,
        fields: list[Any],
        strides: list[int],
        min_size: float = 15.0,
        field_whr: float = 2.0,
        field_xyr: float = 2.0,
        bbox_mean: tuple[float, ...] | None = None,
        bbox_std: tuple[float, ...] | None = None,
        fg_thr: float = 0.0,
        iou_thr: float = 0.5,
        nms_type: str = "IOU",
        max_nms_num: int | None = None,
        max_post_nms_num: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.supports_jit = False  # how many regions there are depends on the data
        self.fields, self.strides, self.min_size = fields, strides, min_size
        self.field_whr, self.field_xyr = field_whr, field_xyr
        self.bbox_mean, self.bbox_std = bbox_mean, bbox_std
        self.fg_thr, self.iou_thr, self.nms_type = fg_thr, iou_thr, nms_type
        self.max_nms_num, self.max_post_nms_num = max_nms_num, max_post_nms_num

    def call(self, inputs: list[tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        boxes, scores = zip(*self.candidates(inputs), strict=True)
        rows = best_boxes(
            tf.concat(boxes, axis=1),
            tf.concat(scores, axis=1),
            self.fg_thr,
            self.iou_thr,
            self.nms_type,
            self.max_nms_num,
            self.max_post_nms_num,
            self.border,
        )
        some = tf.shape(rows)[0] > 0
        made_up = tf.constant([[0.0, 1, 1, 10, 10]])  # if there are none
        rois = tf.cond(some, lambda: rows[:, :5], lambda: made_up)
        scored = tf.cond(some, lambda: rows, lambda: tf.zeros((1, 6)))
        return rois[:, None, None], scored[:, None, None]

    def candidates(self, maps: list[tf.Tensor]) -> list[tuple[tf.Tensor, tf.Tensor]]:
        """Decode boxes (N, P, 4) and scores (N, P), -inf below min_size."""
        found = []
        for x, field, stride in zip(maps, self.fields, self.strides, strict=True):
            center, size = self.field_boxes(x[..., -4:], [field], stride)
            start = tf.maximum(center - size / 2, 0)
            size = tf.minimum(size, plane_size(x) * stride - start)
            score = tf.reduce_max(x[..., 1:-4], axis=3) - x[..., 0]
            box = tf.concat((start, start + size), axis=-1)
            found.append((box, self.of_large(size, score)))
        return found

    def field_boxes(
        self, shifts: tf.Tensor, fields: list[tuple[int, int]], stride: int
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Decode the centers and sizes (N, P, 2) of the anchors at each position."""
        height, width = tf.shape(shifts)[1], tf.shape(shifts)[2]
        shift = tf.reshape(shifts, (-1, len(fields), height, width, 4))
        if self.bbox_std:
            shift = shift * self.bbox_std + self.bbox_mean
        most = math.log(self.field_whr)
        move = tf.clip_by_value(shift[..., :2], -1 / self.field_xyr, 1 / self.field_xyr)
        growth = tf.clip_by_value(shift[..., 2:], -most, most)
        place = tf.stack(tf.meshgrid(tf.range(width), tf.range(height)), axis=-1)
        field = tf.constant(fields, shift.dtype)[:, None, None]
        center = move * field + (tf.cast(place, shift.dtype) + 0.5) * stride
        size, flat = tf.exp(growth) * field, (-1, len(fields) * height * width, 2)
        return tf.reshape(center, flat), tf.reshape(size, flat)

    def of_large(self, size: tf.Tensor, score: tf.Tensor) -> tf.Tensor:
        """The scores (N, P), with -inf for boxes smaller than min_size."""
        large = tf.reduce_all(size >= self.min_size, axis=-1)
        return tf.where(large, tf.reshape(score, tf.shape(large)), -math.inf)


@keras.saving.register_keras_serializable("caffe")
class BoxGroupOutput(BoxOutput):
    """Proposals after NMS, best first: image, x1, y1, x2, y2; and with scores.

    Inputs are pairs of maps: the class probabilities, and the deltas of several anchors
    with these widths and heights.
    """

    border = 1

    def candidates(self, maps: list[tf.Tensor]) -> list[tuple[tf.Tensor, tf.Tensor]]:
        found = []
        pairs = zip(maps[::2], maps[1::2], self.fields, self.strides, strict=True)
        for prob, shifts, group, stride in pairs:
            center, size = self.field_boxes(shifts, group, stride)
            start = center - size / 2
            end = tf.minimum(start + size - 1, plane_size(prob) * stride)
            start = tf.maximum(start, 0)
            score = self.of_large(end - start + 1, 1 - prob[..., 0])
            found.append((tf.concat((start, end), axis=-1), score))
        return found


def plane_size(x: tf.Tensor) -> tf.Tensor:
    """The width and height of (N, H, W, C)."""
    return tf.cast(tf.shape(x)[2:0:-1], x.dtype)


def best_boxes(
    boxes: tf.Tensor,
    scores: tf.Tensor,
    least: float,
    iou_thr: float,
    nms_type: str = "IOU",
    max_nms_num: int | None = None,
    max_post_nms_num: int | None = None,
    border: int = 0,
) -> tf.Tensor:
    """Non-maximum suppression in each group of boxes (N, P, 4): an image or a class.

    Returns rows of group, x1, y1, x2, y2, score, best first within a group.
    """
    boxes, scores = (tf.reverse(x, [1]) for x in (boxes, scores))
    likely = tf.reduce_sum(tf.cast(scores >= least, tf.int32), axis=1)
    count = tf.reduce_max(likely)  # of equal scores, the last is first
    if max_nms_num is not None:
        count = tf.minimum(count, max_nms_num)
    scores, order = tf.math.top_k(scores, count)
    boxes = tf.gather(boxes, order, batch_dims=1)
    kept = tf.map_fn(
        lambda box: region_nms(box, iou_thr, nms_type, border),
        boxes,
        fn_output_signature=tf.bool,
    )
    kept &= scores >= least
    if max_post_nms_num is not None:
        kept &= tf.cumsum(tf.cast(kept, tf.int32), axis=1) <= max_post_nms_num
    group = tf.cast(tf.where(kept)[:, :1], boxes.dtype)
    return tf.concat((group, boxes[kept], scores[kept][:, None]), axis=1)


@tf.autograph.experimental.do_not_convert
def region_nms(
    boxes: tf.Tensor, iou_thr: float, nms_type: str = "IOU", border: int = 0
) -> tf.Tensor:
    """Non-maximum suppression of boxes sorted by score: which are kept.

    `border` is added to each side's length: 1 where x2 and y2 are inside of the box.
    `nms_type` is the overlap: IOU, IOMU (over the smaller area) or IOFU (over the
    better box's area).
    """
    area = tf.reduce_prod(boxes[:, 2:] - boxes[:, :2] + border, axis=1)
    index = tf.range(tf.shape(boxes)[0])

    def leave_out(best: tf.Tensor, kept: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        start = tf.maximum(boxes[:, :2], boxes[best, :2])
        sides = tf.minimum(boxes[:, 2:], boxes[best, 2:]) - start
        apart = (sides[:, 0] < 0) | (sides[:, 1] <= 0)
        shared = tf.where(apart, 0.0, tf.reduce_prod(sides + border, axis=1))
        if nms_type == "IOMU":
            whole = tf.minimum(area, area[best])
        elif nms_type == "IOFU":
            whole = area[best]
        else:
            whole = area + area[best] - shared
        near = shared / tf.where(shared > 0, whole, 1.0) > iou_thr
        return best + 1, kept & ~(near & (index > best) & kept[best])

    some = tf.ones_like(index, tf.bool)
    return tf.while_loop(lambda best, _: best < tf.size(index), leave_out, (0, some))[1]


# ---- boxes of regions ----------------------------------------------------------------


class RegionShifts(layers.Layer):
    """The base of layers that apply deltas to regions."""

    def __init__(
        self,
        bbox_mean: tuple[float, ...] | None = None,
        bbox_std: tuple[float, ...] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.bbox_mean, self.bbox_std = bbox_mean, bbox_std

    def shifted_regions(self, corners: tf.Tensor, shift: tf.Tensor) -> tf.Tensor:
        """Apply deltas to regions; x2 and y2 are inside of the result."""
        if self.bbox_std:
            shift = shift * self.bbox_std + self.bbox_mean
        return apply_deltas(corners, shift) - [0.0, 0.0, 1.0, 1.0]


@keras.saving.register_keras_serializable("caffe")
class DecodeBBox(RegionShifts):
    """Apply the deltas of the second class to regions."""

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        shift, rois = (rows_of(x) for x in inputs)
        boxes = self.shifted_regions(rois[:, 1:5], shift[:, 4:])
        return tf.concat((rois[:, :1], boxes), axis=1)[:, None, None]


def rows_of(x: tf.Tensor) -> tf.Tensor:
    """x as rows (N, C), without axes of size 1."""
    return tf.reshape(x, (-1, math.prod(x.shape[1:])))


@keras.saving.register_keras_serializable("caffe")
class FrcnnOutput(RegionShifts):
    """Detections after NMS: rows of 0, x1, y1, x2, y2, class, score.

    The first row is 0 and then -1, as in Caffe.
    """

    def __init__(
        self,
        conf_thr: float = 0.0,
        iou_thr: float = 0.5,
        nms_type: str = "IOU",
        max_det_num: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.supports_jit = False  # how many rows there are depends on the data
        self.conf_thr, self.iou_thr, self.nms_type = conf_thr, iou_thr, nms_type
        self.max_det_num = max_det_num

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        prob, shifts, rois = (rows_of(x) for x in inputs[:3])
        scores = tf.transpose(prob)[1:]
        shift = tf.reshape(shifts, (-1, shifts.shape[1] // 4, 4))
        found = [
            self.shifted_regions(rois[:, 1:5], shift[:, label])
            for label in range(1, shift.shape[1])
        ]
        limit = tf.tile(tf.reshape(inputs[3], (2,))[::-1], (2,))
        boxes = tf.minimum(tf.stack(found), limit)
        shape = tf.concat((tf.shape(scores), [4]), axis=0)
        boxes = tf.broadcast_to(tf.maximum(boxes, 0), shape)
        rows = best_boxes(
            boxes, scores, self.conf_thr, self.iou_thr, self.nms_type, border=1
        )
        if self.max_det_num is not None:
            order = tf.argsort(rows[:, 5], direction="DESCENDING", stable=True)
            rows = tf.gather(rows, tf.sort(order[: self.max_det_num]))
        label, corners, score = tf.split(rows, (1, 4, 1), axis=1)
        rows = tf.concat((label * 0, corners, label + 1, score), axis=1)
        first = tf.constant([[0.0, -1, -1, -1, -1, -1, -1]])
        return tf.concat((first, rows), axis=0)[:, None, None]


@keras.saving.register_keras_serializable("caffe")
class ScaleRoute(layers.Layer):
    """The rows whose region has a size in [low_scale, high_scale).

    Without any, it is the row whose size is nearest to `middle`, in octaves.
    """

    def __init__(
        self,
        low_scale: float = 0.0,
        high_scale: float = math.inf,
        middle: float = 256.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.supports_jit = False  # how many rows there are depends on the data
        self.low_scale, self.high_scale = low_scale, high_scale
        self.middle = middle

    def call(self, inputs: list[tf.Tensor]) -> list[tf.Tensor]:
        corners = rows_of(inputs[0])[:, 1:5]
        scale = tf.sqrt(tf.reduce_prod(corners[:, 2:] - corners[:, :2] + 1, axis=1))
        kept = (scale >= self.low_scale) & (scale < self.high_scale)
        away = tf.abs(tf.math.log(scale / self.middle))
        nearest = tf.range(tf.size(away)) == tf.argmin(away, output_type=tf.int32)
        kept = tf.where(tf.reduce_any(kept), kept, nearest)
        rows = [tf.boolean_mask(x, kept) for x in inputs]
        return [x[:, None, None] if x.shape.rank == 2 else x for x in rows]
