"""NumPy renderers of proto2net/layers/detection.py."""

from __future__ import annotations

from proto2net.backends.base import Code, bottoms
from proto2net.backends.detection import detection_options, region_detection_options
from proto2net.backends.numpy.backend import renders
from proto2net.backends.tree import BOTTOM, call
from proto2net.graph import Node
from proto2net.layers import DetectionOutput


@renders(DetectionOutput)
def _detection_output(node: Node[DetectionOutput]) -> Code:
    if len(node.bottoms) == 1:
        found = region_detection_options(node.layer)
        return Code(call("region_detection_output", BOTTOM, node.layer.anchors, **found))
    options = detection_options(node.layer)
    return Code(call("detection_output", *bottoms(node)[:3], **options))
