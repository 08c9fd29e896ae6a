"""NumPy renderers of proto2net/layers/combine.py."""

from __future__ import annotations

from proto2net.backends.base import Code, as_tops, bottoms, choose
from proto2net.backends.numpy.backend import renders, says
from proto2net.backends.numpy.fillers import learned
from proto2net.backends.tree import (
    BOTTOM,
    Expression,
    Placeholder,
    call,
    code,
    filled,
    joined,
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

says({BatchReindex: "np.take({0}, {1}.astype(int), axis=0)"})

ARITHMETIC: dict[type[Arithmetic], Expression] = {
    Add: code("{0} + {y}"),
    Sub: code("{0} - {y}"),
    Mul: code("{0} * {y}"),
    Div: code("{0} / {y}"),
    Maximum: code("np.maximum({0}, {y})"),
    Minimum: code("np.minimum({0}, {y})"),
}


def _arithmetic(node: Node[Arithmetic]) -> Code:
    both = ARITHMETIC[type(node.layer)]
    second = code('{self}["weight"]') if node.blobs else Placeholder(1)
    return Code(filled(both, {"y": second}), *learned(node))


for each in ARITHMETIC:
    renders(each)(_arithmetic)


@renders(Concat)
def _concat(node: Node[Concat]) -> Code:
    if len(node.bottoms) == 1:
        return Code(BOTTOM)
    axis = node.layer.along(node.bottoms[0].shape)
    return Code(call("np.concatenate", bottoms(node), axis=axis))


@renders(Slice)
def _slice(node: Node[Slice]) -> Code:
    if len(node.tops) == 1:
        return Code(BOTTOM)
    axis = node.layer.along(node.bottoms[0].shape)
    where = node.layer.slice_point or len(node.tops)
    return Code(call("np.split", BOTTOM, where, axis=(axis, 0)))


@renders(Eltwise)
def _eltwise(node: Node[Eltwise]) -> Code:
    operation = choose(node, "operation", SUM="+", PROD="*", MAX="max")
    if operation == "max":
        return Code(call("eltwise_max", *bottoms(node)))
    if node.layer.coeff:
        return Code(weighted_sum(bottoms(node), node.layer.coeff))
    return Code(joined(operation, bottoms(node)))


@renders(Filter)
def _filter(node: Node[Filter]) -> Code:
    *filtered, selector = bottoms(node)
    kept = code("{selector}.ravel() != 0", selector=selector)
    return Code(as_tops([call("np.compress", kept, x, axis=0) for x in filtered]))


@renders(Parameter)
def _parameter(node: Node[Parameter]) -> Code:
    return Code(code('{self}["weight"]'), *learned(node))


@renders(Axpy)
def _axpy(node: Node[Axpy]) -> Code:
    factor, x, _ = (bottom.shape for bottom in node.bottoms)
    missing = len(x) - len(factor)
    factors = call("spread", BOTTOM, missing) if missing else BOTTOM
    return Code(code("{factors} * {1} + {2}", factors=factors))


@renders(CompactBilinear)
def _compact_bilinear(node: Node[CompactBilinear]) -> Code:
    layer = node.layer
    sum_pool = (layer.sum_pool, True)
    return Code(call("compact_bilinear", *bottoms(node), layer.num_output, sum_pool=sum_pool))
