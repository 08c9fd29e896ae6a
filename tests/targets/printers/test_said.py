"""What a target says of each layer is what stands in its file."""

from __future__ import annotations

import pytest
from places import ROOT

import proto2net
from proto2net.backends.said import said

SHIPPED = ROOT / "models" / "prototxt"
NAMES = ["alexnet", "googlenet", "mobilenet", "resnet50", "squeezenet_v1.1"]
TARGETS = ["torch", "tf", "numpy"]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", NAMES)
def test_the_lines_of_all_layers_are_those_of_the_flat_file(name: str, target: str) -> None:
    graph = proto2net.parse(SHIPPED / f"{name}.prototxt")
    text = proto2net.convert(graph, to=target, flat=True)
    lines = {line.strip() for line in text.splitlines()}
    found = said(graph, target)
    silent = {node.layer.type for node in graph.nodes if not found.get(node)}
    assert silent <= {"Input", "Dropout"}
    strange = [line for each in found.values() for line in each if line.strip() not in lines]
    returned = [line.partition(" = ")[2] for line in strange]  # what the file returns at once
    assert [value for value in returned if f"return {value.partition('  #')[0]}" not in lines] == []
    assert len(strange) <= 1


@pytest.mark.parametrize("target", TARGETS)
def test_a_layer_that_is_said_within_anothers_statement_has_that_too(target: str) -> None:
    graph = proto2net.parse(SHIPPED / "lenet.prototxt")
    by_name = {node.name: lines for node, lines in said(graph, target).items()}
    assert by_name["ip1"][-1] == by_name["relu1"][-1]
    assert "ip1" in by_name["ip1"][-1]


def test_a_layer_that_is_lowered_has_the_lines_of_its_parts() -> None:
    graph = proto2net.parse(
        'layer { name: "a" type: "Input" top: "a" input_param { shape { dim: 2 dim: 3 dim: 5 } } }'
        'layer { name: "b" type: "Reduction" bottom: "a" top: "b" '
        "reduction_param { operation: ASUM axis: 1 } }"
    )
    assert all(said(graph, target)[graph.nodes[1]] for target in TARGETS)


def test_what_a_target_cannot_say_is_told_with_the_layer() -> None:
    graph = proto2net.parse(
        'layer { name: "a" type: "Input" top: "a" input_param { shape { dim: 2 dim: 3 } } }'
        'layer { name: "out" type: "HDF5Output" bottom: "a" bottom: "a" '
        'hdf5_output_param { file_name: "x" } }'
    )
    with pytest.raises(proto2net.UnsupportedError, match='layer "out"'):
        said(graph, "torch")
