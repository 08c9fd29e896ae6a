"""What Keras lacks for YOLO. Pasted by name, as helpers.py is; never imported."""
# mypy: allow-subclassing-any, allow-untyped-decorators

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops


@keras.saving.register_keras_serializable("caffe")
class Reorg(layers.Layer):
    """YOLOv2's reorg layer, whose order differs from tf.nn.space_to_depth.

    Darknet reads the same memory as fewer channels of larger planes.
    """

    def __init__(self, stride: int, reverse: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stride, self.reverse = stride, reverse

    def call(self, x: tf.Tensor) -> tf.Tensor:
        h, w, c = ops.shape(x)[1:]
        s, channels = self.stride, c // self.stride**2
        if self.reverse:
            blocks = ops.reshape(x, (-1, h, w, s, s, channels))
            y = ops.transpose(blocks, (0, 1, 3, 2, 4, 5))
            return ops.reshape(y, (-1, h * s, w * s, channels))
        memory = ops.transpose(x, (0, 3, 1, 2))
        blocks = ops.reshape(memory, (-1, channels, h, s, w, s))
        y = ops.transpose(blocks, (0, 3, 5, 1, 2, 4))
        y = ops.reshape(y, (-1, c * s**2, h // s, w // s))
        return ops.transpose(y, (0, 2, 3, 1))


@keras.saving.register_keras_serializable("caffe")
class SwappedReorg(Reorg):
    """Synopsys' Reorg, which takes the height of planes for their width.

    `reverse` keeps only the first elements, as many as the top has room for.
    """

    def call(self, x: tf.Tensor) -> tf.Tensor:
        h, w, c = ops.shape(x)[1:]
        memory = ops.reshape(ops.transpose(x, (0, 3, 1, 2)), (-1, c, w, h))
        y = super().call(ops.transpose(memory, (0, 2, 3, 1)))
        channels = y.shape[-1]
        memory = ops.reshape(ops.transpose(y, (0, 3, 1, 2)), (-1,))
        if self.reverse:
            memory = memory[: ops.shape(memory)[0] // self.stride**4]
        size = (-1, channels, h // self.stride, w // self.stride)
        return ops.transpose(ops.reshape(memory, size), (0, 2, 3, 1))


def yolo_boxes(
    x: tf.Tensor, anchors: tuple[tuple[float, float], ...], scale: int = 1
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Decode boxes (x, y, width, height), their objectness, and the class scores.

    They are in the order image, row, column, anchor.
    `scale` is how many units of the anchors there are between two positions.
    """
    h, w = ops.shape(x)[1], ops.shape(x)[2]
    values = x.shape[3] // len(anchors)
    t = ops.reshape(x, (-1, h, w, len(anchors), values))
    place = ops.stack(tf.meshgrid(tf.range(w), tf.range(h)), axis=-1)[:, :, None]
    size = ops.cast(ops.stack((w, h)), x.dtype)
    center = (ops.cast(place, x.dtype) + ops.sigmoid(t[..., :2])) / size
    sides = ops.exp(t[..., 2:4]) * ops.array(anchors, x.dtype) / (size * scale)
    boxes = ops.reshape(ops.concatenate((center, sides), axis=-1), (-1, 4))
    likely = ops.reshape(ops.sigmoid(t[..., 4]), (-1, 1))
    return boxes, likely, ops.reshape(t[..., 5:], (-1, values - 5))


class YoloDetections(layers.Layer):
    """The base of YOLO's outputs: rows of 0, label, score, xmin, ymin, xmax, ymax.

    Without any detection, there is a row of -1 for each image.
    """

    def __init__(
        self,
        anchors: tuple[Any, ...],
        confidence_threshold: float = 0.01,
        nms_threshold: float = 0.45,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.supports_jit = False  # how many boxes there are depends on the data
        self.anchors = anchors
        self.confidence_threshold = confidence_threshold
        self.nms_threshold = nms_threshold

    def detections(self, found: list[tf.Tensor], images: int) -> tf.Tensor:
        """Non-maximum suppression of rows of label, score and box."""
        rows = ops.concatenate(found, axis=0)
        half = rows[:, 4:] / 2
        corners = ops.concatenate((rows[:, 2:4] - half, rows[:, 2:4] + half), axis=1)
        # A box goes at the threshold already, and not only above it.
        below = np.nextafter(np.float32(self.nms_threshold), np.float32(-1))
        most = ops.shape(rows)[0]
        kept = tf.image.non_max_suppression(corners, rows[:, 1], most, below)
        ids = tf.pad(rows[:, :1] + 1, [(0, 0), (1, 0)])
        kept_rows = ops.concatenate((ids, rows[:, 1:2], corners), axis=1)
        image = ops.cast(ops.arange(images), rows.dtype)[:, None]
        none = tf.pad(image, [(0, 0), (0, 6)], constant_values=-1)
        y = tf.cond(most > 0, lambda: tf.gather(kept_rows, kept), lambda: none)
        return y[None, :, :, None]


@keras.saving.register_keras_serializable("caffe")
class YoloDetectionOutput(YoloDetections):
    """YOLOv2's detections after NMS, with the best class of each box."""

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        found = []
        for x in inputs:
            boxes, likely, scores = yolo_boxes(x, self.anchors)
            shares = ops.softmax(scores, axis=1)
            label = ops.cast(ops.argmax(shares, axis=1), x.dtype)[:, None]
            score = likely * ops.max(shares, axis=1, keepdims=True)
            rows = ops.concatenate((label, score, boxes), axis=1)
            found.append(rows[rows[:, 1] >= self.confidence_threshold])
        return self.detections(found, ops.shape(inputs[0])[0])


@keras.saving.register_keras_serializable("caffe")
class Yolov3DetectionOutput(YoloDetections):
    """YOLOv3's detections after NMS from several maps, in all likely classes."""

    def __init__(
        self, anchors: tuple[Any, ...], anchors_scale: tuple[int, ...], **kwargs: Any
    ) -> None:
        super().__init__(anchors, **kwargs)
        self.anchors_scale = anchors_scale

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        found = []
        maps = zip(inputs, self.anchors, self.anchors_scale, strict=True)
        for x, anchors, scale in maps:
            boxes, likely, scores = yolo_boxes(x, anchors, scale)
            score = ops.sigmoid(scores) * likely
            place = tf.where(score > self.confidence_threshold)
            label = ops.cast(place[:, 1:], x.dtype)
            sure = tf.gather_nd(score, place)[:, None]
            box = tf.gather(boxes, place[:, 0])
            found.append(ops.concatenate((label, sure, box), axis=1))
        return self.detections(found, ops.shape(inputs[0])[0])


@keras.saving.register_keras_serializable("caffe")
class RegionDetectionOutput(YoloDetections):
    """YOLOv2's detections after NMS, with the best class of each box.

    Rows are 0, label, score, x, y, width, height, in the order of the boxes. Boxes are
    clipped to the image for their overlap only.
    """

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        boxes, likely, scores = yolo_boxes(inputs[0], self.anchors)
        shares = ops.softmax(scores, axis=1)
        label = ops.cast(ops.argmax(shares, axis=1), scores.dtype)[:, None]
        score = likely * ops.max(shares, axis=1, keepdims=True)
        rows = ops.concatenate((label * 0, label, score, boxes), axis=1)
        rows = rows[rows[:, 2] >= self.confidence_threshold]
        center, half = rows[:, 3:5], rows[:, 5:] / 2
        start, end = ops.maximum(center - half, 0), ops.minimum(center + half, 1)
        corners = ops.concatenate((start, end), axis=1)
        # A box goes at the threshold already, and not only above it.
        below = np.nextafter(np.float32(self.nms_threshold), np.float32(-1))
        most = ops.shape(rows)[0]
        earlier = -ops.cast(tf.range(most), rows.dtype)
        kept = tf.image.non_max_suppression(corners, earlier, most, below)
        none = tf.constant([[0.0, *[-1.0] * 6]])
        y = tf.cond(most > 0, lambda: tf.gather(rows, kept), lambda: none)
        return y[None, :, :, None]
