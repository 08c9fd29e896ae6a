"""PyTorch renderers of proto2net/layers/dense.py."""

from __future__ import annotations

from proto2net.backends.base import Code, Transposed, same_array
from proto2net.backends.source import call
from proto2net.backends.torch.backend import renders
from proto2net.graph import Node
from proto2net.layers import InnerProduct
from proto2net.shape import canonical_axis, count


@renders(InnerProduct)
def _inner_product(node: Node[InnerProduct]) -> Code:
    layer, bottom = node.layer, node.bottoms[0].shape
    axis = canonical_axis(layer.axis, bottom)
    flat = "{0}" if axis == len(bottom) - 1 else f"torch.flatten({{0}}, {axis})"
    init = call("nn.Linear", count(bottom[axis:]), layer.num_output, bias=(layer.bias_term, True))
    arrays = {name: same_array(node, name) for name in node.blobs}
    if layer.transpose:
        arrays["weight"] = same_array(node, "weight", Transposed((1, 0)))
    return Code(f"{{self}}({flat})", init, arrays)
