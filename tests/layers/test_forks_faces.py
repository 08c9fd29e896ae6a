"""Layers that tell faces, and those over videos: what is refused, and what remains for testing."""

from __future__ import annotations

import logging

import pytest
from samples.sample import layer

import proto2net
from proto2net import Proto2NetError, backends
from proto2net.errors import ShapeError
from proto2net.layers import (
    ChannelScale,
    InnerDistance,
    InnerProduct,
    NdConvolution,
    NdPooling,
    Scale,
    Softmax,
)
from proto2net.layers.base import Layer
from proto2net.shape import Shape

VIDEO = (2, 3, 4, 5, 7)

REFUSED: list[tuple[Layer, list[Shape], str]] = [
    (NdPooling(), [VIDEO], "kernel_shape has 0 values"),
    (NdPooling(kernel_shape=(2, 2)), [VIDEO], r"kernel_shape has 2 values.*3 spatial axes"),
    (NdPooling(kernel_shape=(2,) * 3, stride_shape=(2,)), [VIDEO], "stride_shape has 1 values"),
    (NdPooling(kernel_shape=(2, 0, 2)), [VIDEO], "a kernel of 2 x 0 x 2;"),
    (NdPooling(kernel_shape=(1, 1, 1), stride_shape=(2, 1, 1)), [VIDEO], "smaller than its stride"),
    (NdPooling(kernel_shape=(3,) * 3, pad_shape=(2, 0, 0)), [VIDEO], "smaller than its stride"),
    (NdPooling(pool="STOCHASTIC", kernel_shape=(2,) * 3), [VIDEO], "pool is STOCHASTIC"),
    (NdPooling(kernel_shape=(2,)), [(2, 3)], "needs spatial axes"),
    (NdConvolution(2, kernel_shape=(1, 1)), [VIDEO], "kernel_shape has 2 values"),
    (InnerDistance(), [(2, 3)], "num_output is missing"),
    (InnerDistance(4), [(2, 3)], "bias_term is true"),
    (InnerDistance(4, distance_type="L3"), [(2, 3)], 'distance_type is "L3"'),
    (InnerDistance(), [(2, 3), (4, 5)], r"second bottom \(4 x 5\) must have as many values.* 3"),
    (ChannelScale(), [(2, 3, 4, 5), (2, 3)], "needs a factor for each pixel"),
    (ChannelScale(do_backward_scale=False), [(2, 3), (2,)], "do_backward_scale"),
    (InnerProduct(4, normalize=True, transpose=True), [(2, 3)], "normalize and transpose"),
    (InnerProduct(4), [(2, 3), (4, 3)], "a second bottom is the matrix in happynear's fork"),
    (InnerProduct(4, False), [(2, 3), (4, 5)], r"second bottom \(4 x 5\) must have as many .* 3"),
    (Scale(min_value=1), [(2, 3), (3,)], "would change the second bottom for other layers too"),
    (Softmax(normalize_type="L2"), [(2, 3)], 'normalize_type is "L2"'),
]


@pytest.mark.parametrize(("refused", "bottoms", "message"), REFUSED)
def test_what_forks_refuse_is_refused(refused: Layer, bottoms: list[Shape], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        refused.infer(tuple(bottoms), 1)


DATA = (
    'layer { name: "data" type: "MemoryData" top: "data" top: "label" '
    "memory_data_param { batch_size: 2 channels: 3 height: 4 width: 5 } }"
)
PRODUCT = layer("InnerProduct", "data", "fc", "inner_product_param { num_output: 6 }", "fc")
LOSS = layer("SoftmaxWithLoss", "margin label", "loss", name="loss")


@pytest.mark.parametrize("kind", ["LabelSpecificAdd", "LabelSpecificRescale"])
def test_a_margin_leaves_the_scores_behind(kind: str) -> None:
    graph = proto2net.parse(DATA + PRODUCT + layer(kind, "fc label", "margin m", name="m") + LOSS)
    assert [(node.name, node.layer.type) for node in graph.nodes[1:]] == [
        ("fc", "InnerProduct"),
        ("m", "Split"),
        ("loss", "Softmax"),
    ]


def test_a_margin_product_leaves_a_product_behind() -> None:
    margin = "margin_inner_product_param { num_output: 6 type: QUADRUPLE }"
    text = DATA + layer("MarginInnerProduct", "data label", "margin l", margin, "fc") + LOSS
    graph = proto2net.parse(text)
    assert [blob.shape for blob in graph.nodes[1].blobs.values()] == [(6, 60)]
    assert backends.get("numpy").emit(graph).source
    with pytest.raises(Proto2NetError, match="a margin, which only training needs"):
        proto2net.convert(text, to="numpy", phase="train")


def test_a_margin_that_is_learned_leaves_a_scale_behind() -> None:
    text = DATA + PRODUCT + layer("GlobalLSEMargin", "fc label", "margin m", name="m") + LOSS
    graph = proto2net.parse(text)
    margin = graph.nodes[2]
    assert [blob.name for blob in margin.bottoms] == ["fc"]
    assert [learned.shape for learned in margin.blobs.values()] == [(1,), (1,)]
    assert "np.clip" in backends.get("numpy").emit(graph).source
    with pytest.raises(Proto2NetError, match="a margin, which only training needs"):
        proto2net.convert(text, to="numpy", phase="train")


@pytest.mark.parametrize("to", ["numpy", "torch", "tf"])
def test_bounds_of_factors_are_refused_in_training(to: str) -> None:
    text = DATA + layer("Scale", "data", "y", "scale_param { min_value: 1 }")
    with pytest.raises(Proto2NetError, match="min_value and max_value change the factors"):
        proto2net.convert(text, to=to, phase="train")


@pytest.mark.parametrize("to", ["numpy", "torch", "tf"])
def test_rows_of_length_1_are_refused_in_training(to: str) -> None:
    text = PRODUCT.replace("num_output: 6", "num_output: 6 normalize: true")
    with pytest.raises(Proto2NetError, match="normalize changes the weights in training"):
        proto2net.convert(DATA + text, to=to, phase="train")


def test_a_filler_of_forks_is_told_and_kept(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "proto2net")
    text = PRODUCT.replace("num_output: 6", 'num_output: 6 weight_filler { type: "gabor" }')
    graph = proto2net.parse(DATA + text)
    assert 'xavier takes the place of the filler "gabor", which only a fork has' in caplog.text
    assert "xavier(" in backends.get("numpy").emit(graph).source
    assert 'type: "gabor"' in proto2net.convert(graph, to="prototxt")


def test_an_accuracy_of_lowest_scores_is_left_out_for_testing() -> None:
    text = (
        DATA
        + PRODUCT
        + layer("Accuracy", "fc label", "a", "accuracy_param { min_is_better: true }")
    )
    assert [node.layer.type for node in proto2net.parse(text).nodes] == ["Input", "InnerProduct"]
    with pytest.raises(Proto2NetError, match="min_is_better is not supported"):
        proto2net.parse(text, phase="train")


# ---- dummy data -----------------------------------------------------------------------------

DUMMY = layer(
    "DummyData",
    "",
    "data label",
    "dummy_data_param { shape { dim: 2 dim: 3 dim: 4 dim: 5 } shape { dim: 2 } }",
    "dummy",
)


def test_dummy_data_becomes_an_input_where_there_is_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "proto2net")
    graph = proto2net.parse(DUMMY + PRODUCT + layer("SoftmaxWithLoss", "fc label", "loss"))
    assert [(blob.name, blob.shape) for blob in graph.inputs] == [("data", (2, 3, 4, 5))]
    assert graph.nodes[-1].layer.type == "Softmax"
    assert 'layer "dummy" (DummyData) became an input' in caplog.text


def test_dummy_data_may_get_another_shape() -> None:
    graph = proto2net.parse(DUMMY + PRODUCT, inputs={"data": (1, 3, 8, 8)})
    assert graph.inputs[0].shape == (1, 3, 8, 8)


def test_dummy_data_beside_other_data_stays() -> None:
    one = DUMMY.replace('top: "label"', "").replace("shape { dim: 2 }", "").replace('"data"', '"z"')
    text = DATA + one + layer("Eltwise", "data z", "y")
    assert "DummyData" in [node.layer.type for node in proto2net.parse(text).nodes]


def test_dummy_data_stays_in_training_and_where_nothing_reads_it() -> None:
    assert not proto2net.parse(DUMMY + PRODUCT, phase="train").inputs
    assert not proto2net.parse(DUMMY).inputs
