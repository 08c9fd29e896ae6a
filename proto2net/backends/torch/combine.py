"""PyTorch renderers of proto2net/layers/combine.py."""

from __future__ import annotations

from proto2net.backends.base import Code, bottoms, choose, same_array
from proto2net.backends.torch.backend import backend, renders
from proto2net.backends.torch.fillers import zeros
from proto2net.backends.tree import (
    BOTTOM,
    SELF,
    Expression,
    Placeholder,
    call,
    code,
    expanded,
    filled,
    indexed,
    joined,
    listed,
    method,
    weighted_sum,
)
from proto2net.graph import Node
from proto2net.layers import (
    Add,
    Axpy,
    BatchReindex,
    CompactBilinear,
    Concat,
    Div,
    Eltwise,
    Filter,
    Maximum,
    Minimum,
    Mul,
    Parameter,
    Slice,
    Sub,
)
from proto2net.layers.combine import Arithmetic

backend.says({BatchReindex: "{0}[{1}.long()]"})

ARITHMETIC: dict[type[Arithmetic], Expression] = {
    Add: code("{0} + {y}"),
    Sub: code("{0} - {y}"),
    Mul: code("{0} * {y}"),
    Div: code("{0} / {y}"),
    Maximum: code("torch.maximum({0}, {y})"),
    Minimum: code("torch.minimum({0}, {y})"),
}


def _arithmetic(node: Node[Arithmetic]) -> Code:
    both = ARITHMETIC[type(node.layer)]
    if not node.blobs:
        return Code(filled(both, {"y": Placeholder(1)}))
    init = call("nn.Parameter", zeros(node.layer.mul_shape))
    return Code(filled(both, {"y": SELF}), init, {"": same_array(node, "weight")})


for each in ARITHMETIC:
    renders(each)(_arithmetic)


@renders(Concat)
def _concat(node: Node[Concat]) -> Code:
    if len(node.bottoms) == 1:
        return Code(BOTTOM)
    axis = node.layer.along(node.bottoms[0].shape)
    return Code(call("torch.cat", bottoms(node), dim=axis))


@renders(Slice)
def _slice(node: Node[Slice]) -> Code:
    if len(node.tops) == 1:
        return Code(BOTTOM)
    axis, points = node.layer.along(node.bottoms[0].shape), node.layer.slice_point
    if points:  # as they stand in the file; what is behind the last may have any size
        return Code(call("torch.tensor_split", BOTTOM, list(points), dim=(axis, 0)))
    return Code(call("torch.chunk", BOTTOM, len(node.tops), dim=(axis, 0)))


@renders(Eltwise)
def _eltwise(node: Node[Eltwise]) -> Code:
    operation = choose(node, "operation", SUM="+", PROD="*", MAX="max")
    if operation == "max":
        return Code(call("elementwise_max", *bottoms(node)))
    if operation == "+" and node.layer.coeff:
        return Code(weighted_sum(bottoms(node), node.layer.coeff))
    return Code(joined(operation, bottoms(node)))


@renders(Filter)
def _filter(node: Node[Filter]) -> Code:
    *filtered, selector = bottoms(node)
    if len(node.bottoms[-1].shape) > 1:
        selector = method(selector, "flatten")
    kept = code("{selector} != 0", selector=selector)
    return Code(listed(indexed(bottom, kept) for bottom in filtered))


@renders(Parameter)
def _parameter(node: Node[Parameter]) -> Code:
    init = call("nn.Parameter", zeros(node.layer.shape))
    return Code(SELF, init, {"": same_array(node, "weight")})


@renders(Axpy)
def _axpy(node: Node[Axpy]) -> Code:
    factor, x, _ = (bottom.shape for bottom in node.bottoms)
    scale = expanded(BOTTOM, len(x) - len(factor))
    return Code(code("{scale} * {1} + {2}", scale=scale))


@renders(CompactBilinear)
def _compact_bilinear(node: Node[CompactBilinear]) -> Code:
    layer = node.layer
    channels = (bottom.shape[1] for bottom in node.bottoms)
    sum_pool = (layer.sum_pool, True)
    init = call("CompactBilinear", *channels, layer.num_output, sum_pool=sum_pool)
    return Code(call(SELF, *bottoms(node)), init)
