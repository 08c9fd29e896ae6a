"""What is known of a graph: families, memory, and the sums of blocks and of all."""

from __future__ import annotations

import pytest
from digests import MODELS

import proto2net
from proto2net import Proto2NetError, facts
from proto2net.facts import memory
from proto2net.facts.families import FAMILIES, family_of
from proto2net.layers import LAYERS

SMALL = """
layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 dim: 5 dim: 7 } } }
layer { name: "c" type: "Convolution" bottom: "x" top: "c"
  convolution_param { num_output: 4 kernel_size: 1 } }
layer { name: "r" type: "ReLU" bottom: "c" top: "c" }
layer { name: "f" type: "Flatten" bottom: "c" top: "f" }
layer { name: "p" type: "InnerProduct" bottom: "f" top: "p" inner_product_param { num_output: 6 } }
"""
X, C, P = 2 * 3 * 5 * 7 * 4, 2 * 4 * 5 * 7 * 4, 2 * 6 * 4


def test_what_runs_in_place_or_only_gets_other_axes_takes_no_memory() -> None:
    graph = proto2net.parse(SMALL)
    assert [each.activation_bytes for each in facts.layers(graph)] == [X, C, 0, 0, P]
    assert memory.activations(graph) == X + C + P


def test_a_blob_is_freed_after_its_last_reader() -> None:
    assert memory.peak(proto2net.parse(SMALL)) == max(X + C, C + P)


def test_outputs_stay_and_inputs_are_there_from_the_start() -> None:
    late = SMALL + 'layer { name: "y" type: "Input" top: "y" input_param { shape { dim: 9 } } }'
    late += 'layer { name: "o" type: "Power" bottom: "x" top: "o" }'
    # Outputs are o (of x's size), p and y; x lives until o is made.
    assert memory.peak(proto2net.parse(late)) == max(9 * 4 + X + C + P, 9 * 4 + X + X + P)


def test_a_training_holds_gradients_and_what_the_solver_remembers() -> None:
    graph = proto2net.parse(SMALL)
    learned = (4 * 3 + 4 + 6 * 140 + 6) * 4
    assert facts.totals(graph).training_bytes["SGD"] == 3 * learned + 2 * (X + C + P)
    assert memory.training(graph, "Adam") == 4 * learned + 2 * (X + C + P)
    with pytest.raises(Proto2NetError, match='no solver "adam"'):
        memory.training(graph, "adam")


def test_shared_parameters_count_once_and_the_sums_are_those_of_the_table() -> None:
    for name in ("googlenet", "resnet50", "mobilenet"):
        graph = proto2net.parse(MODELS / f"{name}.prototxt")
        each, total = facts.layers(graph), facts.totals(graph)
        assert sum(layer.parameters for layer in each) == total.parameters == graph.parameters
        assert sum(layer.macs for layer in each) == total.macs == graph.per_image(graph.macs)
        assert sum(layer.activation_bytes for layer in each) == total.activation_bytes
        assert total.activation_peak_bytes < total.activation_bytes


def test_blocks_have_the_sums_of_their_layers() -> None:
    graph = proto2net.parse(MODELS / "resnet50.prototxt")
    each = {layer.name: layer for layer in facts.layers(graph)}
    found = facts.blocks(graph)
    assert [block.name for block in found[:2]] == ["res2a", "res2b"]
    for block in found:
        inside = [each[name] for name in block.layers]
        assert block.parameters == sum(layer.parameters for layer in inside)
        assert block.macs == sum(layer.macs for layer in inside)
        assert {layer.blocks[-1] for layer in inside} == {block.name}
        assert block.stage == inside[0].blocks[0]


def test_every_layer_type_has_a_family() -> None:
    of = {name: family_of(kind) for name, kind in LAYERS.items()}
    assert set(of.values()) <= set(FAMILIES)
    assert of["Softmax"] == "activation"
    assert of["SoftmaxWithLoss"] == of["EuclideanLoss"] == "loss"
    assert of["DetectionOutput"] == of["PriorBox"] == of["Proposal"] == "detection"
    assert of["Data"] == of["Input"] == of["SegData"] == of["DummyData"] == "data"
    assert of["Reshape"] == of["LSTM"] == "other"
    assert of["Deconvolution"] == "convolution"
    assert of["BatchNorm"] == of["Scale"] == "normalisation"


def test_totals_of_images_of_any_size_say_for_which_example() -> None:
    net = MODELS / "caffenet_full_conv.prototxt"
    graph = proto2net.parse(net, inputs={"data": (1, 3, None, None)})
    assert facts.totals(graph).example == graph.example != ""
    assert facts.totals(proto2net.parse(MODELS / "lenet.prototxt")).example == ""
