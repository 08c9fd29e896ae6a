"""A layer that does not say its fork takes the one that the rest of the file proves."""

from __future__ import annotations

import logging
import re

import pytest
from samples.sample import layer

import proto2net
from proto2net import Graph
from proto2net.caffe.forks import PROOFS, TOPS
from proto2net.errors import ShapeError
from proto2net.layers import LAYERS, Normalize, PriorBox, Warp

DATA = (
    'layer { name: "data" type: "MemoryData" top: "data" top: "label" '
    "memory_data_param { batch_size: 2 channels: 3 height: 40 width: 50 } }\n"
)
NORM = layer("Normalize", "data", "norm", name="norm") + "\n"
PRODUCT = "inner_product_param { num_output: 6 normalize: true }"
MARGIN = layer("LabelSpecificAdd", "data label", "more", name="more")

OF_HAPPYNEAR = {
    "LabelSpecificAdd": MARGIN,
    "normalize of InnerProduct": layer("InnerProduct", "norm", "fc", PRODUCT, "fc"),
    "min_value of Scale": layer("Scale", "norm", "y", "scale_param { min_value: 1 }"),
    "normalize_param of Normalize": layer("Normalize", "norm", "y", "normalize_param { }"),
    "a second top of Normalize": layer("Normalize", "norm", "y z", "normalize_param { }"),
}


@pytest.fixture(autouse=True)
def _notes(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "proto2net")


def norm(text: str, **options: str) -> Normalize:
    graph = proto2net.parse(text, file="net.prototxt", **options)
    return next(node.layer for node in graph.nodes if node.name == "norm")


@pytest.mark.parametrize("proof", OF_HAPPYNEAR)
def test_what_only_one_fork_has_proves_it(proof: str, caplog: pytest.LogCaptureFixture) -> None:
    assert norm(DATA + NORM + OF_HAPPYNEAR[proof]) == Normalize(fork="happynear")
    said = rf"net.prototxt:2: took Normalize for that of happynear: only that fork has {proof}, as"
    assert re.search(said, caplog.text)


def test_boxes_prove_the_fork_of_ssd(caplog: pytest.LogCaptureFixture) -> None:
    boxes = layer("PriorBox", "norm data", "boxes", "prior_box_param { min_size: 9 }")
    assert norm(DATA + NORM + boxes) == Normalize(fork="ssd")
    assert "only that fork has PriorBox, as in" in caplog.text


def test_two_forks_prove_nothing() -> None:
    boxes = layer("PriorBox", "norm data", "boxes", "prior_box_param { min_size: 9 }")
    with pytest.raises(ShapeError, match="--fork ssd or --fork happynear"):
        proto2net.parse(DATA + NORM + MARGIN + boxes)


def test_parameters_and_a_named_fork_go_before_what_is_proven(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert norm(DATA + NORM + MARGIN, fork="ssd") == Normalize(fork="ssd")
    told = NORM.replace("name:", "norm_param { eps: 0.5 } name:")
    assert norm(DATA + told + MARGIN) == Normalize(eps=0.5)
    assert "took" not in caplog.text


def test_the_table_names_types_forks_and_fields_that_there_are() -> None:
    known = {fork for kind in LAYERS.values() for fork in kind.forks}
    assert {*PROOFS, *TOPS.values()} <= known
    for types in PROOFS.values():
        for kind, field in types.items():
            assert not field or hasattr(LAYERS[kind](), field)


# ---- places or a flow -----------------------------------------------------------------------


def warped(second: str, *others: str) -> str:
    """The fork of a Warp that reads `second`, beside other layers."""
    inputs = [
        layer("Input", "", name, f"input_param {{ shape {{ {dims} }} }}", name)
        for name, dims in {
            "image": "dim: 1 dim: 3 dim: 4 dim: 5",
            "moved": "dim: 1 dim: 2 dim: 4 dim: 5",
        }.items()
    ]
    text = "\n".join([*inputs, *others, layer("Warp", f"image {second}", "y", name="warp")])
    graph = proto2net.parse(text, file="net.prototxt")
    (found,) = (node.layer for node in graph.nodes if isinstance(node.layer, Warp))
    return found.fork


def renamed(top: str, bottoms: str = "moved") -> str:
    """A layer that makes this blob."""
    return layer("Eltwise" if " " in bottoms else "AbsVal", bottoms, top, name=top)


def test_a_grid_proves_the_warp_of_places(caplog: pytest.LogCaptureFixture) -> None:
    grid = layer("Grid", "moved", "gxy", name="gxy")
    assert warped("flow", grid, renamed("flow", "moved gxy")) == "liteflownet"
    assert "took Warp for that of liteflownet: only that fork has Grid, as in" in caplog.text


@pytest.mark.parametrize(
    ("second", "fork"), [("coords_L2", "liteflownet"), ("scale_flow_6to5", "pwc-net")]
)
def test_a_warp_is_told_by_what_its_second_bottom_is_called(
    second: str, fork: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert warped(second, renamed(second)) == fork
    assert f'took Warp for that of {fork}: its second bottom is called "{second}"' in caplog.text


def test_what_is_computed_without_a_grid_is_a_flow(caplog: pytest.LogCaptureFixture) -> None:
    assert warped("blob44", renamed("blob44")) == "pwc-net"
    assert (
        'pwc-net: the network has no Grid layer, which would make places of "blob44"' in caplog.text
    )


def test_a_warp_of_two_inputs_needs_its_fork_named() -> None:
    with pytest.raises(ShapeError, match="--fork pwc-net or --fork liteflownet"):
        warped("moved")


# ---- by numbers of boxes --------------------------------------------------------------------


def detector(sizes: str, boxes: int, classes: int = 3) -> str:
    """A network whose predictions are for so many boxes a place."""
    outputs = {"loc": 4 * boxes, "conf": classes * boxes}
    layers = []
    for name, number in outputs.items():
        convolution = f"convolution_param {{ num_output: {number} kernel_size: 3 pad: 1 }}"
        layers += [
            layer("Convolution", "data", name, convolution, name),
            layer("Permute", name, f"{name}1", "permute_param { order: [0, 2, 3, 1] }", f"{name}1"),
            layer("Flatten", f"{name}1", f"{name}2", name=f"{name}2"),
        ]
    found = f"detection_output_param {{ num_classes: {classes} }}"
    return DATA + "\n".join(
        [
            *layers,
            layer("PriorBox", "data data", "boxes", f"prior_box_param {{ {sizes} }}", "boxes"),
            layer("DetectionOutput", "loc2 conf2 boxes", "found", found, "found"),
        ]
    )


def prior(graph: Graph) -> PriorBox:
    return next(node.layer for node in graph.nodes if isinstance(node.layer, PriorBox))


@pytest.mark.parametrize(
    ("sizes", "boxes", "fork"),
    [
        ("min_size: 9 aspect_ratio: 2", 3, ""),
        ("min_size: 9 aspect_ratio: 2", 6, "textboxes"),
        ("min_size: 32 min_size: 64 min_size: 128", 3, ""),
        ("min_size: 32 min_size: 64 min_size: 128", 6, "textboxes"),
        ("min_size: 32 min_size: 64 min_size: 128", 21, "faceboxes"),
        ("min_size: 256", 1, ""),
    ],
)
def test_convolutions_tell_whose_prior_boxes_they_are_for(
    sizes: str, boxes: int, fork: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert prior(proto2net.parse(detector(sizes, boxes))).fork == fork
    assert ("took PriorBox for that of" in caplog.text) == bool(fork)


def test_a_mask_that_is_resized_proves_the_prior_boxes_of_sstd(
    caplog: pytest.LogCaptureFixture,
) -> None:
    size = "mask_resize_param { output_height: 9 output_width: 9 }"
    text = detector("min_size: 9 aspect_ratio: 2", 3) + layer("MaskResize", "data", "m", size, "m")
    assert prior(proto2net.parse(text)).fork == "sstd"
    assert "took PriorBox for that of sstd: only that fork has MaskResize" in caplog.text


def test_other_numbers_of_boxes_are_refused_as_before() -> None:
    with pytest.raises(ShapeError, match="--fork textboxes or faceboxes"):
        proto2net.parse(detector("min_size: 9", 5))


def test_a_named_fork_goes_before_the_number_of_boxes() -> None:
    with pytest.raises(ShapeError, match="prior boxes need"):
        proto2net.parse(detector("min_size: 9 aspect_ratio: 2", 6), fork="ssd")


HALF = layer("Pooling", "x", "half", "pooling_param { kernel_size: 2 stride: 2 }", "half")
BACK = layer("Interp", "half", "back", "interp_param { zoom_factor: 2 }", "back")
SUM = layer("Eltwise", "x back", "sum", name="sum")
DEPTHWISE = layer(
    "ConvolutionDepthwise", "x", "y", "convolution_param { num_output: 6 kernel_size: 1 }", "dw"
)
IMAGE = layer("Input", "", "x", "input_param { shape { dim: 2 dim: 3 dim: 8 dim: 12 } }", name="x")


def shape(text: str, blob: str, **options: str) -> tuple[int, ...]:
    return proto2net.parse(text, file="net.prototxt", **options).blobs[blob].shape


def test_a_factor_multiplies_where_only_so_the_sizes_fit(caplog: pytest.LogCaptureFixture) -> None:
    alone = f"{IMAGE}\n{HALF}\n{BACK}\n"
    assert shape(alone, "back") == (2, 3, 7, 11)
    assert shape(alone, "back", fork="openvino") == (2, 3, 8, 12)
    assert "took" not in caplog.text
    assert shape(alone + SUM, "back") == (2, 3, 8, 12)
    assert "net.prototxt:3: took Interp for that of openvino: with other forks'" in caplog.text


def test_what_fits_in_no_fork_is_told_as_in_the_first(caplog: pytest.LogCaptureFixture) -> None:
    larger = BACK.replace("2 }", "4 }")
    with pytest.raises(ShapeError, match="but they are 2 x 3 x 8 x 12, 2 x 3 x 13 x 21"):
        proto2net.parse(f"{IMAGE}\n{HALF}\n{larger}\n{SUM}")
    assert "took" not in caplog.text


def test_num_output_is_passed_over_where_only_so_the_sizes_fit(
    caplog: pytest.LogCaptureFixture,
) -> None:
    alone = f"{IMAGE}\n{DEPTHWISE}\n"
    assert shape(alone, "y") == (2, 6, 8, 12)
    assert "forks disagree about ConvolutionDepthwise with num_output above" in caplog.text
    assert shape(alone, "y", fork="openvino") == (2, 3, 8, 12)
    assert shape(alone + layer("Eltwise", "x y", "sum", name="sum"), "y") == (2, 3, 8, 12)
    assert "net.prototxt:2: took ConvolutionDepthwise for that of openvino" in caplog.text


WHOLE = 'softmax_param { normalize_type: "L2" }'


def test_a_parameter_that_only_an_older_version_reads_tells_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    text = DATA + layer("Normalize", "data", "norm", WHOLE, "norm")
    found = norm(text)
    assert found.older
    assert found.whole_images((2, 3, 40, 50))
    assert "took Normalize for that of older versions of happynear's fork" in caplog.text


def test_a_fork_that_is_named_is_its_newest_version(caplog: pytest.LogCaptureFixture) -> None:
    found = norm(DATA + layer("Normalize", "data", "norm", WHOLE, "norm"), fork="happynear")
    assert not found.older
    assert not found.whole_images((2, 3, 40, 50))
    assert "older versions" not in caplog.text
