"""NumPy renderers of proto2net/layers/dense.py."""

from __future__ import annotations

from proto2net.backends.base import Code, refuse_noise, refuse_normalizing
from proto2net.backends.numpy.backend import renders
from proto2net.backends.numpy.fillers import learned
from proto2net.backends.source import call
from proto2net.graph import Node
from proto2net.layers import (
    Embed,
    InnerProduct,
    MarginInnerProduct,
    SparseInnerProduct,
)
from proto2net.shape import canonical_axis


@renders(SparseInnerProduct)
@renders(MarginInnerProduct)
@renders(InnerProduct)
def _inner_product(node: Node[InnerProduct]) -> Code:
    refuse_noise(node)
    refuse_normalizing(node)
    layer, bottom = node.layer, node.bottoms[0].shape
    if not node.blobs:
        axis = {"axis": (canonical_axis(layer.axis, bottom), 1)}
        return Code(call("inner_product", "{0}", "flatten({1})", **axis))
    arrays: dict[str, object] = {"arrays": "**{self}"}
    if layer.enable_noise:
        bias = '{self}["bias"]' if layer.bias_term else "None"
        arrays = {"arrays": '{self}["weight"]', "bias": (bias, "None")}
    if layer.normalize:
        arrays["eps"] = (layer.unit_eps, 1e-6)
    else:
        arrays["transpose"] = (layer.transpose, False)
    forward = call(
        "unit_inner_product" if layer.normalize else "inner_product",
        "{0}",
        arrays.pop("arrays"),
        axis=(canonical_axis(layer.axis, bottom), 1),
        **arrays,
    )
    added = ", None" * layer.added_axes(bottom)
    return Code(forward + f"[...{added}]" * bool(added), *learned(node))


@renders(Embed)
def _embed(node: Node[Embed]) -> Code:
    return Code("embed({0}, **{self})", *learned(node))
