"""What Keras lacks for activations, to be pasted into an emitted file that uses it."""
# mypy: allow-subclassing-any, allow-untyped-decorators

import keras
import tensorflow as tf
from keras import layers


@keras.saving.register_keras_serializable("caffe")
class SamplingDropout(layers.Dropout):
    """Dropout that also drops elements at inference, for Monte Carlo sampling."""

    def call(self, inputs: tf.Tensor, training: bool = True) -> tf.Tensor:
        return super().call(inputs, training=True)
