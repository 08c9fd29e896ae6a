"""A classifier that was converted for tests can be trained for other classes."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from digests import MODELS
from porting_cases import imported
from safetensors.torch import load_file, save_file

import proto2net
from proto2net import api, backends, output
from proto2net.weights.porting import port

NARROW = """name: "Narrow"
input: "data" input_dim: 2 input_dim: 3 input_dim: 9 input_dim: 7
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
        convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "drop" type: "Dropout" bottom: "conv" top: "conv" }
layer { name: "fc" type: "InnerProduct" bottom: "conv" top: "fc"
        inner_product_param { num_output: 6 } }
layer { name: "prob" type: "Softmax" bottom: "fc" top: "prob" }
"""


@pytest.fixture
def written(tmp_path: Path) -> ModuleType:
    """The file of a small classifier, with weights beside it."""
    graph = proto2net.parse(NARROW)
    random = np.random.default_rng(0)
    values = {
        node.name: [random.standard_normal(blob.shape) for blob in node.blobs.values()]
        for node in graph.nodes
        if node.blobs
    }
    ported = port(api.model(graph, values), backends.get("torch"), stem="narrow")
    output.write_together(ported.files(tmp_path / "narrow.py"))
    return imported(tmp_path / "narrow.py")


def test_logits_are_what_goes_into_the_softmax(written: ModuleType) -> None:
    net = written.Narrow.from_pretrained()
    x = torch.rand(2, 3, 9, 7)
    assert torch.equal(net(x), torch.softmax(net.logits(x), dim=1))


def test_a_head_of_another_size_starts_anew_and_all_else_is_loaded(written: ModuleType) -> None:
    whole, other = written.Narrow.from_pretrained(), written.Narrow.from_pretrained(num_classes=5)
    assert other(torch.rand(2, 3, 9, 7)).shape == (2, 5)
    assert torch.equal(whole.conv.weight, other.conv.weight)


def test_a_head_that_shares_its_weights_has_the_size_that_it_has(tmp_path: Path) -> None:
    fields = 'param { name: "w" } param { name: "b" } inner_product_param { num_output: 5 }'
    net = f"""input: "data" input_shape {{ dim: 2 dim: 5 }}
        layer {{ name: "a" type: "InnerProduct" bottom: "data" top: "a" {fields} }}
        layer {{ name: "b" type: "InnerProduct" bottom: "a" top: "b" {fields} }}
        layer {{ name: "prob" type: "Softmax" bottom: "b" top: "prob" }}"""
    arrays = {"a": [np.eye(5, dtype=np.float32), np.ones(5, np.float32)]}
    ported = port(api.model(proto2net.parse(net), arrays), backends.get("torch"), stem="shared")
    assert "num_classes" not in ported.emitted.source
    output.write_together(ported.files(tmp_path / "shared.py"))
    module = imported(tmp_path / "shared.py")
    network = next(v for v in vars(module).values() if hasattr(v, "from_pretrained"))
    x = torch.rand(2, 5)
    torch.testing.assert_close(network.from_pretrained().logits(x), x + 2)


def test_dropout_is_there_and_does_nothing_outside_training(written: ModuleType) -> None:
    net = written.Narrow.from_pretrained()
    x = torch.rand(2, 3, 9, 7)
    assert torch.equal(net(x), net(x))
    net.train()
    assert not torch.equal(net(x), net(x))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda state: state.pop("fc.bias"), 'Missing key.*"fc.bias"'),
        (lambda state: state.update(other=torch.zeros(1)), 'Unexpected key.*"other"'),
    ],
)
def test_a_file_that_lacks_or_has_too_much_is_refused(
    written: ModuleType, change: Any, words: str, tmp_path: Path
) -> None:
    state = load_file(tmp_path / "narrow.safetensors")
    change(state)
    save_file(state, tmp_path / "changed.safetensors")
    with pytest.raises(RuntimeError, match=f"(?s){words}"):
        written.Narrow.from_pretrained(tmp_path / "changed.safetensors")


def test_a_network_without_fillers_gets_a_gradient_everywhere() -> None:
    net = proto2net.load(
        MODELS / "squeezenet_v1.1.prototxt", to="torch", inputs={"data": (2, 3, 65, 65)}
    )
    net.logits(torch.rand(2, 3, 65, 65)).square().sum().backward()
    assert all(p.grad is not None and p.grad.any() for p in net.parameters())
