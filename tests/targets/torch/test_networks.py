"""Emitted PyTorch networks live up to what PyTorch offers, and may have any name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import ssd_cases
import torch
from attacks import executed
from digests import MODELS
from layer_cases import NAMES, case
from samples.sample import layer, sample, values
from torch import nn

import proto2net
from proto2net.backends.torch.file import MODULE_ATTRIBUTES

SMALL = {"lenet": (1, 28, 28), "cifar10_full": (3, 32, 32), "cifar10_nin": (3, 32, 32)}
"""Networks that run in no time, and their images."""


def load(name: str, **options: Any) -> nn.Module:
    torch.manual_seed(3)
    network: nn.Module = proto2net.load(MODELS / f"{name}.prototxt", to="torch", **options)
    for parameter in network.parameters():  # the files have no fillers: all would be 0
        nn.init.normal_(parameter, std=0.1)
    return network


def images(name: str, batch: int) -> torch.Tensor:
    return torch.randn(batch, *SMALL[name])


def test_the_source_of_every_layer_runs_as_a_program() -> None:
    for name in NAMES:
        executed(proto2net.convert(case(name).graph, to="torch"))


@pytest.mark.parametrize("name", SMALL)
def test_network_takes_any_batch_size(name: str) -> None:
    network = load(name)
    batch = images(name, 3)
    outputs = network(batch)
    for image, output in zip(batch, outputs, strict=True):
        torch.testing.assert_close(network(image[None])[0], output, rtol=1e-4, atol=1e-6)


def test_a_fully_convolutional_network_takes_any_image_size() -> None:
    network = load("squeezenet_v1.1")
    assert network(torch.randn(2, 3, 67, 131)).shape == (2, 1000, 1, 1)


@pytest.mark.parametrize("name", SMALL)
def test_network_can_be_traced(name: str) -> None:
    network = load(name)
    traced = torch.jit.trace(network, images(name, 2))
    batch = images(name, 3)
    torch.testing.assert_close(traced(batch), network(batch))


@pytest.mark.parametrize("name", SMALL)
def test_network_can_be_exported_for_any_batch_size(name: str) -> None:
    network = load(name)
    size = ({0: torch.export.Dim("batch", min=1, max=64)},)
    exported = torch.export.export(network, (images(name, 2),), dynamic_shapes=size)
    batch = images(name, 3)
    torch.testing.assert_close(exported.module()(batch), network(batch))


def test_a_detector_can_be_exported_up_to_its_suppression() -> None:
    whole = proto2net.parse(ssd_cases.small_ssd(2, 64, 80))
    images = torch.from_numpy(ssd_cases.images(2, 64, 80))
    weights = ssd_cases.weights(whole)
    with pytest.raises(RuntimeError, match="data-dependent expression"):
        torch.export.export(proto2net.load(whole, weights, to="torch"), (images,))
    cut = proto2net.parse(ssd_cases.small_ssd(2, 64, 80), outputs=["loc", "flat", "prior"])
    network = proto2net.load(cut, weights, to="torch")
    exported = torch.export.export(network, (images,)).module()
    torch.testing.assert_close(exported(images), network(images))


@pytest.mark.parametrize("name", SMALL)
def test_network_compiles_as_one_graph(name: str) -> None:
    network = load(name)
    batch = images(name, 2)
    compiled = torch.compile(network, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(batch), network(batch))


@pytest.mark.parametrize("name", SMALL)
def test_state_dict_goes_round(name: str, tmp_path: Path) -> None:
    network, other = load(name), load(name)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(1)
    torch.save(network.state_dict(), tmp_path / "weights.pt")
    other.load_state_dict(torch.load(tmp_path / "weights.pt", weights_only=True))
    batch = images(name, 2)
    torch.testing.assert_close(other(batch), network(batch))


FILLER = 'weight_filler { type: "xavier" }'
TRAINED = sample(
    layer(
        "Convolution", "x", "a", f"convolution_param {{ num_output: 8 kernel_size: 3 {FILLER} }}"
    ),
    layer("BatchNorm", "a", "a", name="bn"),
    layer("Scale", "a", "a", "scale_param { bias_term: true }", "scale"),
    layer("ReLU", "a", "a", name="relu"),
    layer("Dropout", "a", "a", "dropout_param { dropout_ratio: 0.2 }", "drop"),
    layer("InnerProduct", "a", "b", f"inner_product_param {{ num_output: 5 {FILLER} }}", "fc"),
    layer("SoftmaxWithLoss", "b label", "loss", name="loss"),
    inputs={"x": values(6, 3, 7, 9), "label": [0, 1, 2, 3, 4, 0]},
)


def test_a_network_of_the_training_phase_learns() -> None:
    torch.manual_seed(5)
    network = proto2net.load(TRAINED.net, to="torch", phase="train")
    inputs = [torch.from_numpy(array) for array in TRAINED.inputs.values()]
    optimizer = torch.optim.SGD(network.parameters(), lr=0.02, momentum=0.9)
    losses = []
    for _ in range(20):
        loss = network(*inputs)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2


def test_a_network_of_the_training_phase_can_be_evaluated() -> None:
    torch.manual_seed(5)
    network = proto2net.load(TRAINED.net, to="torch", phase="train")
    inputs = [torch.from_numpy(array) for array in TRAINED.inputs.values()]
    for _ in range(3):
        network(*inputs)
    network.eval()
    before = network.bn.running_mean.clone()
    torch.testing.assert_close(network(*inputs), network(*inputs))
    torch.testing.assert_close(network.bn.running_mean, before)


def test_the_emitted_class_names_the_total_loss_where_it_is_weighted() -> None:
    source = proto2net.convert(MODELS / "googlenet_train_val.prototxt", to="torch", phase="train")
    assert "Loss: 0.3 * loss1_loss1 + 0.3 * loss2_loss1 + loss3_loss3." in source


def test_the_names_of_a_module_are_known() -> None:
    class Empty(nn.Module):
        pass

    taken = {name for name in dir(Empty()) if not name.startswith("_")}
    assert taken <= MODULE_ATTRIBUTES


@pytest.mark.parametrize(
    "name", ["forward", "type", "class", "self", "training", "F", "torch", 'x\\"); import os #']
)
def test_a_layer_may_have_any_name(name: str) -> None:
    text = "inner_product_param { num_output: 4 }"
    definition = layer("InnerProduct", "x", "TOP", text, name).replace("TOP", name)
    network = proto2net.load(sample(definition, inputs={"x": values(2, 3)}).net, to="torch")
    assert network(torch.ones(2, 3)).shape == (2, 4)
    assert isinstance(network.forward(torch.ones(5, 3)), torch.Tensor)
    assert network.eval().training is False


def test_a_network_named_as_a_helper_still_has_the_helper() -> None:
    text = layer("LSTM", "x cont", "y", "recurrent_param { num_output: 5 }")
    inputs = {"x": values(4, 2, 3), "cont": np.ones((4, 2))}
    net = 'name: "LSTM"\n' + sample(text, inputs=inputs).net
    assert "class LSTMNet(nn.Module)" in proto2net.convert(net, to="torch")
    network = proto2net.load(net, to="torch")
    assert network(torch.ones(4, 2, 3), torch.ones(4, 2)).shape == (4, 2, 5)


def test_a_network_stays_on_its_device_when_it_is_run() -> None:
    network = load("lenet").to("meta")  # the one other device that every machine has
    with pytest.raises(NotImplementedError, match="no data"):  # which cannot give arrays
        proto2net.outputs(network, {"data": np.zeros((1, 1, 28, 28), np.float32)})
    assert {each.device.type for each in network.parameters()} == {"meta"}
