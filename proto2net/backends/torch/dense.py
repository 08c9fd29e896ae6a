"""PyTorch renderers of proto2net/layers/dense.py."""

from __future__ import annotations

from typing import Any

from proto2net.backends.base import (
    Code,
    Transposed,
    same_array,
)
from proto2net.backends.torch.backend import renders
from proto2net.backends.tree import (
    BOTTOM,
    SELF,
    Expression,
    Placeholder,
    call,
    code,
    expanded,
)
from proto2net.graph import Node
from proto2net.layers import (
    Embed,
    InnerProduct,
)
from proto2net.shape import canonical_axis, count


@renders(InnerProduct)
def inner_product(node: Node[InnerProduct]) -> Code:
    """Render an InnerProduct, or a layer of a fork that is one when it is used."""
    layer, bottom = node.layer, node.bottoms[0].shape
    axis = canonical_axis(layer.axis, bottom)
    x = vectors(node, axis)
    if not node.blobs:
        return Code(call("F.linear", x, rows(node)))
    used = ("weight", "bias") if layer.bias_term else ("weight",)
    arrays = {name: same_array(node, name) for name in used}
    # A weight that another layer has too must stay as it is: the two are one parameter.
    shared = bool(node.params and node.params[0].name)
    if layer.transpose and not shared:
        arrays["weight"] = same_array(node, "weight", Transposed((1, 0)))
    module = "TransposedLinear" if layer.transpose and shared else "nn.Linear"
    module = "UnitLinear" if layer.normalize else module
    init = call(
        module,
        count(bottom[axis:]),
        layer.num_output,
        bias=(layer.bias_term, True),
        eps=(layer.unit_eps if layer.normalize else 1e-6, 1e-6),
    )
    return Code(expanded(call(SELF, x), layer.added_axes(bottom)), init, arrays)


def vectors(node: Node[Any], axis: int) -> Expression:
    """The first bottom, its axes from this one on made one."""
    last = axis == len(node.bottoms[0].shape) - 1
    return BOTTOM if last else call("torch.flatten", BOTTOM, axis)


def rows(node: Node[Any]) -> Expression:
    """The second bottom as a matrix, a row for each output."""
    matrix = len(node.bottoms[1].shape) == 2
    return Placeholder(1) if matrix else code("{1}.flatten(1)")


@renders(Embed)
def _embed(node: Node[Embed]) -> Code:
    layer = node.layer
    module = "Embed" if layer.bias_term else "nn.Embedding"
    init = call(module, layer.input_dim, layer.num_output)
    arrays = {name: same_array(node, name) for name in node.blobs}
    return Code(code("{self}({0}.long())"), init, arrays)
