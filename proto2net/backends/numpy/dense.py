"""NumPy renderers of proto2net/layers/dense.py."""

from __future__ import annotations

from proto2net.backends.base import Code
from proto2net.backends.numpy.backend import renders
from proto2net.backends.numpy.fillers import learned
from proto2net.backends.source import call
from proto2net.graph import Node
from proto2net.layers import Embed, InnerProduct
from proto2net.shape import canonical_axis


@renders(InnerProduct)
def _inner_product(node: Node[InnerProduct]) -> Code:
    axis = canonical_axis(node.layer.axis, node.bottoms[0].shape)
    return Code(
        call(
            "inner_product",
            "{0}",
            "**{self}",
            axis=(axis, 1),
            transpose=(node.layer.transpose, False),
        ),
        *learned(node),
    )


@renders(Embed)
def _embed(node: Node[Embed]) -> Code:
    return Code("embed({0}, **{self})", *learned(node))
