"""Keras renderers of proto2net/layers/detection.py."""

from __future__ import annotations

from proto2net.backends.base import Code, bottoms
from proto2net.backends.detection import detection_options, region_detection_options
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
    read = zip(bottoms(node)[:3], node.bottoms, strict=False)
    inputs = (read_in_order(bottom, blob.shape) for bottom, blob in read)
    init = own("DetectionOutput", **detection_options(node.layer))
    return Code(called_on(inputs), init)
