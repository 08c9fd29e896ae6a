"""A classifier that was converted for tests can be trained for other classes."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from digests import MODELS
from porting_cases import NARROW, imported, written

import proto2net
from proto2net import api, backends, output
from proto2net.weights.porting import port


@pytest.fixture
def narrow(tmp_path: Path) -> ModuleType:
    """The file of a small classifier, with weights beside it."""
    return written(NARROW, tmp_path, "torch")


def test_logits_are_what_goes_into_the_softmax(narrow: ModuleType) -> None:
    net = narrow.Narrow.from_pretrained()
    x = torch.rand(2, 3, 9, 7)
    assert torch.equal(net(x), torch.softmax(net.logits(x), dim=1))


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


def test_dropout_is_there_and_does_nothing_outside_training(narrow: ModuleType) -> None:
    net = narrow.Narrow.from_pretrained()
    x = torch.rand(2, 3, 9, 7)
    assert torch.equal(net(x), net(x))
    net.train()
    assert not torch.equal(net(x), net(x))


def test_a_network_without_fillers_gets_a_gradient_everywhere() -> None:
    net = proto2net.load(
        MODELS / "squeezenet_v1.1.prototxt", to="torch", inputs={"data": (2, 3, 65, 65)}
    )
    net.logits(torch.rand(2, 3, 65, 65)).square().sum().backward()
    assert all(p.grad is not None and p.grad.any() for p in net.parameters())
