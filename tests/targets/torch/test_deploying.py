"""Emitted networks of blocks can be copied, saved, exported, and run in every way of PyTorch."""

from __future__ import annotations

import importlib
import pickle
from copy import deepcopy
from functools import cache
from pathlib import Path

import pytest
import torch
from digests import MODELS
from torch import nn

import proto2net

SIZES = {"googlenet": 224, "mobilenet": 96, "resnet50": 224}
"""The smallest images that each network takes."""

pytestmark = pytest.mark.parametrize("name", SIZES)


@cache
def load(name: str) -> nn.Module:
    torch.manual_seed(3)
    shape = (2, 3, SIZES[name], SIZES[name])
    network = proto2net.load(MODELS / f"{name}.prototxt", to="torch", inputs={"data": shape})
    assert isinstance(network, nn.Module)
    return network.eval()


def images(name: str, batch: int = 2) -> torch.Tensor:
    torch.manual_seed(5)
    return torch.randn(batch, 3, SIZES[name], SIZES[name])


def logits(network: nn.Module, batch: torch.Tensor) -> torch.Tensor:
    """What tells networks apart better than the nearly even probabilities of an untrained one."""
    with torch.no_grad():
        found = network.logits(batch)
    assert isinstance(found, torch.Tensor)
    return found


def test_a_deep_copy_is_a_network_of_its_own(name: str) -> None:
    network, batch = load(name), images(name)
    before = logits(network, batch)
    copy = deepcopy(network)
    assert torch.equal(logits(copy, batch), before)
    with torch.no_grad():
        for parameter in copy.parameters():
            parameter.zero_()
    assert torch.equal(logits(network, batch), before)


def test_a_module_of_an_emitted_file_can_be_pickled(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"emitted_{name}.py"
    path.write_text(proto2net.convert(MODELS / f"{name}.prototxt", to="torch"))
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module(path.stem)
    (entry,) = (
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, nn.Module) and hasattr(value, "logits")
    )
    network, batch = entry().eval(), images(name)
    again = pickle.loads(pickle.dumps(network))  # noqa: S301  # of our own making
    assert torch.equal(logits(again, batch), logits(network, batch))


def test_images_may_have_their_channels_last(name: str) -> None:
    network, batch = load(name), images(name)
    found = logits(
        deepcopy(network).to(memory_format=torch.channels_last),
        batch.to(memory_format=torch.channels_last),
    )
    expected = logits(network, batch)
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-4 * expected.abs().max().item())


def test_autocast_takes_half_the_precision(name: str) -> None:
    network, batch = load(name), images(name, 1)
    with torch.autocast("cpu", torch.bfloat16):
        half = logits(network, batch)
    expected = logits(network, batch)
    assert half.dtype == torch.bfloat16
    assert (half.float() - expected).abs().max() < 0.1 * expected.abs().max()


def test_it_can_be_exported_for_any_batch_size(name: str) -> None:
    network = load(name)
    size = ({0: torch.export.Dim("batch", min=1, max=64)},)
    exported = torch.export.export(network, (images(name),), dynamic_shapes=size)
    batch = images(name, 3)
    with torch.no_grad():
        torch.testing.assert_close(exported.module()(batch), network(batch))


def test_it_compiles_as_one_graph(name: str) -> None:
    network, batch = load(name), images(name)
    compiled = torch.compile(network, fullgraph=True, backend="aot_eager")
    with torch.no_grad():
        torch.testing.assert_close(compiled(batch), network(batch))
