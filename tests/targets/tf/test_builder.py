"""Networks written by hand take tensors of TensorFlow, and are Keras models."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
from builder_cases import Small


def test_a_network_made_with_tensors_gives_tensors() -> None:
    image = tf.constant(np.random.default_rng(0).random((3, 13, 11, 4), "float32"))
    net = Small({"data": image})
    assert net.layers["conv1"].shape == (3, 7, 6, 6)
    assert net.layers["conv1"] is net.layers["conv1"]
    with tf.GradientTape() as tape:
        tape.watch(image)
        loss = tf.reduce_sum(Small({"data": image}).get_output() ** 2)
    assert tf.reduce_max(tf.abs(tape.gradient(loss, image))) > 0


def test_an_input_of_keras_gives_a_part_of_a_model() -> None:
    image = keras.Input((13, 11, 4))
    model = keras.Model(image, Small({"data": image}).get_output())
    assert model(np.zeros((2, 13, 11, 4), "float32")).shape == (2, 10)


def test_a_live_network_is_a_model_with_the_layers_names() -> None:
    model = Small({"data": (1, 13, 11, 4)}).to("tf")
    assert isinstance(model, keras.Model)
    assert model.get_layer("conv1").padding == "same"
