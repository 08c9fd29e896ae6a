"""What Keras lacks for blocks of pixels, to be pasted into an emitted file that uses
it.
"""
# mypy: allow-subclassing-any, allow-untyped-decorators

from typing import Any

import keras
import tensorflow as tf
from keras import layers, ops


@keras.saving.register_keras_serializable("caffe")
class EdgePad(layers.Layer):
    """Pads axes with copies of their first and last elements."""

    def __init__(self, sides: tuple[tuple[int, int], ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.sides = sides

    def call(self, x: tf.Tensor) -> tf.Tensor:
        for axis, (before, behind) in enumerate(self.sides):
            if before or behind:
                n = ops.shape(x)[axis]
                place = ops.clip(ops.arange(-before, n + behind), 0, n - 1)
                x = ops.take(x, place, axis=axis)
        return x


@keras.saving.register_keras_serializable("caffe")
class SpaceToBatch(layers.Layer):
    """Space to batch: each position within a block becomes an image of its own."""

    def __init__(
        self, block: tuple[int, ...], sides: tuple[tuple[int, int], ...], **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.block, self.sides = tuple(block), sides

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return tf.space_to_batch(x, self.block, self.sides)


@keras.saving.register_keras_serializable("caffe")
class BatchToSpace(layers.Layer):
    """Batch to space: blocks of images become larger images, which are cropped."""

    def __init__(
        self, block: tuple[int, ...], sides: tuple[tuple[int, int], ...], **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.block, self.sides = tuple(block), sides

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return tf.batch_to_space(x, self.block, self.sides)
