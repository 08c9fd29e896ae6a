"""A crop that does not say its offset has the one that the layers before it tell."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from reference import corpus
from samples.sample import layer, values

import proto2net
from proto2net import Graph, ParseError
from proto2net.layers import Crop

SIZE = "dim: 1 dim: 3 dim: 23 dim: 31"
DATA = layer("Input", "", "data", f"input_param {{ shape {{ {SIZE} }} }}", "data") + "\n"


def window(kind: str, bottom: str, top: str, text: str) -> str:
    sizes = f"convolution_param {{ num_output: 2 {text} }}"
    return layer(kind, bottom, top, sizes, top) + "\n"


def pooling(bottom: str, top: str, text: str) -> str:
    return layer("Pooling", bottom, top, f"pooling_param {{ {text} }}", top) + "\n"


def cropped(bottoms: str, text: str = "", top: str = "y") -> str:
    return layer("Crop", bottoms, top, text, f"crop_{top}") + "\n"


DOWN = (
    window("Convolution", "data", "conv", "kernel_size: 3 pad: 9")
    + layer("ReLU", "conv", "conv", name="relu")
    + "\n"
    + pooling("conv", "pool", "kernel_size: 2 stride: 2")
)
UP = window("Deconvolution", "pool", "up", "kernel_size: 4 stride: 2")
SCORES = DATA + DOWN + UP


def offsets(text: str, file: str = "") -> list[tuple[int, ...]]:
    graph: Graph = proto2net.parse(text, fork="future", file=file)
    return [node.layer.offset for node in graph.nodes if isinstance(node.layer, Crop)]


@pytest.fixture(autouse=True)
def _notes(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "proto2net")


def test_windows_tell_the_offset(caplog: pytest.LogCaptureFixture) -> None:
    text = SCORES + cropped("up data")
    assert offsets(text, file="net.prototxt") == [(9, 9)]  # 9 of 8 and 1 of the upsampling
    said = 'net.prototxt:6: layer "crop_y" (Crop) has offset 9, by the layers before it'
    assert said in caplog.text


def test_the_offset_shows_the_same_pixels() -> None:
    """One kernel of a single 1 takes each image apart; the crop finds the image again."""
    text = (
        DATA
        + window("Convolution", "data", "conv", "kernel_h: 3 kernel_w: 5 pad_h: 6 pad_w: 4")
        + cropped("conv data")
    )
    kernel = np.zeros((2, 3, 3, 5), np.float32)
    kernel[0, 0, 1, 2] = kernel[1, 1, 1, 2] = 1
    weights = {"conv": [kernel, np.zeros(2, np.float32)]}
    x = values(1, 3, 23, 31).astype(np.float32)
    network = proto2net.load(text, weights, to="numpy", fork="future")
    np.testing.assert_array_equal(proto2net.blobs(network, {"data": x})["y"], x[:, :2])


def test_each_side_has_its_own_offset() -> None:
    text = (
        DATA
        + window("Convolution", "data", "conv", "kernel_h: 3 kernel_w: 5 pad_h: 6 pad_w: 4")
        + cropped("conv data")
    )
    assert offsets(text) == [(5, 2)]


def test_a_crop_behind_a_crop_counts_the_first_one() -> None:
    text = SCORES + cropped("up data", top="once") + cropped("up once")
    assert offsets(text) == [(9, 9), (9, 9)]


def test_a_crop_that_has_an_offset_keeps_it() -> None:
    text = SCORES + cropped("up data", "crop_param { offset: 4 }")
    assert offsets(text) == [(4,)]


def test_dilation_and_layers_without_windows_count_too() -> None:
    text = (
        DATA
        + window("Convolution", "data", "conv", "kernel_size: 3 dilation: 4 pad: 7")
        + layer("Concat", "conv conv", "both", name="both")
        + cropped("both data")
    )
    assert offsets(text) == [(3, 3)]


def test_without_the_fork_the_offset_is_0_and_a_note_asks(
    caplog: pytest.LogCaptureFixture,
) -> None:
    graph = proto2net.parse(SCORES + cropped("up data"), file="net.prototxt")
    assert graph.nodes[-1].layer == Crop()
    said = "net.prototxt:6: forks disagree about Crop without crop_param: this is Caffe's"
    assert said in caplog.text
    caplog.clear()
    proto2net.parse(SCORES + cropped("up data", "crop_param { offset: 0 }"))
    proto2net.parse(SCORES + cropped("up up"))
    assert "disagree" not in caplog.text


def test_the_crops_of_v1_and_of_rcf_find_their_offset_by_themselves() -> None:
    v1 = 'layers { name: "crop" type: CROP bottom: "up" bottom: "data" top: "y" }'
    rcf = layer("AutoCrop", "up data", "y")
    for text in (SCORES + v1, SCORES + rcf):
        assert proto2net.parse(text).nodes[-1].layer == Crop(offset=(9, 9))


def test_a_crop_of_v1_with_parameters_is_a_usual_one() -> None:
    text = 'layers { name: "c" type: CROP bottom: "up" bottom: "data" top: "y" %s }'
    graph = proto2net.parse(SCORES + text % "crop_param { offset: 2 }")
    assert graph.nodes[-1].layer == Crop(offset=(2,))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (cropped("pool data"), "a pixel of the second bottom is 1/2 of the first"),
        (cropped("data up"), "the second bottom starts -9 pixels into the first"),
        (
            window("Deconvolution", "pool", "odd", "kernel_size: 3 stride: 2")
            + cropped("odd data"),
            "starts 17/2 pixels into the first, which is no offset",
        ),
        (
            layer("InnerProduct", "up", "fc", "inner_product_param { num_output: 4 }", "fc")
            + cropped("fc data"),
            'the pixels of "fc" are followed back to "fc", and those of "data" to "data"',
        ),
        (
            pooling("up", "all", "global_pooling: true") + cropped("all data"),
            'the pixels of "all" are followed back to "all"',
        ),
        (layer("Crop", "up", "y", name="crop_y"), "takes 2 bottoms, but 1 given"),
    ],
)
def test_what_is_no_offset_is_told(text: str, message: str) -> None:
    with pytest.raises(ParseError) as error:
        proto2net.parse(SCORES + text, fork="future", file="net.prototxt")
    (issue,) = error.value.issues
    assert message in issue.message
    assert issue.layer == 'layer "crop_y" (Crop)'
    assert str(issue.where).startswith("net.prototxt:")


def test_the_crop_of_a_crf_as_rnn_is_automatic(caplog: pytest.LogCaptureFixture) -> None:
    crf = layer(
        "MultiStageMeanfield",
        "y y image",
        "z",
        "multi_stage_meanfield_param { num_iterations: 2 spatial_filter_weight: 3 }",
    )
    image = layer("Input", "", "image", f"input_param {{ shape {{ {SIZE} }} }}", "image")
    graph = proto2net.parse(SCORES + image + cropped("up data") + crf)
    assert graph.nodes[-2].layer == Crop(offset=(9, 9))
    assert "only that fork has spatial_filter_weight of MultiStageMeanfield" in caplog.text


@pytest.mark.parametrize(
    ("name", "right"),
    [("TVG_CRFRNN_COCO_VOC", [5, 9, 31]), ("TVG_CRFRNN_new_deploy", [5, 9, 31])],
)
def test_the_published_crf_as_rnn_has_the_offsets_of_fcn_8s(name: str, right: list[int]) -> None:
    found = [(path, text) for path, _, text in corpus({"deploy", "train_val"}) if name in path]
    if not found:
        pytest.skip("the definition is not here")
    for path, text in found:
        graph = proto2net.parse(text, file=path)
        crops = [node.layer.offset for node in graph.nodes if isinstance(node.layer, Crop)]
        assert crops == [(offset, offset) for offset in right]
