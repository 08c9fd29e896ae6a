"""Helpers for values that the network makes, which Keras lacks: pasted where they are
used.
"""
# mypy: allow-subclassing-any, allow-untyped-decorators

from typing import Any

import keras
import tensorflow as tf
from keras import initializers, layers


@keras.saving.register_keras_serializable("caffe")
class DummyData(layers.Layer):
    """A tensor filled anew in every call; the input only connects it to the model."""

    def __init__(
        self,
        shape: tuple[int, ...],
        initializer: initializers.Initializer,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.shape, self.initializer = tuple(shape), initializers.get(initializer)
        if hasattr(self.initializer, "seed"):
            self.initializer.seed = keras.random.SeedGenerator()

    def call(self, _: tf.Tensor) -> tf.Tensor:
        return self.initializer(self.shape)

    def get_config(self) -> dict[str, Any]:
        initializer = initializers.serialize(self.initializer)
        return {**super().get_config(), "shape": self.shape, "initializer": initializer}
