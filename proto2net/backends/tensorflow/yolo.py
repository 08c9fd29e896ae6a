"""Keras renderers of proto2net/layers/yolo.py."""

from __future__ import annotations

from typing import Any

from proto2net.backends.base import Code
from proto2net.backends.regions import yolo_arguments, yolo_options
from proto2net.backends.source import call
from proto2net.backends.tensorflow.backend import renders
from proto2net.backends.tensorflow.combine import bottoms
from proto2net.graph import Node
from proto2net.layers import Reorg, YoloDetectionOutput, Yolov3DetectionOutput


@renders(Reorg)
def _reorg(node: Node[Reorg]) -> Code:
    layer = node.layer
    swapped = layer.swapped(node.bottoms[0].shape)
    kind = "SwappedReorg" if swapped else "Reorg"
    init = call(kind, layer.block, reverse=(layer.reverse, False), name="{name}")
    return Code("{self}({0})", init)


@renders(YoloDetectionOutput)
def _yolo_detection_output(node: Node[YoloDetectionOutput]) -> Code:
    return _detected(node)


@renders(Yolov3DetectionOutput)
def _yolov3_detection_output(node: Node[Yolov3DetectionOutput]) -> Code:
    return _detected(node)


def _detected(node: Node[Any]) -> Code:
    options = yolo_options(node.layer)
    init = call(node.layer.type, *yolo_arguments(node), **options, name="{name}")
    return Code(f"{{self}}([{', '.join(bottoms(node))}])", init)
