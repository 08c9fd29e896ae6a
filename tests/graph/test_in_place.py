"""Layers in place: what Caffe overwrites while it is still read is refused, by layer and line."""

from __future__ import annotations

import logging

import pytest
from layer_cases import CORNERS
from samples.sample import layer

import proto2net
from proto2net import Graph, Proto2NetError

SHAPE = "input_param { shape { dim: 2 dim: 4 dim: 5 dim: 6 } }"
DATA = layer("Input", "", "data", SHAPE, "data")

IN_PLACE = {
    "Clip": "clip_param { min: -1 max: 1 }",
    "BatchNorm": "",
    "Bias": "",
    "BN": "",
    "BNLL": "",
    "Dropout": "",
    "ELU": "",
    "Exp": "",
    "Log": "",
    "MVN": "",
    "Power": "power_param { power: 2 }",
    "PReLU": "",
    "ReLU": "",
    "ReLU6": "",
    "Scale": "",
    "SeLu": "",
    "Sigmoid": "",
    "Softmax": "",
    "Swish": "",
    "TanH": "",
    "Threshold": "",
}
"""Layers that Caffe computes right in place, and parameters that they need."""

NOT_IN_PLACE = {
    "AbsVal": "",
    "ArgMax": "",
    "Convolution": "convolution_param { num_output: 4 kernel_size: 1 }",
    "Deconvolution": "convolution_param { num_output: 4 kernel_size: 1 }",
    "Im2col": "convolution_param { kernel_size: 1 }",
    "InnerProduct": "inner_product_param { num_output: 3 }",
    "LRN": "",
    "Permute": "permute_param { order: 0 order: 1 order: 2 order: 3 }",
    "Pooling": "pooling_param { kernel_size: 3 stride: 1 pad: 1 }",
    "Reduction": "reduction_param { axis: 3 }",
    "Split": "",
    "SPP": "spp_param { pyramid_height: 1 }",
    "Tile": "tile_param { tiles: 1 }",
}


def parsed(*layers: str) -> Graph:
    return proto2net.parse("\n".join([DATA, *layers]), file="net.prototxt")


def refused(*layers: str) -> list[str]:
    with pytest.raises(Proto2NetError) as error:
        parsed(*layers)
    return [str(issue) for issue in error.value.issues]


@pytest.mark.parametrize("kind", IN_PLACE)
def test_what_caffe_computes_right_in_place_stays(kind: str) -> None:
    graph = parsed(layer("TanH", "data", "x"), layer(kind, "x", "x", IN_PLACE[kind], "l"))
    assert graph.nodes[-1].in_place


@pytest.mark.parametrize("kind", NOT_IN_PLACE)
def test_what_reads_what_it_has_overwritten_is_refused(kind: str) -> None:
    (issue,) = refused(layer("TanH", "data", "x"), layer(kind, "x", "x", NOT_IN_PLACE[kind], "l"))
    assert f'net.prototxt:3: layer "l" ({kind}): cannot run in place' in issue
    assert 'overwrites "x"' in issue
    assert "hint: give its top a name of its own" in issue


RESHAPED = {"Flatten": "", "Reshape": "reshape_param { shape { dim: 0 dim: -1 } }"}
"""Layers that only change a shape, and that old forks run in place."""


@pytest.mark.parametrize("kind", RESHAPED)
def test_a_shape_that_changes_in_place_is_taken_with_a_note(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "proto2net")
    graph = parsed(
        layer("TanH", "data", "x"),
        layer("ReLU", "x", "x", name="r"),
        layer(kind, "x", "x", RESHAPED[kind], "l"),
        layer("InnerProduct", "x", "y", "inner_product_param { num_output: 3 }"),
    )
    shapes = {blob.name: blob.shape for blob in graph.blobs.values()}
    assert shapes["x_in"] == (2, 4, 5, 6)
    assert shapes["x"] == (2, 120)
    said = f'layer "l" ({kind}) is in place, which Caffe refuses: its bottom is called "x_in" here'
    assert said in caplog.messages


@pytest.mark.parametrize("kind", RESHAPED)
def test_a_shape_that_changes_in_place_is_refused_if_another_layer_reads_the_blob(
    kind: str,
) -> None:
    (issue,) = refused(
        layer("TanH", "data", "x"),
        layer("ReLU", "x", "r"),
        layer(kind, "x", "x", RESHAPED[kind], "l"),
    )
    assert "overwrites a blob that another layer reads too" in issue
    (issue,) = refused(layer(kind, "data", "data", RESHAPED[kind], "l"))  # the name of an input
    assert "cannot run in place" in issue


@pytest.mark.parametrize("operation", ["SUM", "MAX"])
def test_a_sum_in_place_is_refused(operation: str) -> None:
    text = f"eltwise_param {{ operation: {operation} }}"
    (issue,) = refused(layer("TanH", "data", "x"), layer("Eltwise", "x data", "x", text))
    assert f'{operation} cannot run in place: Caffe clears "x" before it reads it' in issue


def test_a_product_in_place_stays() -> None:
    text = "eltwise_param { operation: PROD }"
    assert parsed(layer("TanH", "data", "x"), layer("Eltwise", "x data", "x", text))


def test_a_layer_in_place_cannot_change_the_size_of_its_blob() -> None:
    (issue,) = refused(
        layer("TanH", "data", "x"),
        layer("ArgMax", "data", "label", "argmax_param { axis: 1 }"),
        layer("Accuracy", "x label", "x", name="l"),
    )
    assert 'cannot run in place: "x" is 2 x 4 x 5 x 6, and would become scalar' in issue


SHARING = {
    "Concat": "",
    "Flatten": "",
    "Permute": "permute_param { order: 0 order: 1 }",
    "Reshape": "reshape_param { shape { dim: 0 dim: -1 } }",
    "Slice": "",
    "Split": "",
}
"""Layers whose top is the memory of their bottom, with parameters that make it so."""


@pytest.mark.parametrize("kind", SHARING)
def test_a_blob_whose_memory_is_overwritten_cannot_be_read_later(kind: str) -> None:
    (issue,) = refused(
        layer("TanH", "data", "d", name="p"),
        layer(kind, "d", "x", SHARING[kind], "s"),
        layer("ReLU", "x", "x", name="q"),
        layer("Sigmoid", "d", "out", name="c"),
    )
    assert issue == (
        'net.prototxt:4: layer "q" (ReLU): runs in place on "x", and so in Caffe overwrites "d", '
        'the same memory, which layer "c" (Sigmoid) reads later\n'
        "  hint: give its top a name of its own"
    )


@pytest.mark.parametrize("kind", SHARING)
def test_a_blob_whose_memory_is_overwritten_may_have_been_read_before(kind: str) -> None:
    graph = parsed(
        layer("TanH", "data", "d", name="p"),
        layer("Sigmoid", "d", "out", name="c"),
        layer(kind, "d", "x", SHARING[kind], "s"),
        layer("ReLU", "x", "x", name="q"),
        layer("ReLU", "x", "x", name="r"),
    )
    assert [blob.name for blob in graph.outputs] == ["out", "x"]
    assert {old.name: new for old, new in graph.overwritten.items()} == {"d": graph.blobs["x"]}


def test_an_output_whose_memory_is_overwritten_is_refused() -> None:
    (issue,) = refused(
        layer("Split", "data", "x y", name="s"),
        layer("ReLU", "x", "x", name="q"),
    )
    assert 'overwrites "y", the same memory, which is an output' in issue


def test_a_layer_cannot_overwrite_another_of_its_bottoms() -> None:
    (issue,) = refused(
        layer("Split", "data", "x y", name="s"),
        layer("Scale", "x y", "x", "scale_param { axis: 0 }", "q"),
    )
    assert '"q" (Scale): runs in place on "x", which in Caffe is the memory of "y" too' in issue


def test_layers_that_copy_share_no_memory() -> None:
    graph = parsed(
        layer("Permute", "data", "p", "permute_param { order: 0 order: 2 order: 1 }", "p"),
        layer("ReLU", "p", "p", name="q"),
        layer("Concat", "data data", "c", name="c"),
        layer("ReLU", "c", "c", name="r"),
        layer("Slice", "data", "s t", name="s"),
        layer("ReLU", "s", "s", name="u"),
        layer("TanH", "data", "out", name="o"),
    )
    assert len(graph.outputs) == 5
    assert not graph.overwritten


@pytest.mark.parametrize("name", sorted(path.name for path in CORNERS.glob("all_*")))
def test_what_caffe_computes_wrongly_is_refused(name: str) -> None:
    with pytest.raises(Proto2NetError, match="in place"):
        proto2net.parse(CORNERS / name / "net.prototxt")


def test_the_gradient_of_a_clip_in_place_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "proto2net"):
        proto2net.parse(CORNERS / "grad_clip_inplace" / "net.prototxt", phase="train")
    assert "Clip runs in place, for which Caffe's own gradient is wrong" in caplog.text
