"""Emitted files have the classes or functions that a person would have written; they compute alike.

What these say, and how they are called, is a matter of each target: see its folder.
"""

from __future__ import annotations

import numpy as np
import pytest
from blocks import branches, outputs, preactivated, scaled_twice
from digests import MODELS

import proto2net
from proto2net import Graph, backends

SIZES = {"googlenet": 224, "mobilenet": 96, "resnet50": 224, "squeezenet_v1.1": 97}
"""Networks with blocks, and the smallest images that they take."""


def check_equal(graph: Graph, target: str) -> None:
    """With blocks a network gives to the bit what the flat one gives."""
    found, flat = outputs(graph, target)
    assert len(found) == len(flat)
    for one, other in zip(found, flat, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", SIZES)
def test_a_network_of_blocks_gives_what_the_flat_one_gives(name: str, target: str) -> None:
    shape = (1, 3, SIZES[name], SIZES[name])
    check_equal(proto2net.parse(MODELS / f"{name}.prototxt", inputs={"data": shape}), target)


@pytest.mark.parametrize("in_place", [False, True])
def test_a_block_without_a_projection_adds_what_it_reads_itself(
    in_place: bool, target: str
) -> None:
    graph = proto2net.parse(preactivated(4, 4, 6, 6, 9, 9, in_place=in_place))
    assert "project" in backends.get(target).emit(graph).source
    check_equal(graph, target)


def test_what_only_the_forward_pass_of_a_block_reads_is_kept(target: str) -> None:
    graph = proto2net.parse(branches(1, 2, 1, 1, 2, 1, 1))
    kept = "stride=self.stride" in backends.get(target).emit(graph).source
    assert kept == (target != "tf")  # where a block is a function, nothing need be kept
    check_equal(graph, target)


def test_a_unit_may_have_two_layers_of_one_type(target: str) -> None:
    check_equal(
        proto2net.parse(
            scaled_twice("stem", "red", "blue", "green", "pink", "grey", "gold", "teal")
        ),
        target,
    )
