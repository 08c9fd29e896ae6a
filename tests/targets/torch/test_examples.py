"""The networks in examples/ run in PyTorch, and learn."""

from __future__ import annotations

import pytest
import torch
from alexnet import AlexNet
from cifar_vgg import CifarVGG
from googlenet import GoogleNet
from lenet import LeNet
from nin import NiN
from resnet import ResNet18, ResNet50
from train_digits import main, train_torch
from vgg16 import VGG16

from proto2net import CaffeNetwork, Network, layout
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
def test_a_network_runs(kind: type[Network | CaffeNetwork]) -> None:
    torch.manual_seed(1)
    shape, output = CASES[kind]
    images = torch.randn(shape)
    network = kind({"data": layout.laid_out(shape) if issubclass(kind, Network) else shape})
    with torch.no_grad():
        found = network.to("torch").train()(images)  # batch norms have no statistics yet
    assert tuple(found.shape) == output
    assert found.isfinite().all()
    assert found.std() > 0


class Narrow(CifarVGG):
    blocks = ((16, 1), (32, 2))


def test_a_batch_norm_and_dropout_network_learns() -> None:
    torch.manual_seed(1)
    network = Narrow().to("torch")
    images, labels = torch.randn(8, 3, 32, 32), torch.arange(8)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.005)
    losses = []
    for _ in range(20):
        loss = torch.nn.functional.cross_entropy(network(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert sum(losses[-5:]) < 0.5 * sum(losses[:5])


def test_the_digits_are_learned() -> None:
    losses, accuracy = train_torch(steps=40)
    assert len(losses) == 4
    assert losses[-1] < 0.7 * losses[0]
    assert accuracy > 0.5


def test_the_script_prints_how_the_loss_falls(capsys: pytest.CaptureFixture[str]) -> None:
    main(["torch", "--steps", "10"])
    step, accuracy = capsys.readouterr().out.splitlines()
    assert step.startswith("step   10: loss 2.")
    assert accuracy.startswith("accuracy on 297 unseen digits: ")
