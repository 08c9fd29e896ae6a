"""NumPy renderers of proto2net/layers/detection.py."""

from __future__ import annotations

from proto2net.backends.base import Code, bottoms
from proto2net.backends.detection import (
    detection_options,
    map_options,
    refinement_options,
    region_detection_options,
)
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
    if node.layer.apart(len(node.bottoms)):
        options = map_options(node.layer) | options
        return Code(call("split_detection_output", list(bottoms(node)), **options))
    inputs = bottoms(node)[:3]
    if node.layer.refined(tuple(blob.shape for blob in node.bottoms)):
        inputs, arms = bottoms(node)[:3], bottoms(node)[3:]
        arguments = zip(("arm_conf", "arm_loc"), arms, strict=False)
        options |= {**dict(arguments), **refinement_options(node.layer)}
    return Code(call("detection_output", *inputs, **options))
