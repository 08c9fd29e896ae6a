"""NumPy renderers of proto2net/layers/dense.py."""

from __future__ import annotations

from proto2net.backends.base import Code
from proto2net.backends.numpy.backend import renders
from proto2net.backends.numpy.fillers import ARRAYS, learned
from proto2net.backends.tree import BOTTOM, Expression, call, code, expanded
from proto2net.graph import Node
from proto2net.layers import (
    Embed,
    InnerProduct,
)
from proto2net.shape import canonical_axis


@renders(InnerProduct)
def inner_product(node: Node[InnerProduct]) -> Code:
    """Render an InnerProduct, or a layer of a fork that is one when it is used."""
    layer, bottom = node.layer, node.bottoms[0].shape
    options: dict[str, object] = {"axis": (canonical_axis(layer.axis, bottom), 1)}
    if not node.blobs:
        weight = code("flatten({1})")
        return Code(call("inner_product", BOTTOM, weight, **options))
    arrays: Expression = ARRAYS
    if layer.enable_noise:  # the arrays of the noise are left out
        arrays = code('{self}["weight"]')
        options["bias"] = code('{self}["bias"]') if layer.bias_term else None
    if layer.normalize:
        options["eps"] = (layer.unit_eps, 1e-6)
    else:
        options["transpose"] = (layer.transpose, False)
    function = "unit_inner_product" if layer.normalize else "inner_product"
    forward = call(function, BOTTOM, arrays, **options)
    return Code(expanded(forward, layer.added_axes(bottom)), *learned(node))


@renders(Embed)
def _embed(node: Node[Embed]) -> Code:
    return Code(call("embed", BOTTOM, ARRAYS), *learned(node))
