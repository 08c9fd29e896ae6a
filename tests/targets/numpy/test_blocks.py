"""Emitted NumPy files have the classes that a person would have written."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np
import pytest
from blocks import branches
from digests import MODELS

import proto2net
from proto2net import Graph, api, backends

SIZES = {"googlenet": 224, "mobilenet": 96, "resnet50": 224, "squeezenet_v1.1": 97}
"""Networks with blocks, and the smallest images that they take."""


def started(graph: Graph, **options: Any) -> tuple[Any, dict[Any, np.ndarray]]:
    """A network from its fillers, and its arrays by the learned blobs that they are made of."""
    target = backends.get("numpy")
    emitted = target.emit(graph, **options)
    network = api.built(target, emitted, graph.phase)
    arrays = target.runner.arrays(network)
    assert arrays.keys() == emitted.arrays.keys()
    return network, {array: arrays[name] for name, array in emitted.arrays.items()}


@pytest.mark.parametrize("name", ["googlenet", "resnet50"])
def test_blocks_start_and_are_found_as_flat_layers(name: str) -> None:
    graph = proto2net.parse(MODELS / f"{name}.prototxt")
    (_, found), (_, flat) = started(graph), started(graph, flat=True)
    assert found.keys() == flat.keys()
    for array in flat:
        np.testing.assert_array_equal(found[array], flat[array])


def test_blocks_that_draw_use_the_generator_of_the_network() -> None:
    graph = proto2net.parse(branches(1, 2, 1, 1, 2, dropout=True), phase="train")
    (network, _), (flat, _) = started(graph), started(graph, flat=True)
    assert network.cell1.rng is network.cell2.rng
    x = np.random.default_rng(1).normal(0, 1, (2, 3, 17, 25))
    for _ in range(2):
        np.testing.assert_array_equal(network(x), flat(x))


def test_arrays_are_loaded_by_paths() -> None:
    network = proto2net.load(MODELS / "resnet50.prototxt", to="numpy")
    array = np.random.default_rng(2).normal(0, 1, (1024, 256, 1, 1)).astype(np.float32)
    network.load({"res4.5.branch2c.weight": array})
    np.testing.assert_array_equal(network.res4[5].branch2c["weight"], array)
    assert not network.res4[4].branch2c["weight"].any()


def test_blocks_in_a_row_are_a_list() -> None:
    network = proto2net.load(MODELS / "resnet50.prototxt", to="numpy")
    assert [block.project for block in network.res4] == [True] + 5 * [False]
    assert [block.stride for block in network.res4] == [2] + 5 * [1]


def parameters(source: str) -> list[str]:
    """The parameters of the first block."""
    init = next(
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef) and node.name == "__init__"
    )
    return [each.arg for each in init.args.args if each.arg != "rng"]


@pytest.mark.parametrize("name", SIZES)
def test_parameters_have_the_names_that_torch_gives_them(name: str) -> None:
    graph = proto2net.parse(MODELS / f"{name}.prototxt")
    found, right = (parameters(backends.get(to).emit(graph).source) for to in ("numpy", "torch"))
    assert found == right


def test_equal_blocks_in_a_row_are_a_list_that_a_loop_makes() -> None:
    source = proto2net.convert(MODELS / "mobilenet.prototxt", to="numpy")
    assert "= [DepthwiseSeparable(rng, 512, 512) for _ in range(5)]" in source
