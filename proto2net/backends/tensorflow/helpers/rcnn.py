"""What Keras lacks for proposals and a loss, to be pasted into an emitted file that
uses it.
"""
# mypy: allow-subclassing-any, allow-untyped-decorators

from typing import Any

import keras
import tensorflow as tf
from keras import layers, ops

# ---- proposals -----------------------------------------------------------------------


@keras.saving.register_keras_serializable("caffe")
class Proposal(layers.Layer):
    """Region proposals (0, x1, y1, x2, y2) after NMS, best first, and their scores.

    Boxes with a side below min_size are dropped.
    `keep_small` keeps them, with a score of 0.
    """

    def __init__(
        self,
        anchors: tuple[tuple[float, ...], ...],
        feat_stride: int = 16,
        min_size: float = 16,
        pre_nms_topn: int = 6000,
        post_nms_topn: int = 300,
        nms_thresh: float = 0.7,
        keep_small: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.supports_jit = False  # how many regions there are depends on the data
        self.anchors, self.feat_stride = anchors, feat_stride
        self.min_size, self.nms_thresh = min_size, nms_thresh
        self.pre_nms_topn, self.post_nms_topn = pre_nms_topn, post_nms_topn
        self.keep_small = keep_small

    def call(self, inputs: list[tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        scores, shifts, im_info = inputs
        score = tf.squeeze(scores, axis=0)[:, :, len(self.anchors) :]  # one image
        score = ops.reshape(score, (-1,))
        boxes = self._anchor_boxes(ops.shape(shifts)[1], ops.shape(shifts)[2])
        boxes = apply_deltas(boxes, ops.reshape(tf.squeeze(shifts, axis=0), (-1, 4)))
        info = ops.reshape(im_info, (-1,))
        limit = ops.stack((info[1], info[0], info[1], info[0])) - 1
        boxes = ops.maximum(ops.minimum(boxes, limit), 0)
        sides = boxes[:, 2:] - boxes[:, :2] + 1
        scale = info[2:4]
        least = self.min_size * ops.stack((scale[-1], scale[0]))
        large = ops.all(sides >= least, axis=1)
        if self.keep_small:
            score = score * ops.cast(large, score.dtype)
        else:
            boxes, score = tf.boolean_mask(boxes, large), tf.boolean_mask(score, large)
        best = ops.minimum(self.pre_nms_topn, ops.shape(score)[0])
        score, order = tf.math.top_k(score, best)
        boxes = ops.take(boxes, order, axis=0)
        # Both corners of a box are inside of it.
        outer = ops.concatenate((boxes[:, :2], boxes[:, 2:] + 1), axis=1)
        kept = tf.image.non_max_suppression(
            outer, score, self.post_nms_topn, self.nms_thresh
        )
        rois = tf.pad(ops.take(boxes, kept, axis=0), [(0, 0), (1, 0)])
        score = ops.take(score, kept, axis=0)
        return rois, score if self.keep_small else score[:, None]

    def _anchor_boxes(self, height: int, width: int) -> tf.Tensor:
        """The anchors (H * W * A, 4) at each position of a feature map, row by row."""
        x, y = tf.meshgrid(tf.range(width), tf.range(height))
        places = ops.cast(ops.stack((x, y, x, y), axis=-1), "float32")
        boxes = places[:, :, None] * self.feat_stride + ops.array(self.anchors)
        return ops.reshape(boxes, (-1, 4))


def apply_deltas(boxes: tf.Tensor, shift: tf.Tensor) -> tf.Tensor:
    """Apply deltas (dx, dy, dw, dh) to boxes (x1, y1, x2, y2), as in Fast R-CNN."""
    size = boxes[:, 2:] - boxes[:, :2] + 1
    center = shift[:, :2] * size + (boxes[:, :2] + 0.5 * size)
    half = 0.5 * (ops.exp(shift[:, 2:]) * size)
    return ops.concatenate((center - half, center + half), axis=1)


@keras.saving.register_keras_serializable("caffe")
class TextProposal(layers.Layer):
    """CTPN's text boxes (x1, y1, x2, y2) of all anchors, and their scores.

    Only the vertical position and the height are predicted.
    """

    def __init__(
        self, anchors: tuple[tuple[float, ...], ...], feat_stride: int, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.anchors, self.feat_stride = anchors, feat_stride

    def call(self, inputs: list[tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        scores, shifts, im_info = inputs
        places = tf.meshgrid(
            tf.range(ops.shape(shifts)[2]), tf.range(ops.shape(shifts)[1])
        )
        x, y = (ops.cast(place, "float32")[..., None] for place in places)
        anchors = ops.array(self.anchors, "float32")
        left, right = (
            ops.reshape(x * self.feat_stride + anchors[:, side], (-1,))
            for side in (0, 2)
        )
        middle = y * self.feat_stride + (anchors[:, 1] + anchors[:, 3]) / 2
        size = ops.zeros_like(middle) + anchors[:, 3] - anchors[:, 1] + 1
        size, middle = ops.reshape(size, (-1,)), ops.reshape(middle, (-1,))
        shift = ops.reshape(tf.squeeze(shifts, axis=0), (-1, 2))
        height = ops.exp(shift[:, 1]) * size
        top = shift[:, 0] * size + middle - height / 2
        info = ops.reshape(im_info, (-1,))
        limit = ops.stack((info[1], info[0], info[1], info[0])) - 1
        boxes = ops.stack((left, top, right, top + height), axis=1)
        score = tf.squeeze(scores, axis=0)[:, :, len(self.anchors) :]
        return ops.maximum(ops.minimum(boxes, limit), 0), ops.reshape(score, (-1, 1))


# ---- loss ----------------------------------------------------------------------------


@keras.saving.register_keras_serializable("caffe")
class SmoothL1Loss(layers.Layer):
    """Smooth L1 loss (Fast R-CNN), summed and divided by the batch size.

    A third input weights the differences, a fourth the losses.
    """

    def __init__(self, sigma: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.sigma = sigma

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        x, *others = inputs  # which may lack axes of size 1 at their end
        target, *weights = (ops.reshape(each, ops.shape(x)) for each in others)
        difference = x - target
        if weights:
            difference = weights[0] * difference
        size, square = ops.absolute(difference), self.sigma**2
        small = 0.5 * square * ops.square(difference)
        losses = ops.where(size < 1 / square, small, size - 0.5 / square)
        if len(weights) > 1:
            losses = weights[1] * losses
        return ops.sum(losses) / ops.cast(ops.shape(x)[0], x.dtype)
