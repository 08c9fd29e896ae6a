"""Keras renderers of proto2net/layers/ssd.py."""

from __future__ import annotations

from typing import Any

from proto2net.backends.base import Code, bottoms, same_array
from proto2net.backends.detection import prior_box_options, sized_box_options
from proto2net.backends.tensorflow.backend import renders
from proto2net.backends.tensorflow.layout import Broadcast, moved_axis, widened
from proto2net.backends.tensorflow.objects import CALLED, called_on, own
from proto2net.backends.tree import BOTTOM, SELF, call, indexed
from proto2net.graph import Node
from proto2net.layers import Normalize, PriorBox, PriorBoxClustered


@renders(Normalize)
def _normalize(node: Node[Normalize]) -> Code:
    if not node.blobs:
        return _normalize_pixels(node)
    layer, bottom = node.layer, node.bottoms[0].shape
    axes = len(bottom)
    spread = Broadcast(1, axes)
    init = own(
        "Normalize",
        spread.shape(node.blobs["weight"].shape),
        across_spatial=(layer.whole_images(bottom), True),
        epsilon=(layer.epsilon, 1e-10),
        axis=(moved_axis(1, axes), -1),
    )
    return Code(CALLED, init, {"gamma": same_array(node, "weight", spread)})


def _normalize_pixels(node: Node[Normalize]) -> Code:
    """happynear's layer, whose tops always have 4 axes."""
    layer, bottom = node.layer, node.bottoms[0].shape
    norm = ("L1" if layer.magnitudes else "L2", "L2")
    both = call(SELF, widened(BOTTOM, len(bottom), 4))
    made = both if len(node.tops) > 1 else indexed(both, 0)
    whole = (layer.whole_images(bottom), False)
    return Code(made, own("NormalizePixels", norm=norm, across_spatial=whole))


@renders(PriorBox)
def _prior_box(node: Node[PriorBox]) -> Code:
    if node.layer.sized:
        return _sized(node)
    init = own("PriorBox", **prior_box_options(node.layer))
    return Code(called_on(bottoms(node)), init)


@renders(PriorBoxClustered)
def _prior_box_clustered(node: Node[PriorBoxClustered]) -> Code:
    return _sized(node)


def _sized(node: Node[Any]) -> Code:
    """Prior boxes of given sizes."""
    init = own("PriorBoxClustered", **sized_box_options(node.layer))
    return Code(called_on(bottoms(node)), init)
