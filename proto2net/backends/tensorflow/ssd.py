"""Keras renderers of proto2net/layers/ssd.py."""

from __future__ import annotations

from proto2net.backends.base import Code, same_array
from proto2net.backends.detection import (
    detection_options,
    prior_box_options,
    region_detection_options,
)
from proto2net.backends.source import call, literal
from proto2net.backends.tensorflow.backend import renders
from proto2net.backends.tensorflow.layout import (
    Broadcast,
    in_caffe_order,
    in_keras_order,
    moved_axis,
    read_in_order,
)
from proto2net.errors import UnsupportedError
from proto2net.graph import Node
from proto2net.layers import DetectionOutput, Normalize, PriorBox


@renders(Normalize)
def _normalize(node: Node[Normalize]) -> Code:
    if not node.blobs:
        return _normalize_pixels(node)
    layer, axes = node.layer, len(node.bottoms[0].shape)
    spread = Broadcast(1, axes)
    init = call(
        "Normalize",
        spread.shape(node.blobs["weight"].shape),
        across_spatial=(layer.whole_images, True),
        epsilon=(layer.epsilon, 1e-10),
        axis=(moved_axis(1, axes), -1),
        name="{name}",
    )
    return Code("{self}({0})", init, {"gamma": same_array(node, "weight", spread)})


def _normalize_pixels(node: Node[Normalize]) -> Code:
    """happynear's layer, whose tops always have 4 axes."""
    norm = (literal("L1" if node.layer.magnitudes else "L2"), '"L2"')
    init = call("NormalizePixels", norm=norm, name="{name}")
    axes = len(node.bottoms[0].shape)
    x = "{0}"
    if axes < 4:
        full = f"ops.expand_dims({in_caffe_order(x, axes)}, {list(range(axes, 4))})"
        x = in_keras_order(full, 4)
    both = f"{{self}}({x})"
    return Code(both if len(node.tops) > 1 else f"{both}[0]", init)


@renders(PriorBox)
def _prior_box(node: Node[PriorBox]) -> Code:
    init = call("PriorBox", **prior_box_options(node.layer), name="{name}")
    return Code("{self}([{0}, {1}])", init)


@renders(DetectionOutput)
def _detection_output(node: Node[DetectionOutput]) -> Code:
    if len(node.bottoms) == 1:
        found = region_detection_options(node.layer)
        name = {"name": "{name}"}
        return Code(
            "{self}([{0}])",
            call("RegionDetectionOutput", node.layer.anchors, **found, **name),
        )
    eta = node.layer.nms_param.eta
    if eta != 1:
        raise UnsupportedError(
            f"non-maximum suppression with eta ({eta}) is not possible",
            "use --to torch",
        )
    init = call("DetectionOutput", **detection_options(node.layer), name="{name}")
    bottoms = (
        read_in_order(f"{{{index}}}", blob.shape)
        for index, blob in enumerate(node.bottoms[:3])
    )
    return Code(f"{{self}}([{', '.join(bottoms)}])", init)
