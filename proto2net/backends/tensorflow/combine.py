"""Keras renderers of proto2net/layers/combine.py."""

from __future__ import annotations

from proto2net.backends.base import Code, Transposed, bottoms, choose, same_array
from proto2net.backends.tensorflow.arithmetic import weighted_sum
from proto2net.backends.tensorflow.backend import backend, renders
from proto2net.backends.tensorflow.layout import (
    Broadcast,
    channels_last,
    in_caffe_order,
    in_keras_order,
    laid_out,
    moved_axis,
    order,
    place,
)
from proto2net.backends.tensorflow.objects import CALLED, called_on, own
from proto2net.backends.tree import BOTTOM, Expression, Placeholder, call, code, filled, indexed
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

backend.says({BatchReindex: 'ops.take({0}, ops.cast({1}, "int32"), axis=0)'})


@renders(Concat)
def _concat(node: Node[Concat]) -> Code:
    if len(node.bottoms) == 1:
        return Code(BOTTOM)
    bottom = node.bottoms[0].shape
    axis = moved_axis(node.layer.along(bottom), len(bottom))
    return Code(called_on(bottoms(node)), own("layers.Concatenate", axis=(axis, -1)))


@renders(Slice)
def _slice(node: Node[Slice]) -> Code:
    if len(node.tops) == 1:
        return Code(BOTTOM)
    bottom = node.bottoms[0].shape
    axis = moved_axis(node.layer.along(bottom), len(bottom))
    where = list(node.layer.slice_point) or len(node.tops)
    return Code(call("ops.split", BOTTOM, where, axis=(axis, 0)))


@renders(Eltwise)
def _eltwise(node: Node[Eltwise]) -> Code:
    kind = choose(node, "operation", SUM="Add", PROD="Multiply", MAX="Maximum")
    first, second, *others = bottoms(node)
    if kind == "Add" and set(node.layer.coeff) - {1.0}:
        return Code(weighted_sum(bottoms(node), node.layer.coeff))
    if kind == "Maximum":  # of two equals Keras gives the gradient to the first
        first, second = second, first
    return Code(called_on([first, second, *others]), own(f"layers.{kind}"))


ARITHMETIC: dict[type[Arithmetic], Expression] = {
    Add: code("{x} + {y}"),
    Sub: code("{x} - {y}"),
    Mul: code("{x} * {y}"),
    Div: code("{x} / {y}"),
    Maximum: code("ops.maximum({x}, {y})"),
    Minimum: code("ops.minimum({x}, {y})"),
}


def _arithmetic(node: Node[Arithmetic]) -> Code:
    both, axes = ARITHMETIC[type(node.layer)], len(node.tops[0].shape)
    x = _widened(BOTTOM, len(node.bottoms[0].shape), axes)
    if not node.blobs:
        y = _widened(Placeholder(1), len(node.bottoms[1].shape), axes)
        return Code(filled(both, {"x": x, "y": y}))
    shape = node.layer.mul_shape
    convert = Broadcast(axes - len(shape), axes)
    arrays = {"weight": same_array(node, "weight", convert)}
    return Code(filled(both, {"x": x, "y": CALLED}), own("Parameter", convert.shape(shape)), arrays)


for each in ARITHMETIC:
    renders(each)(_arithmetic)


def _widened(bottom: Expression, own_axes: int, axes: int) -> Expression:
    """A bottom with as many axes as another, those that it lacks of size 1 in front."""
    if own_axes == axes:
        return bottom
    value = in_caffe_order(bottom, own_axes)
    return in_keras_order(call("ops.expand_dims", value, list(range(axes - own_axes))), axes)


# ---- picks and sums -------------------------------------------------------------------------


@renders(Filter)
def _filter(node: Node[Filter]) -> Code:
    every = called_on(bottoms(node))
    return Code(indexed(every, 0) if len(node.tops) == 1 else every, own("Filter"))


@renders(Parameter)
def _parameter(node: Node[Parameter]) -> Code:
    shape = node.layer.shape
    convert = Transposed(order(len(shape))) if channels_last(len(shape)) else None
    arrays = {"weight": same_array(node, "weight", convert)}
    return Code(CALLED, own("Parameter", laid_out(shape)), arrays)


@renders(Axpy)
def _axpy(node: Node[Axpy]) -> Code:
    factor, x, _ = (len(bottom.shape) for bottom in node.bottoms)
    missing = [place(axis, x) for axis in range(factor, x)]
    scale = call("ops.expand_dims", BOTTOM, missing) if missing else BOTTOM
    return Code(code("{scale} * {1} + {2}", scale=scale))


@renders(CompactBilinear)
def _compact_bilinear(node: Node[CompactBilinear]) -> Code:
    layer = node.layer
    init = own("CompactBilinear", layer.num_output, sum_pool=(layer.sum_pool, True))
    return Code(called_on(bottoms(node)), init)
