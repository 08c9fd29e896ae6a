"""Keras renderers of proto2net/layers/ssd.py."""

from __future__ import annotations

from proto2net.backends.base import Code, bottoms, same_array
from proto2net.backends.detection import (
    detection_options,
    prior_box_options,
    region_detection_options,
)
from proto2net.backends.tensorflow.backend import renders
from proto2net.backends.tensorflow.layout import (
    Broadcast,
    moved_axis,
    read_in_order,
    widened,
)
from proto2net.backends.tensorflow.objects import CALLED, called_on, own
from proto2net.backends.tree import BOTTOM, SELF, call, indexed
from proto2net.errors import UnsupportedError
from proto2net.graph import Node
from proto2net.layers import DetectionOutput, Normalize, PriorBox


@renders(Normalize)
def _normalize(node: Node[Normalize]) -> Code:
    if not node.blobs:
        return _normalize_pixels(node)
    layer, axes = node.layer, len(node.bottoms[0].shape)
    spread = Broadcast(1, axes)
    init = own(
        "Normalize",
        spread.shape(node.blobs["weight"].shape),
        across_spatial=(layer.whole_images, True),
        epsilon=(layer.epsilon, 1e-10),
        axis=(moved_axis(1, axes), -1),
    )
    return Code(CALLED, init, {"gamma": same_array(node, "weight", spread)})


def _normalize_pixels(node: Node[Normalize]) -> Code:
    """happynear's layer, whose tops always have 4 axes."""
    norm = ("L1" if node.layer.magnitudes else "L2", "L2")
    both = call(SELF, widened(BOTTOM, len(node.bottoms[0].shape), 4))
    made = both if len(node.tops) > 1 else indexed(both, 0)
    return Code(made, own("NormalizePixels", norm=norm))


@renders(PriorBox)
def _prior_box(node: Node[PriorBox]) -> Code:
    init = own("PriorBox", **prior_box_options(node.layer))
    return Code(called_on(bottoms(node)), init)


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
