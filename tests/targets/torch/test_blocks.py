"""Emitted PyTorch files have the classes that a person would have written."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from blocks import branches, outputs
from digests import MODELS

import proto2net
from proto2net import backends

SIZES = {"googlenet": 224, "mobilenet": 96, "resnet50": 224, "squeezenet_v1.1": 97}
"""Networks with blocks, and the smallest images that they take."""


@pytest.mark.parametrize("name", SIZES)
def test_a_network_of_blocks_gives_what_the_flat_one_gives(name: str) -> None:
    shape = (1, 3, SIZES[name], SIZES[name])
    graph = proto2net.parse(MODELS / f"{name}.prototxt", inputs={"data": shape})
    found, flat = outputs(graph, "torch")
    assert len(found) == len(flat)
    for one, other in zip(found, flat, strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_only_the_forward_pass_of_a_block_reads_is_kept() -> None:
    graph = proto2net.parse(branches(1, 2, 1, 1, 2, 1, 1))
    assert "stride=self.stride" in backends.get("torch").emit(graph).source
    found, flat = outputs(graph, "torch")
    np.testing.assert_array_equal(found[0], flat[0])


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
