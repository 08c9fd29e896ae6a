"""Networks written by hand take tensors of PyTorch, and are its modules."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from builder_cases import Small
from digests import GOLDEN

import proto2net
from proto2net import Network


def test_a_network_made_with_tensors_gives_tensors() -> None:
    image = torch.rand(3, 4, 13, 11, requires_grad=True)
    net = Small({"data": image})
    assert net.layers["conv1"].shape == (3, 6, 7, 6)
    output = net.get_output()
    assert output.shape == (3, 10)
    output.square().sum().backward()
    assert image.grad is not None
    assert image.grad.abs().max() > 0


def test_weights_that_are_loaded_count_for_tensors(tmp_path: Path) -> None:
    case = GOLDEN / "layers" / "net_bn_scale_relu"
    recorded = np.load(case / "blobs.npz")

    class Net(Network):
        def setup(self) -> None:
            (
                self.feed("data")
                .conv(3, 3, 6, 1, 1, padding="VALID", biased=False, relu=False, name="conv")
                .batch_normalization(name="bn", scale_offset="scale", relu=True)
            )

    net = Net({"data": torch.tensor(recorded["in/data"])})
    before = net.get_output()
    net.load(case / "net.caffemodel")
    assert net.get_output().detach().numpy() == pytest.approx(recorded["out/conv"], abs=1e-5)
    assert not torch.equal(before, net.get_output())


def test_a_live_network_is_a_module_with_the_layers_names() -> None:
    module = Small({"data": (1, 13, 11, 4)}).to("torch")
    assert isinstance(module, torch.nn.Module)
    assert module.conv1.weight.shape == (6, 4, 5, 3)
    assert proto2net.blobs(module, {"data": np.zeros((2, 4, 13, 11), "float32")})["prob"].shape == (
        2,
        10,
    )


def test_tensors_and_shapes_do_not_mix() -> None:
    class Sum(Network):
        def setup(self) -> None:
            self.feed("a", "b").add(name="sum")

    with pytest.raises(proto2net.Proto2NetError, match="a tensor of one framework for each"):
        Sum({"a": torch.zeros(1, 2, 3, 4), "b": (1, 3, 4, 2)})
