"""Keras renderers of proto2net/layers/detection.py."""

from __future__ import annotations

from proto2net.backends.base import Code, bottoms
from proto2net.backends.detection import (
    detection_options,
    map_options,
    refinement_options,
    region_detection_options,
)
from proto2net.backends.tensorflow.backend import renders
from proto2net.backends.tensorflow.layout import read_in_order
from proto2net.backends.tensorflow.objects import called_on, own
from proto2net.backends.tree import BOTTOM
from proto2net.errors import UnsupportedError
from proto2net.graph import Node
from proto2net.layers import DetectionOutput


@renders(DetectionOutput)
def _detection_output(node: Node[DetectionOutput]) -> Code:
    if len(node.bottoms) == 1:
        found = region_detection_options(node.layer)
        init = own("RegionDetectionOutput", node.layer.anchors, **found)
        return Code(called_on([BOTTOM]), init)
    eta = node.layer.nms_param.eta
    if eta != 1:
        raise UnsupportedError(
            f"non-maximum suppression with eta ({eta}) is not possible",
            "use --to torch",
        )
    layer, options = node.layer, detection_options(node.layer)
    read = zip(bottoms(node), node.bottoms, strict=True)
    inputs = [
        bottom if layer.no_permute else read_in_order(bottom, blob.shape) for bottom, blob in read
    ]
    if layer.apart(len(inputs)):
        return Code(called_on(inputs), own("SplitDetectionOutput", **map_options(layer), **options))
    if layer.refined(tuple(blob.shape for blob in node.bottoms)):
        options |= refinement_options(layer)
        return Code(called_on(inputs), own("RefinedDetectionOutput", **options))
    return Code(called_on(inputs[:3]), own("DetectionOutput", **options))
