"""Graphs from nodes: shapes are inferred, versions counted, and what makes no graph is refused."""

from __future__ import annotations

import dataclasses
from typing import Any

import layer_cases
import pytest

import proto2net
from proto2net import Graph, ShapeError
from proto2net.graph import Node
from proto2net.layers import Input, Pooling, ReLU

NET = """
layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 dim: 8 dim: 6 } } }
layer { name: "drop" type: "Dropout" bottom: "x" top: "x" }
layer { name: "relu" type: "ReLU" bottom: "x" top: "y" }
layer { name: "pool" type: "Pooling" bottom: "y" top: "z"
        pooling_param { kernel_size: 2 stride: 2 } }
"""


@pytest.fixture
def graph() -> Graph:
    return proto2net.parse(NET)


def without(graph: Graph, layer: str) -> list[Node[Any]]:
    return [node for node in graph.nodes if node.name != layer]


@pytest.mark.parametrize("name", layer_cases.NAMES)
def test_the_same_nodes_make_the_same_graph(name: str) -> None:
    graph = layer_cases.case(name).graph
    assert graph.rebuilt(graph.nodes) == graph


def test_a_layer_in_place_can_be_left_out_and_versions_are_counted_anew(graph: Graph) -> None:
    data, dropout, relu, pool = graph.nodes
    relu = dataclasses.replace(relu, bottoms=dropout.bottoms)
    found = graph.rebuilt([data, relu, pool])
    assert [blob.version for node in found.nodes for blob in node.tops] == [0, 0, 0]
    assert found.outputs == graph.outputs


def test_shapes_follow_an_input_of_another_size(graph: Graph) -> None:
    data, *others = graph.nodes
    data = dataclasses.replace(data, layer=Input(shape=((5, 3, 12, 10),)))
    assert graph.rebuilt([data, *others]).outputs[0].shape == (5, 3, 6, 5)


def test_a_layer_that_refuses_its_new_shape_is_named(graph: Graph) -> None:
    data, *others = graph.nodes
    data = dataclasses.replace(data, layer=Input(shape=((5, 3),)))
    with pytest.raises(ShapeError, match=r'layer "pool" \(Pooling\)'):
        graph.rebuilt([data, *others])


def test_a_blob_that_nothing_makes_is_no_graph(graph: Graph) -> None:
    with pytest.raises(ValueError, match='no layer makes "y" before it is read'):
        graph.rebuilt(without(graph, "relu"))


def test_a_blob_that_is_made_twice_is_no_graph(graph: Graph) -> None:
    *nodes, pool = graph.nodes
    with pytest.raises(ValueError, match='makes "z", which is made before'):
        graph.rebuilt([*nodes, pool, pool])


def test_a_value_that_was_overwritten_cannot_be_read(graph: Graph) -> None:
    data, dropout, relu, pool = graph.nodes
    relu = dataclasses.replace(relu, bottoms=data.tops)
    with pytest.raises(ValueError, match='reads "x", which was overwritten before'):
        graph.rebuilt([data, dropout, relu, pool])


def test_types_of_layers_may_change(graph: Graph) -> None:
    *nodes, pool = graph.nodes
    found = graph.rebuilt([*nodes, dataclasses.replace(pool, layer=ReLU())])
    assert found.outputs[0].shape == (2, 3, 8, 6)
    assert not any(isinstance(node.layer, Pooling) for node in found.nodes)
