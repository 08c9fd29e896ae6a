"""The networks in examples/ run in a framework."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from alexnet import AlexNet
from cifar_vgg import CifarVGG
from googlenet import GoogleNet
from lenet import LeNet
from nin import NiN
from resnet import ResNet18, ResNet50
from targets import seed
from vgg16 import VGG16

from proto2net import CaffeNetwork, Network, backends, layout
from proto2net.shape import Shape

CASES: dict[type[Network | CaffeNetwork], tuple[Shape, Shape]] = {
    AlexNet: ((2, 3, 67, 67), (2, 1000)),
    CifarVGG: ((2, 3, 32, 32), (2, 10)),
    GoogleNet: ((2, 3, 224, 224), (2, 1000)),
    LeNet: ((2, 1, 28, 28), (2, 10)),
    NiN: ((2, 3, 224, 224), (2, 1000, 1, 1)),
    ResNet18: ((2, 3, 224, 224), (2, 1000)),
    ResNet50: ((2, 3, 224, 224), (2, 1000)),
    VGG16: ((2, 3, 32, 32), (2, 1000)),
}
"""The shapes of an input and the output; large networks take a small image."""


@pytest.mark.parametrize("kind", CASES, ids=lambda kind: kind.__name__)
def test_a_network_runs(kind: type[Network | CaffeNetwork], target: str) -> None:
    seed(target)
    shape, output = CASES[kind]
    network = kind({"data": layout.laid_out(shape) if issubclass(kind, Network) else shape})
    # Batch norms have no statistics yet: the network is run as in training.
    graph = dataclasses.replace(network.graph, phase="TRAIN")
    live = network.to(target)
    if target == "torch":
        live.train()
    images = np.random.default_rng(1).standard_normal(shape, np.float32)
    (found,) = backends.get(target).runner.run(live, graph, {"data": images})
    assert found.shape == output
    assert np.isfinite(found).all()
    assert found.std() > 0
