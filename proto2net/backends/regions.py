"""The arguments that layers of R-CNN, MS-CNN and YOLO have in emitted files, in every target."""

from __future__ import annotations

from typing import Any

from proto2net.graph import Node
from proto2net.layers import (
    BBoxRegParameter,
    BoxGroupOutput,
    BoxOutput,
    FrcnnOutput,
    ROIAlign,
    ROIPooling,
    ScaleRoute,
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


def shift_options(layer: BBoxRegParameter) -> Options:
    """The means and deviations that shifts of boxes are normalized by, where they are."""
    given = layer.normalized
    return {
        "bbox_mean": (layer.bbox_mean if given else None, None),
        "bbox_std": (layer.bbox_std if given else None, None),
    }


def field_box_options(layer: BoxOutput | BoxGroupOutput) -> Options:
    """The options of a helper that makes boxes of shifts, each with its default."""
    if isinstance(layer, BoxOutput):
        fields: list[object] = list(layer.fields)
        strides = list(layer.downsample_rate)
    else:
        fields = [list(group.fields) for group in layer.box_group_param]
        strides = [group.stride for group in layer.box_group_param]
    return {
        "fields": fields,
        "strides": strides,
        "min_size": (layer.min_size, 15.0),
        "field_whr": (layer.field_whr, 2.0),
        "field_xyr": (layer.field_xyr, 2.0),
        **shift_options(layer.bbox_reg_param),
    }


def best_region_options(layer: BoxOutput | BoxGroupOutput) -> Options:
    """The options of a helper that finds the best boxes, each with its default."""
    return {
        "fg_thr": (layer.fg_thr, 0.0),
        "iou_thr": (layer.iou_thr, 0.5),
        "nms_type": (layer.nms_type, "IOU"),
        "max_nms_num": (layer.max_nms_num or None, None),
        "max_post_nms_num": (layer.max_post_nms_num or None, None),
    }


def frcnn_options(layer: FrcnnOutput) -> Options:
    """The options of a helper that finds what Cascade R-CNN does, each with its default."""
    return {
        "conf_thr": (layer.conf_thr, 0.0),
        "iou_thr": (layer.iou_thr, 0.5),
        "nms_type": (layer.nms_type, "IOU"),
        "max_det_num": (layer.max_det_num or None, None),
        **shift_options(layer.bbox_reg_param),
    }


def route_options(layer: ScaleRoute) -> Options:
    """The options of a helper that picks regions by their size, each with its default."""
    return {
        "low_scale": (layer.low_scale or 0.0, 0.0),
        "high_scale": (layer.high_scale, None),
        "middle": (layer.middle, 256.0),
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
