"""Emitted PyTorch files read well, import, and live up to what PyTorch offers."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from digests import MODELS
from layer_cases import NAMES, case
from live_cases import check_that_looking_inside_renders_once, check_that_networks_are_freed
from samples.sample import layer, sample, values
from torch import nn

import proto2net
from proto2net.backends.torch.file import MODULE_ATTRIBUTES

FILES = sorted(MODELS.glob("*.prototxt"))
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


@pytest.fixture(scope="module")
def emitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source of every network of models/ and of every layer's case."""
    folder = tmp_path_factory.mktemp("emitted")
    for file in FILES:
        for phase in ("test", "train"):
            source = proto2net.convert(file, to="torch", phase=phase)
            folder.joinpath(f"{file.stem.replace('.', '_')}_{phase}.py").write_text(source)
    for name in NAMES:
        source = proto2net.convert(case(name).graph, to="torch")
        folder.joinpath(f"case_{name}.py").write_text(source)
    return folder


def test_source_passes_ruff(emitted: Path) -> None:
    rules = "--select=E4,E7,E9,F,I,UP,B,SIM,C4,RUF,PIE,RET,D1"
    kept = "--ignore=B905,D102,D107,RET504,RUF100"
    ruff = [sys.executable, "-m", "ruff"]
    for command in (["check", "--no-fix", rules, kept], ["format", "--check"]):
        result = subprocess.run(
            [*ruff, *command, "--isolated", emitted], capture_output=True, text=True, check=False
        )
        assert result.returncode == 0, result.stdout[-3000:]


def test_source_compiles_and_imports_no_other_package(emitted: Path) -> None:
    for file in emitted.glob("*.py"):
        tree = ast.parse(file.read_text())
        imported = {
            name.split(".")[0]
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in ([node.module] if isinstance(node, ast.ImportFrom) else _names(node))
        }
        assert imported <= {"torch", "numpy", "math", "collections"}, file.name
        compile(tree, file.name, "exec")


def _names(node: ast.Import) -> Iterator[str]:
    return (alias.name for alias in node.names)


def test_source_runs_as_a_program(emitted: Path) -> None:
    result = subprocess.run(
        [sys.executable, emitted / "lenet_test.py"], capture_output=True, text=True, check=True
    )
    assert result.stdout == "prob (64, 10)\n"


def test_the_source_of_every_layer_runs_as_a_program(emitted: Path) -> None:
    for file in emitted.glob("case_*.py"):
        code = compile(file.read_text(), file.name, "exec")
        exec(code, {"__name__": "__main__"})  # noqa: S102


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_source_is_the_same_each_time(file: Path) -> None:
    assert proto2net.convert(file, to="torch") == proto2net.convert(file, to="torch")


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


def test_networks_that_are_no_longer_used_are_freed() -> None:
    check_that_networks_are_freed("torch")


def test_looking_inside_a_network_again_renders_nothing_again() -> None:
    check_that_looking_inside_renders_once("torch")
