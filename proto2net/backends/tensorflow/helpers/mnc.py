"""What Keras lacks for masks of regions. Pasted by name, as helpers.py is; never
imported.
"""
# mypy: allow-subclassing-any, allow-untyped-decorators

from typing import Any

import keras
import tensorflow as tf
from keras import layers, ops

from proto2net.backends.tensorflow.helpers.rcnn import apply_deltas
from proto2net.backends.tensorflow.helpers.roi import interpolated


@keras.saving.register_keras_serializable("caffe")
class MaskResize(layers.Layer):
    """Bilinear resizing with aligned first pixels."""

    def __init__(self, size: tuple[int, int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size = tuple(size)

    def call(self, x: tf.Tensor) -> tf.Tensor:
        number, *old = ops.shape(x)[:3]
        rows, columns = (
            tf.tile(self._places(before, after), (number, 1))
            for before, after in zip(old, self.size, strict=True)
        )
        return interpolated(x, tf.range(number), rows, columns)

    def _places(self, old: int, new: int) -> tf.Tensor:
        """The coordinates of the output's pixels in the input."""
        each = ops.cast(old, "float32") / new
        return (ops.arange(new, dtype="float32") * each)[None]


@keras.saving.register_keras_serializable("caffe")
class MaskScaling(layers.Layer):
    """Bilinear resizing by factors, with aligned first pixels.

    An axis with a factor of 0 gets the given size.
    """

    def __init__(
        self, size: tuple[int, int], factors: tuple[float, float], **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.size, self.factors = tuple(size), tuple(factors)

    def call(self, x: tf.Tensor) -> tf.Tensor:
        number, old = tf.shape(x)[0], tf.cast(tf.shape(x)[1:3], tf.float32)
        places = []
        for axis, factor in enumerate(self.factors):
            new = tf.floor(old[axis] * factor) if factor else float(self.size[axis])
            each = tf.range(new) * (old[axis] / new)
            places.append(tf.tile(each[None], (number, 1)))
        return interpolated(x, tf.range(number), *places)


@keras.saving.register_keras_serializable("caffe")
class RegionRefinement(layers.Layer):
    """Apply the best class's deltas to regions (0, x1, y1, x2, y2), and clip these."""

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        rois, shifts, scores, im_info = inputs
        rois = ops.reshape(rois, (-1, 5))
        scores = ops.reshape(scores, (ops.shape(rois)[0], -1))
        shifts = ops.reshape(shifts, (ops.shape(rois)[0], -1, 4))
        shift = tf.gather(shifts, ops.argmax(scores, axis=1), batch_dims=1)
        info = ops.reshape(im_info, (-1,))
        limit = ops.stack((info[1], info[0], info[1], info[0])) - 1
        boxes = ops.minimum(apply_deltas(rois[:, 1:], shift), limit)
        return tf.pad(ops.maximum(boxes, 0), [(0, 0), (1, 0)])
