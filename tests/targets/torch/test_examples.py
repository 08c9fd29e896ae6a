"""The networks in examples/ learn in PyTorch."""

from __future__ import annotations

import pytest
import torch
from cifar_vgg import CifarVGG
from train_digits import main, train_torch


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
