"""NumPy renderers of proto2net/layers/combine.py."""

from __future__ import annotations

from proto2net.backends.base import (
    Code,
    as_tops,
    bottoms,
    choose,
)
from proto2net.backends.numpy.backend import renders, says
from proto2net.backends.numpy.fillers import learned
from proto2net.backends.source import same
from proto2net.backends.tree import (
    BOTTOM,
    call,
    code,
    joined,
    method,
    scaled,
    weighted_sum,
)
from proto2net.graph import Node
from proto2net.layers import (
    ArgMax,
    Axpy,
    BatchReindex,
    Concat,
    Crop,
    Eltwise,
    Filter,
    Flatten,
    Mul,
    Parameter,
    Permute,
    Reduction,
    Reshape,
    Reverse,
    ShuffleChannel,
    Slice,
    Tile,
)
from proto2net.shape import canonical_axis

says({BatchReindex: "np.take({0}, {1}.astype(int), axis=0)", Mul: "{0} * {1}"})


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


@renders(Flatten)
def _flatten(node: Node[Flatten]) -> Code:
    axis = canonical_axis(node.layer.axis, node.bottoms[0].shape)
    return Code(call("flatten", BOTTOM, axis=(axis, 1), end_axis=(node.layer.end_axis, -1)))


@renders(Reshape)
def _reshape(node: Node[Reshape]) -> Code:
    layer = node.layer
    start, _ = layer.replaced(node.bottoms[0].shape)
    return Code(
        call(
            "reshape",
            BOTTOM,
            layer.shape,
            axis=(start, 0),
            num_axes=(layer.num_axes, -1),
        )
    )


@renders(Permute)
def _permute(node: Node[Permute]) -> Code:
    return Code(method(BOTTOM, "transpose", *node.layer.axes(node.bottoms[0].shape)))


@renders(Crop)
def _crop(node: Node[Crop]) -> Code:
    bottom = node.bottoms[0].shape
    axis = canonical_axis(node.layer.axis, bottom)
    offset = same(node.layer.offsets(bottom)[axis:])
    return Code(call("crop", *bottoms(node), axis=(axis, 2), offset=(offset, 0)))


@renders(Tile)
def _tile(node: Node[Tile]) -> Code:
    axis = canonical_axis(node.layer.axis, node.bottoms[0].shape)
    return Code(call("np.concatenate", code("[{0}] * {n}", n=node.layer.tiles), axis=axis))


@renders(Filter)
def _filter(node: Node[Filter]) -> Code:
    *filtered, selector = bottoms(node)
    kept = code("{selector}.ravel() != 0", selector=selector)
    return Code(as_tops([call("np.compress", kept, x, axis=0) for x in filtered]))


@renders(Reduction)
def _reduction(node: Node[Reduction]) -> Code:
    bottom = node.bottoms[0].shape
    start = canonical_axis(node.layer.axis, bottom)
    axes = tuple(range(start, len(bottom))) if start else None
    function = choose(
        node, "operation", SUM="np.sum", ASUM="np.sum", SUMSQ="np.sum", MEAN="np.mean"
    )
    terms = {"ASUM": code("np.abs({0})"), "SUMSQ": code("np.square({0})")}
    x = terms.get(node.layer.operation, BOTTOM)
    return Code(scaled(call(function, x, axis=(axes, None)), node.layer.coeff))


@renders(ArgMax)
def _argmax(node: Node[ArgMax]) -> Code:
    layer = node.layer
    options = {"top_k": (layer.top_k, 1), "out_max_val": (layer.out_max_val, False)}
    if layer.axis is None:
        return Code(call("argmax", BOTTOM, **options))
    return Code(call("argmax_along", BOTTOM, layer.axis, **options))


@renders(Parameter)
def _parameter(node: Node[Parameter]) -> Code:
    return Code(code('{self}["weight"]'), *learned(node))


@renders(ShuffleChannel)
def _shuffle_channel(node: Node[ShuffleChannel]) -> Code:
    return Code(call("shuffle_channel", BOTTOM, node.layer.group))


@renders(Axpy)
def _axpy(node: Node[Axpy]) -> Code:
    factor, x, _ = (bottom.shape for bottom in node.bottoms)
    missing = len(x) - len(factor)
    factors = call("spread", BOTTOM, missing) if missing else BOTTOM
    return Code(code("{factors} * {1} + {2}", factors=factors))


@renders(Reverse)
def _reverse(node: Node[Reverse]) -> Code:
    return Code(call("np.flip", BOTTOM, node.layer.axes))
