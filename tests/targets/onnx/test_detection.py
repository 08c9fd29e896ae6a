"""Boxes and regions that ONNX finds, with fields, ties and sizes that no recorded case has.

What is right is what numpy computes, which the recorded cases hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pytest
from layer_cases import assert_close
from samples.sample import Ndarray, layer

import proto2net
from proto2net import UnsupportedError, backends

Shape = tuple[int, ...]
Row = tuple[str, dict[str, Shape], str, str]
"""A layer type, the shapes of its bottoms by name, its tops, and its fields."""

BOXES = {"loc": (2, 80), "conf": (2, 60), "prior": (1, 2, 80)}
MAP = {"x": (1, 24, 3, 5)}
REGIONS = {"x": (2, 18, 9, 11), "rois": (7, 5)}
PROPOSED = {"scores": (1, 12, 4, 5), "shifts": (1, 24, 4, 5), "im_info": (1, 3)}


def detections() -> Iterator[Row]:
    for fields in (
        "",
        "keep_top_k: 0",
        "keep_top_k: 3",
        "nms_param { top_k: 0 }",
        "nms_param { top_k: 4 } keep_top_k: 6",
        "nms_param { nms_threshold: 0.9 eta: 0.85 }",
        "nms_param { nms_threshold: 0.4 eta: 0.5 }",
        "nms_param { nms_threshold: 1.5 top_k: 7 }",
        "background_label_id: 2 confidence_threshold: 0.5",
        "background_label_id: -1 keep_top_k: 9",
    ):
        told = f"num_classes: 3 code_type: CENTER_SIZE {fields}"
        yield "DetectionOutput", BOXES, "y", f"detection_output_param {{ {told} }}"
    apart = BOXES | {"loc": (2, 240)}
    for background in (0, 1):
        told = f"num_classes: 3 share_location: false background_label_id: {background}"
        yield "DetectionOutput", apart, "y", f"detection_output_param {{ {told} }}"
    alone = BOXES | {"conf": (2, 20)}
    yield "DetectionOutput", alone, "y", "detection_output_param { num_classes: 1 }"


def of_yolo() -> Iterator[Row]:
    biases = "biases: [1, 2, 3, 1, 2, 2]"
    for fields in ("", "nms_threshold: 0", "confidence_threshold: 0.2"):
        told = f"num_classes: 3 num_box: 3 {biases} {fields}"
        yield "YoloDetectionOutput", MAP, "y", f"yolo_detection_output_param {{ {told} }}"
        scale = "mask: [0, 1, 2] mask_group_num: 1 anchors_scale: 16"
        told = f"yolov3_detection_output_param {{ {told} {scale} }}"
        yield "Yolov3DetectionOutput", MAP, "y", told


def regions() -> Iterator[Row]:
    for fields in ("", "pre_nms_topn: 9 post_nms_topn: 5", "nms_thresh: 1 post_nms_topn: 8"):
        told = f"min_size: 9 ratio: [0.5, 1] scale: [1, 2, 3] {fields}"
        yield "Proposal", PROPOSED, "y z", f"proposal_param {{ {told} }}"
    for scale in (0.25, 0.3):
        told = f"spatial_scale: {scale} output_dim: 2 group_size: 3"
        yield "PSROIPooling", REGIONS, "y", f"psroi_pooling_param {{ {told} }}"
        told = f"spatial_scale: {scale} pooled_h: 3 pooled_w: 2"
        for kind, param in (
            ("ROIPooling", "roi_pooling_param"),
            ("ROIAlign", "roi_pooling_param"),
            ("ROIWarping", "roi_warping_param"),
        ):
            yield kind, REGIONS, "y", f"{param} {{ {told} }}"


ROWS = [*detections(), *of_yolo(), *regions()]


def network(row: Row) -> str:
    kind, bottoms, tops, fields = row
    fed = "".join(
        layer("Input", "", name, f"input_param {{ shape {{ dim: {[*shape]} }} }}", name)
        for name, shape in bottoms.items()
    )
    return fed + layer(kind, " ".join(bottoms), tops, fields)


def values(bottoms: Mapping[str, Shape], *, ties: bool = False) -> dict[str, Ndarray]:
    """Random bottoms; with ties, scores are among a few."""
    random = np.random.default_rng(0)
    found = {name: random.normal(size=shape).astype("f") for name, shape in bottoms.items()}
    if "prior" in found:
        start = random.uniform(0, 0.5, (20, 2))
        corners = np.concatenate((start, start + random.uniform(0.1, 0.5, (20, 2))), axis=1)
        found["prior"] = np.stack((corners.ravel(), np.full(80, 0.2)))[None].astype("f")
    if "rois" in found:
        corners = np.sort(random.uniform(-4, 50, (7, 2, 2)), axis=1).reshape(7, 4)
        found["rois"] = np.column_stack((np.arange(7) % 2, corners)).astype("f")
    if "im_info" in found:
        found["im_info"] = np.array([[60, 75, 1.5]], np.float32)
    for name in ("conf", "scores"):
        if ties and name in found:
            found[name] = np.round(4 * found[name]) / 4
    return found


def check(row: Row, inputs: dict[str, Ndarray]) -> None:
    graph = proto2net.parse(network(row))
    found, right = (
        proto2net.blobs(proto2net.load(graph, to=to), inputs) for to in ("onnx", "numpy")
    )
    for name in row[2].split():
        assert_close(found[name], right[name], 1e-5, name)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}: {row[3]}")
def test_a_layer_finds_what_numpy_does(row: Row) -> None:
    check(row, values(row[1]))


SCORED = [row for row in ROWS if row[0] in ("DetectionOutput", "Proposal")]


@pytest.mark.parametrize("row", SCORED, ids=lambda row: f"{row[0]}: {row[3]}")
def test_of_boxes_that_score_alike_the_first_is_better(row: Row) -> None:
    check(row, values(row[1], ties=True))


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (
            (
                "BoxOutput",
                {"x": (1, 6, 2, 3)},
                "y",
                "box_output_param { field_h: 9 field_w: 9 downsample_rate: 8 nms_type: 'IOMU' }",
            ),
            "ONNX cannot suppress boxes with nms_type IOMU",
        ),
        (
            (
                "DetectionOutput",
                BOXES,
                "y",
                "detection_output_param { num_classes: 3 "
                "nms_param { nms_threshold: 0.9 eta: 0.999 } }",
            ),
            "eta 0.999 lowers the threshold more than 64 times",
        ),
    ],
)
def test_what_is_not_said_is_refused(row: Row, told: str) -> None:
    with pytest.raises(UnsupportedError, match=told):
        backends.get("onnx").emit(proto2net.parse(network(row)))


SSD = (
    layer("Convolution", "data", "c", "convolution_param { num_output: 8 kernel_size: 3 }", "c")
    + "".join(
        layer(
            "Convolution",
            "c",
            name,
            f"convolution_param {{ num_output: {width} kernel_size: 1 }}",
            name,
        )
        + layer("Permute", name, f"{name}_last", "permute_param { order: [0, 2, 3, 1] }")
        + layer("Flatten", f"{name}_last", f"{name}_flat")
        for name, width in (("loc", 12), ("conf", 9))
    )
    + layer("PriorBox", "c data", "prior", "prior_box_param { min_size: 12 aspect_ratio: 2 }")
    + layer(
        "DetectionOutput",
        "loc_flat conf_flat prior",
        "found",
        "detection_output_param { num_classes: 3 code_type: CENTER_SIZE keep_top_k: 30 "
        "nms_param { nms_threshold: 0.45 top_k: 100 } }",
    )
)


def test_a_detector_of_any_size_finds_what_one_of_that_size_does() -> None:
    free = proto2net.parse(f"input: 'data' {SSD}", inputs={"data": (1, 3, None, None)})
    random = np.random.default_rng(0)
    weights = {
        node.name: [random.normal(size=blob.shape) for blob in node.blobs.values()]
        for node in free.nodes
        if node.blobs
    }
    network = proto2net.load(free, weights, to="onnx")
    for size in ((5, 7), (16, 11)):
        image = random.normal(size=(2, 3, *size)).astype("f")
        fixed = proto2net.parse(f"input: 'data' {SSD}", inputs={"data": (1, 3, *size)})
        (right,) = backends.get("numpy").runner.run(
            proto2net.load(fixed, weights, to="numpy"), fixed, {"data": image}
        )
        (found,) = backends.get("onnx").runner.run(network, free, {"data": image})
        assert_close(found, right, 1e-5, "found")
