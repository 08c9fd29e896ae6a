"""PyTorch renderers of proto2net/layers/ssd.py."""

from __future__ import annotations

from typing import Any

from proto2net.backends.base import Code, bottoms, same_array
from proto2net.backends.detection import prior_box_options, sized_box_options
from proto2net.backends.torch.backend import renders
from proto2net.backends.tree import BOTTOM, SELF, call, indexed
from proto2net.graph import Node
from proto2net.layers import Normalize, PriorBox, PriorBoxClustered


@renders(Normalize)
def _normalize(node: Node[Normalize]) -> Code:
    layer = node.layer
    whole = layer.whole_images(node.bottoms[0].shape)
    if not node.blobs:
        norm = ("L1" if layer.magnitudes else "L2", "L2")
        both = call("normalize_pixels", BOTTOM, norm=norm, across_spatial=(whole, False))
        return Code(both if len(node.tops) > 1 else indexed(both, 0))
    init = call(
        "Normalize",
        *node.blobs["weight"].shape,
        across_spatial=(whole, True),
        eps=(layer.epsilon, 1e-10),
    )
    return Code(call(SELF, BOTTOM), init, {"weight": same_array(node, "weight")})


@renders(PriorBox)
def _prior_box(node: Node[PriorBox]) -> Code:
    if node.layer.sized:
        return _sized(node)
    return Code(call("prior_box", *bottoms(node), **prior_box_options(node.layer)))


@renders(PriorBoxClustered)
def _prior_box_clustered(node: Node[PriorBoxClustered]) -> Code:
    return _sized(node)


def _sized(node: Node[Any]) -> Code:
    """Prior boxes of given sizes."""
    options = sized_box_options(node.layer)
    return Code(call("prior_box_clustered", *bottoms(node), **options))
