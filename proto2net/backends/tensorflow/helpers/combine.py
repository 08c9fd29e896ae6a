"""Helpers that join or split blobs, which Keras lacks: pasted where they are used."""
# mypy: allow-subclassing-any, allow-untyped-decorators

from typing import Any

import keras
import tensorflow as tf
from keras import layers, ops


@keras.saving.register_keras_serializable("caffe")
class Filter(layers.Layer):
    """Those rows of the inputs for which the last input is not 0."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        # How many rows there are is known from the data alone.
        self.supports_jit = False

    def call(self, inputs: list[tf.Tensor]) -> list[tf.Tensor]:
        *filtered, selector = inputs
        keep = ops.reshape(selector, (-1,)) != 0
        return [tf.boolean_mask(x, keep) for x in filtered]


@keras.saving.register_keras_serializable("caffe")
class Parameter(layers.Layer):
    """A learned array by itself; its input only makes it a part of the model."""

    def __init__(self, shape: tuple[int, ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.shape = tuple(shape)

    def build(self, _: tuple[int, ...]) -> None:
        self.weight = self.add_weight(self.shape, "zeros", name="weight")

    def call(self, _: tf.Tensor) -> tf.Tensor:
        return ops.convert_to_tensor(self.weight)
