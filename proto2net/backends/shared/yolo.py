"""Renderers of proto2net/layers/yolo.py that NumPy and PyTorch share."""

from __future__ import annotations

from functools import partial
from typing import Any

from proto2net.backends.base import Chain, Code, Renderer, bottoms
from proto2net.backends.regions import yolo_arguments, yolo_options
from proto2net.backends.shared import renders as shared
from proto2net.backends.tree import BOTTOM, call
from proto2net.graph import Node
from proto2net.layers import Reorg, YoloDetectionOutput, Yolov3DetectionOutput

RENDERERS: dict[Chain, Renderer] = {}
renders = partial(shared, RENDERERS)


@renders(Reorg)
def _reorg(node: Node[Reorg]) -> Code:
    layer = node.layer
    swapped = layer.swapped(node.bottoms[0].shape)
    function = "swapped_reorg" if swapped else "reorg"
    return Code(call(function, BOTTOM, layer.block, reverse=(layer.reverse, False)))


@renders(YoloDetectionOutput)
def _yolo_detection_output(node: Node[YoloDetectionOutput]) -> Code:
    return _detected("yolo_detection_output", node)


@renders(Yolov3DetectionOutput)
def _yolov3_detection_output(node: Node[Yolov3DetectionOutput]) -> Code:
    return _detected("yolov3_detection_output", node)


def _detected(function: str, node: Node[Any]) -> Code:
    outputs, options = list(bottoms(node)), yolo_options(node.layer)
    return Code(call(function, outputs, *yolo_arguments(node), **options))
