"""Helpers for products with a matrix, which Keras lacks: pasted where they are used."""
# mypy: allow-subclassing-any, allow-untyped-decorators

from typing import Any

import keras
import tensorflow as tf
from keras import layers, ops


@keras.saving.register_keras_serializable("caffe")
class BiasedEmbedding(layers.Layer):
    """keras.layers.Embedding with a bias; indices are truncated, as in Caffe."""

    def __init__(self, input_dim: int, output_dim: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.input_dim, self.output_dim = input_dim, output_dim

    def build(self, _: tuple[int, ...]) -> None:
        shape = (self.input_dim, self.output_dim)
        self.embeddings = self.add_weight(shape, name="embeddings")
        self.bias = self.add_weight((self.output_dim,), "zeros", name="bias")

    def call(self, x: tf.Tensor) -> tf.Tensor:
        rows = ops.take(self.embeddings, ops.cast(x, "int32"), axis=0)
        return rows + self.bias
