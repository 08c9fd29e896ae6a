"""The networks in examples/ learn in Keras."""

from __future__ import annotations

import keras
import numpy as np
from cifar_vgg import CifarVGG
from train_digits import train_tf


class Narrow(CifarVGG):
    blocks = ((16, 1), (32, 2))


def test_a_batch_norm_and_dropout_network_learns() -> None:
    keras.utils.set_random_seed(1)
    model = Narrow().to("tf")
    images, labels = np.random.default_rng(1).normal(size=(8, 32, 32, 3)), np.arange(8)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.Adam(0.005), loss=loss)
    losses = model.fit(images, labels, epochs=20, verbose=0).history["loss"]
    assert sum(losses[-5:]) < 0.5 * sum(losses[:5])


def test_the_digits_are_learned() -> None:
    losses, accuracy = train_tf(steps=40)
    assert len(losses) == 4
    assert losses[-1] < 0.7 * losses[0]
    assert accuracy > 0.5
