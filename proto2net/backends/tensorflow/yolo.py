"""Keras renderers of proto2net/layers/yolo.py."""

from __future__ import annotations

from typing import Any

from proto2net.backends.base import Code, bottoms
from proto2net.backends.regions import yolo_arguments, yolo_options
from proto2net.backends.tensorflow.backend import renders
from proto2net.backends.tensorflow.objects import CALLED, called_on, own
from proto2net.graph import Node
from proto2net.layers import Reorg, YoloDetectionOutput, Yolov3DetectionOutput


@renders(Reorg)
def _reorg(node: Node[Reorg]) -> Code:
    layer = node.layer
    swapped = layer.swapped(node.bottoms[0].shape)
    kind = "SwappedReorg" if swapped else "Reorg"
    return Code(CALLED, own(kind, layer.block, reverse=(layer.reverse, False)))


@renders(YoloDetectionOutput)
@renders(Yolov3DetectionOutput)
def _detection_output(node: Node[Any]) -> Code:
    options = yolo_options(node.layer)
    init = own(node.layer.type, *yolo_arguments(node), **options)
    return Code(called_on(bottoms(node)), init)
