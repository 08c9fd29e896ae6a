"""The networks in examples/ run in Keras, and learn."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from alexnet import AlexNet
from cifar_vgg import CifarVGG
from googlenet import GoogleNet
from lenet import LeNet
from nin import NiN
from resnet import ResNet18, ResNet50
from train_digits import train_tf
from vgg16 import VGG16

from proto2net import CaffeNetwork, Network, layout
from proto2net.shape import Shape

CASES: dict[type[Network | CaffeNetwork], tuple[Shape, Shape]] = {
    AlexNet: ((2, 67, 67, 3), (2, 1000)),
    CifarVGG: ((2, 32, 32, 3), (2, 10)),
    GoogleNet: ((2, 224, 224, 3), (2, 1000)),
    LeNet: ((2, 28, 28, 1), (2, 10)),
    NiN: ((2, 224, 224, 3), (2, 1, 1, 1000)),
    ResNet18: ((2, 224, 224, 3), (2, 1000)),
    ResNet50: ((2, 224, 224, 3), (2, 1000)),
    VGG16: ((2, 32, 32, 3), (2, 1000)),
}
"""The shapes of an input and the output; large networks take a small image."""


@pytest.mark.parametrize("kind", CASES, ids=lambda kind: kind.__name__)
def test_a_network_runs(kind: type[Network | CaffeNetwork]) -> None:
    keras.utils.set_random_seed(1)
    shape, output = CASES[kind]
    images = np.random.default_rng(1).normal(size=shape).astype("float32")
    network = kind({"data": shape if issubclass(kind, Network) else layout.in_caffe_order(shape)})
    model = network.to("tf")
    found = model(images, training=True).numpy()  # batch norms have no statistics yet
    assert found.shape == output
    assert np.isfinite(found).all()
    assert found.std() > 0


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
