"""Emitted PyTorch files have the classes that a person would have written."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from blocks import WORDS, in_no_block, outputs
from digests import MODELS

import proto2net
from proto2net import api, backends


def test_keys_of_the_state_are_the_attributes_paths() -> None:
    state = proto2net.load(MODELS / "googlenet.prototxt", to="torch").state_dict()
    assert state["inception_3a.conv1x1.weight"].shape == (64, 192, 1, 1)
    assert {key.partition(".")[0] for key in state if key.startswith("inception")} == {
        f"inception_{block}" for block in "3a 3b 4a 4b 4c 4d 4e 5a 5b".split()
    }


def test_blocks_in_a_row_are_a_stage() -> None:
    network = proto2net.load(MODELS / "resnet50.prototxt", to="torch")
    assert isinstance(network.res4, torch.nn.Sequential)
    assert [block.project for block in network.res4] == [True] + 5 * [False]
    assert network.state_dict()["res4.5.bn_branch2c.running_mean"].shape == (1024,)


def test_equal_blocks_within_a_row_of_others_are_a_stage_too() -> None:
    network = proto2net.load(MODELS / "mobilenet.prototxt", to="torch")
    assert isinstance(network.conv5_1_to_5_5, torch.nn.Sequential)
    assert len(network.conv5_1_to_5_5) == 5


def test_what_stands_everywhere_is_a_class() -> None:
    graph = proto2net.parse(in_no_block())
    source = proto2net.convert(graph, to="torch")
    assert "self.hazel_root = ConvBNReLU(8, 4, 3, padding=1)\n" in source
    assert "self.ash_leaf = ConvBNReLU(5, 6, 1, stride=2)\n" in source
    found, flat = outputs(graph, "torch")
    np.testing.assert_array_equal(found[0], flat[0])
    state = proto2net.load(graph, to="torch").state_dict()
    assert state["birch_root.conv.weight"].shape == (7, 6, 3, 3)


def test_what_begins_with_its_normalisation_is_called_as_its_convolution() -> None:
    graph = proto2net.parse(in_no_block(preactivated=True))
    source = proto2net.convert(graph, to="torch")
    assert "self.hazel_root = BNReLUConv(8, 4, 3, padding=1)\n" in source
    found, flat = outputs(graph, "torch")
    np.testing.assert_array_equal(found[0], flat[0])


@pytest.mark.parametrize("frozen", [(), WORDS[:2], WORDS])
def test_training_starts_and_leaves_alone_in_a_unit_what_it_does_without(
    frozen: tuple[str, ...],
) -> None:
    graph = proto2net.parse(in_no_block(*frozen), phase="train")
    target = backends.get("torch")
    found, flat = target.emit(graph), target.emit(graph, flat=True)
    assert "ConvBNReLU(" in found.source
    torch.manual_seed(0)
    one = dict(api.built(target, found, "TRAIN").named_parameters())
    torch.manual_seed(0)
    other = dict(api.built(target, flat, "TRAIN").named_parameters())
    place = {array: name for name, array in flat.arrays.items()}
    moved = {name: place[array] for name, array in found.arrays.items() if name in one}
    assert set(moved.values()) == set(other)
    learns = {name: other[moved[name]].requires_grad for name in one}
    assert {name: parameter.requires_grad for name, parameter in one.items()} == learns
    for name, parameter in one.items():
        assert (parameter.std() > 0) == (other[moved[name]].std() > 0)


def conv(name: str, bottom: str, rest: str = "") -> str:
    fields = "convolution_param { num_output: 3 kernel_size: 1 }"
    wires = f'bottom: "{bottom}" top: "{name}"'
    return f'layer {{ name: "{name}" type: "Convolution" {wires} {rest} {fields} }}'


def module(name: str, bottom: str) -> list[str]:
    """Three convolutions and their sum; no gradient goes through the first."""
    wires = f'bottom: "{name}/a" bottom: "{name}/b" bottom: "{name}/c" top: "{name}/sum"'
    return [
        conv(f"{name}/a", bottom, "propagate_down: false"),
        conv(f"{name}/b", bottom),
        conv(f"{name}/c", bottom),
        f'layer {{ name: "{name}/sum" type: "Eltwise" {wires} }}',
    ]


def test_a_gradient_stops_within_a_block_where_the_definition_stops_it() -> None:
    shape = "input_param { shape { dim: 1 dim: 3 dim: 2 dim: 4 } }"
    layers = [f'layer {{ name: "x" type: "Input" top: "x" {shape} }}', conv("m0/sum", "x")]
    for number in range(1, 9):
        layers += module(f"m{number}", f"m{number - 1}/sum")
    graph = proto2net.parse("\n".join(layers), phase="train")
    target = backends.get("torch")
    found, flat = target.emit(graph), target.emit(graph, flat=True)
    assert "self.a(x.detach())" in found.source
    assert "m1_a" in flat.source
    assert "m1_a" not in found.source
    place = {array: name for name, array in flat.arrays.items()}
    network, other = (api.built(target, emitted, graph.phase) for emitted in (found, flat))
    values = target.runner.arrays(other)
    target.runner.install(network, {n: values[place[a]] for n, a in found.arrays.items()})
    gradients = []
    for each in (network, other):
        each(torch.ones(1, 3, 2, 4)).sum().backward()
        gradients.append(dict(each.named_parameters())["m0_sum.weight"].grad)
    torch.testing.assert_close(*gradients, rtol=0, atol=0)
