"""Inputs that may have any size: which networks take it, and what stands in the way."""

from __future__ import annotations

import logging

import pytest
from samples.sample import layer

import proto2net
from proto2net import ShapeError

CONV = layer(
    "Convolution", "data", "conv", "convolution_param { num_output: 4 kernel_size: 3 }", "conv"
)
HALVES = "pooling_param { kernel_size: 2 stride: 2 }"
DOUBLES = "convolution_param { num_output: 4 kernel_size: 2 stride: 2 }"


def net(layers: str) -> str:
    return (
        f'name: "n"\ninput: "data" input_dim: 1 input_dim: 3 input_dim: 20 input_dim: 24\n{layers}'
    )


def parsed(layers: str) -> proto2net.Graph:
    return proto2net.parse(net(layers), file="a.prototxt", inputs={"data": (1, 3, None, None)})


def test_sizes_follow_that_of_the_input() -> None:
    graph = parsed(CONV)
    (conv,) = graph.outputs
    assert graph.free == {graph.inputs[0]: (2, 3), conv: (2, 3)}


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        (
            layer("InnerProduct", "conv", "fc", "inner_product_param { num_output: 5 }", "fc"),
            r'layer "fc" \(InnerProduct\): needs one size: its weight is 5 x 31248 for 128 x 64, '
            "but 5 x 47376 for 96 x 128",
        ),
        (
            layer("Scale", "conv", "s", "scale_param { axis: 2 num_axes: 1 }", "s"),
            r'layer "s" \(Scale\): needs one size: its weight is 126 for 128 x 64, but 94 for',
        ),
        (
            layer("Reshape", "conv", "r", "reshape_param { shape { dim: 0 dim: 1584 } }", "r"),
            r'layer "r" \(Reshape\): fits no other size: ',
        ),
    ],
)
def test_a_layer_that_needs_one_size_is_named(layers: str, words: str) -> None:
    with pytest.raises(ShapeError, match=words) as error:
        parsed(CONV + layers)
    assert "hint: give numbers in the place of any" in str(error.value)


def test_sizes_that_a_network_does_not_take_are_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "proto2net")
    halves = layer("Pooling", "data", "half", HALVES)
    doubles = layer("Deconvolution", "half", "whole", DOUBLES, "whole")
    parsed(halves + doubles + layer("Concat", "data whole", "both", "", "both"))
    assert "not every size fits: a.prototxt:" in caplog.text
    assert '"both" (Concat)' in caplog.text


def test_an_input_of_which_nothing_is_known_may_have_any_size() -> None:
    text = f'layer {{ name: "data" type: "Input" top: "data" }} {CONV}'
    graph = proto2net.parse(text, inputs={"*": (None, 3, None, None)})
    assert graph.inputs[0].shape[:2] == (1, 3)
    assert graph.free[graph.outputs[0]] == (2, 3)


def test_a_table_says_which_sizes_are_any_and_for_what_it_counts() -> None:
    table = str(parsed(CONV))
    assert "1 x 4 x any x any" in table
    assert table.endswith("per image of 128 x 64")


def test_a_prototxt_has_no_size_that_is_any() -> None:
    with pytest.raises(proto2net.Proto2NetError, match="give a number for each size that is any"):
        proto2net.convert(parsed(CONV), to="prototxt")


def test_a_network_by_hand_keeps_what_is_any() -> None:
    assert "free=((2, 3),)" in proto2net.convert(parsed(CONV), to="network")
