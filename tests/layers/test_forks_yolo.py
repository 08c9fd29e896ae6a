"""Layers of YOLO's forks: their anchors, and what is refused."""

from __future__ import annotations

import pytest

import proto2net
from proto2net import ShapeError, UnsupportedError


def given(name: str, *dims: int) -> str:
    sizes = " ".join(f"dim: {size}" for size in dims)
    return (
        f'layer {{ name: "{name}" type: "Input" top: "{name}" '
        f"input_param {{ shape {{ {sizes} }} }} }}\n"
    )


def reorg(param: str, *dims: int) -> str:
    return given("x", *dims) + (
        f'layer {{ name: "reorg" type: "Reorg" bottom: "x" top: "y" reorg_param {{ {param} }} }}'
    )


def yolo3(param: str, bottoms: str = "a b", channels: int = 16) -> str:
    wires = " ".join(f'bottom: "{name}"' for name in bottoms.split())
    return (
        given("a", 1, channels, 3, 4)
        + given("b", 1, channels, 6, 8)
        + f'layer {{ name: "yolo" type: "Yolov3DetectionOutput" {wires} top: "y" '
        f"yolov3_detection_output_param {{ num_box: 2 {param} }} }}"
    )


def region(param: str, channels: int = 16, size: int = 4, batch: int = 1) -> str:
    """The DetectionOutput of caffe-yolov2."""
    return given("x", batch, channels, size, size) + (
        'layer { name: "found" type: "DetectionOutput" bottom: "x" top: "y" '
        f"detection_output_param {{ num_box: 2 side: 4 {param} }} }}"
    )


CLASSES = "num_classes: 3 "
ANCHORS = "biases: 10 biases: 14 biases: 23 biases: 27 "
MASKS = "mask: 0 mask: 1 mask: 1 mask: 0 "
SCALES = "anchors_scale: 32 anchors_scale: 16 "


def test_yolov3_takes_the_anchors_that_the_mask_names() -> None:
    graph = proto2net.parse(yolo3(CLASSES + ANCHORS + MASKS + SCALES))
    assert graph.blobs["y"].shape == (1, 1, 1, 7)
    layer = graph.nodes[-1].layer
    assert isinstance(layer, proto2net.layers.Yolov3DetectionOutput)
    assert layer.anchors(1) == ((23, 27), (10, 14))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (reorg("stride: 2", 1, 8, 5, 4), "planes of 5 x 4 do not divide by the stride 2"),
        (reorg("stride: 2", 1, 6, 4, 4), "6 channels do not divide into 2 x 2 places"),
        (reorg("stride: 0", 1, 8, 4, 4), "stride is 0"),
        (reorg("stride: 2", 8, 4), "needs 4 axes"),
        (region(CLASSES), "1 bottoms given, and biases 0 times"),
        (region(ANCHORS), "num_classes is missing or 0"),
        (region(CLASSES + ANCHORS, channels=18), "need predictions of 1 x 16 x 4 x 4"),
        (region(CLASSES + ANCHORS, size=5), "need predictions of 1 x 16 x 4 x 4"),
        (region(CLASSES + ANCHORS, batch=2), "need predictions of 1 x 16 x 4 x 4"),
        (
            region(CLASSES + ANCHORS.replace("biases: ", "biases: -")),
            "no width or height is below 0",
        ),
        (yolo3(CLASSES + "biases: -1 " * 8 + MASKS + SCALES), "no width or height is below 0"),
        (region(CLASSES + "biases: 1 biases: 2"), "biases is given 2 times for 2 boxes"),
        (yolo3(ANCHORS + MASKS + SCALES), "num_classes is missing"),
        (yolo3(CLASSES + ANCHORS + MASKS), "anchors_scale is given 0 times for 2 bottoms"),
        (yolo3(CLASSES + ANCHORS + "mask: 0 " + SCALES), "mask is given 1 times for 2 bottoms"),
        (yolo3(CLASSES + "biases: 10 biases: 14 " + MASKS + SCALES), "needs 4 biases"),
        (yolo3(CLASSES + ANCHORS + MASKS + SCALES, "a"), "mask_group_num is 2, but there are 1"),
        (yolo3(CLASSES + ANCHORS + MASKS + SCALES, channels=18), "need 16 channels"),
        (
            yolo3(CLASSES + ANCHORS + MASKS + SCALES + "gaussian_box: true"),
            "gaussian_box: true is not supported",
        ),
    ],
)
def test_what_cannot_be_is_refused(text: str, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        proto2net.parse(text)


TRAINED = """
layer { name: "data" type: "BoxData" top: "data" top: "label" data_param { batch_size: 4 }
  transform_param { crop_size: 64 } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 125 kernel_size: 1 stride: 16 } }
layer { name: "loss" type: "RegionLoss" bottom: "conv" bottom: "label" top: "loss"
  region_loss_param { side: 4 biases: 1.08 biases: 1.19 } }
layer { name: "eval" type: "EvalDetection" bottom: "conv" bottom: "label" bottom: "data"
  top: "eval" eval_detection_param { side: 4 num_object: 5 } }
"""


def test_yolos_losses_are_left_out_for_use() -> None:
    graph = proto2net.parse(TRAINED)
    assert [node.layer.type for node in graph.nodes] == ["Input", "Convolution"]


def test_yolos_losses_have_no_rendering_in_training() -> None:
    graph = proto2net.parse(TRAINED, phase="TRAIN")
    with pytest.raises(UnsupportedError, match="the loss of YOLO is not supported in numpy"):
        proto2net.convert(graph, to="numpy")
