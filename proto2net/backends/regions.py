"""The arguments that layers of R-CNN and YOLO have in emitted files, the same in every target."""

from __future__ import annotations

from typing import Any

from proto2net.graph import Node
from proto2net.layers import (
    ROIAlign,
    ROIPooling,
    YoloDetectionOutput,
    Yolov3DetectionOutput,
)

Options = dict[str, object]


def region_options(layer: ROIPooling | ROIAlign) -> Options:
    """The options of a helper that pools regions, each with its default."""
    return {
        "spatial_scale": (layer.spatial_scale, 1.0),
        "pad_ratio": (layer.pad_ratio, 0.0),
    }


def proposal_arguments(node: Node[Any]) -> tuple[object, Options]:
    """The anchors of a Proposal, or of the Python layer, and its options with their defaults."""
    how = node.layer.proposing(node.phase)
    return how.anchors, {
        "feat_stride": (how.feat_stride, 16),
        "min_size": (how.min_size, 16),
        "pre_nms_topn": (how.pre_nms_topn, 6000),
        "post_nms_topn": (how.post_nms_topn, 300),
        "nms_thresh": (how.nms_thresh, 0.7),
        "keep_small": (how.keep_small, False),
    }


def yolo_arguments(node: Node[Any]) -> list[object]:
    """The anchors of YOLO's output layers, and what in v3 stands beside them."""
    layer, count = node.layer, len(node.bottoms)
    if isinstance(layer, YoloDetectionOutput):
        return [layer.anchors]
    return [tuple(map(layer.anchors, range(count))), layer.anchors_scale[:count]]


def yolo_options(layer: YoloDetectionOutput | Yolov3DetectionOutput) -> Options:
    """The options of a helper that finds YOLO's boxes, each with its default."""
    return {
        "confidence_threshold": (layer.confidence_threshold, 0.01),
        "nms_threshold": (layer.nms_threshold, 0.45),
    }
