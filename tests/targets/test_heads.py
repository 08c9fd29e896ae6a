"""Heads alike on several feature maps are a loop, as a person would have written them."""

from __future__ import annotations

import ast

import numpy as np
import pytest
from blocks import branches, detector, outputs

import proto2net
from proto2net import backends

MAPS = (5, 7, 9, 11)
LOOPS = {"torch": "for head, x in zip(", "numpy": "for head, x in zip(", "tf": "for x, "}


def loops(source: str) -> int:
    """How many comprehensions the network has."""
    net = next(
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef) and "features" in ast.unparse(node)
    )
    return sum(isinstance(node, ast.ListComp) for node in ast.walk(net))


@pytest.mark.parametrize("deep", [False, True])
def test_heads_of_a_loop_give_what_they_give_one_by_one(target: str, deep: bool) -> None:
    graph = proto2net.parse(detector(*MAPS, deep=deep))
    found, flat = outputs(graph, target)
    assert len(found) == len(flat) == 3
    for one, other in zip(found, flat, strict=True):
        np.testing.assert_array_equal(one, other)


def test_each_kind_of_head_is_a_loop_over_the_same_feature_maps(target: str) -> None:
    source = proto2net.convert(detector(*MAPS), to=target)
    assert "    features = (conv4, conv5, conv6, conv7)\n" in source
    assert loops(source) == 3
    assert LOOPS[target] in source
    assert "min_size=min_size," in source
    flat = proto2net.convert(detector(*MAPS), to=target, flat=True)
    assert "features" not in flat
    assert len(source.splitlines()) < len(flat.splitlines())


def test_weights_go_to_the_heads_that_they_are_of(target: str) -> None:
    graph = proto2net.parse(detector(*MAPS))
    emitted, flat = (backends.get(target).emit(graph, flat=flat) for flat in (False, True))
    assert set(emitted.arrays.values()) == set(flat.arrays.values())
    if target == "tf":
        assert emitted.arrays == flat.arrays  # layers are called what they were
        return
    ((node, blob),) = emitted.arrays["mbox_loc.2.weight"].sources
    assert (node.name, blob) == ("conv6_mbox_loc", "weight")


def test_what_is_asked_for_within_a_head_is_found(target: str) -> None:
    graph = proto2net.parse(detector(*MAPS))
    random = np.random.default_rng(0)
    weights = {
        node.name: [random.standard_normal(blob.shape) for blob in node.blobs.values()]
        for node in graph.nodes
        if node.blobs
    }
    data = random.standard_normal((2, 3, 33, 45)).astype("f")
    network = proto2net.load(graph, weights, to=target)
    found = proto2net.blobs(network, {"data": data})
    alone = proto2net.parse(detector(*MAPS), outputs=["conv6_mbox_loc", "mbox_conf"])
    runner = backends.get(target).runner
    (loc, conf) = runner.run(proto2net.load(alone, weights, to=target), alone, {"data": data})
    np.testing.assert_allclose(found["conv6_mbox_loc"], loc, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(found["mbox_conf"], conf, rtol=1e-4, atol=1e-4)


def test_an_input_may_be_called_as_the_loop_calls_a_feature_map(target: str) -> None:
    graph = proto2net.parse(detector(*MAPS, data="x"))
    found, flat = outputs(graph, target)
    for one, other in zip(found, flat, strict=True):
        np.testing.assert_array_equal(one, other)


def test_two_heads_are_no_loop(target: str) -> None:
    assert "features" not in proto2net.convert(detector(*MAPS[:2]), to=target)


def test_branches_of_a_block_are_no_heads(target: str) -> None:
    assert "features" not in proto2net.convert(branches(1), to=target)


def test_a_head_that_training_leaves_alone_is_no_part_of_a_loop(target: str) -> None:
    graph = proto2net.parse(detector(*MAPS, frozen=True), phase="train")
    found = backends.get(target).emit(graph).source
    assert LOOPS[target] not in found or "prior_box(" in found or "PriorBox(" in found
    assert ("requires_grad_(False)" in found) == (target == "torch")
    assert ("trainable=False" in found) == (target == "tf")
