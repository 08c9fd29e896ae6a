"""Keras renderers of proto2net/layers/axes.py."""

from __future__ import annotations

from typing import Any

from proto2net.backends.base import Code, choose
from proto2net.backends.shared.axes import nested
from proto2net.backends.tensorflow.arithmetic import scaled
from proto2net.backends.tensorflow.backend import renders
from proto2net.backends.tensorflow.layout import (
    in_caffe_order,
    in_keras_order,
    moved_axis,
    order,
    permuted,
    place,
)
from proto2net.backends.tensorflow.objects import CALLED, called_on, own
from proto2net.backends.tree import BOTTOM, SELF, Call, Expression, Placeholder, call
from proto2net.graph import Node
from proto2net.layers import (
    ArgMax,
    Crop,
    Flatten,
    Gather,
    Permute,
    Reduction,
    Reshape,
    Reverse,
    ShuffleChannel,
    Tile,
)
from proto2net.shape import Shape, canonical_axis


@renders(Permute)
def _permute(node: Node[Permute]) -> Code:
    bottom = node.bottoms[0].shape
    axes = node.layer.axes(bottom)
    wanted = [place(axes[axis], len(bottom)) for axis in order(len(bottom))]
    if wanted[0] != 0 or wanted == sorted(wanted):
        return Code(permuted(BOTTOM, wanted))
    return Code(CALLED, own("layers.Permute", tuple(wanted[1:])))


@renders(Flatten)
def _flatten(node: Node[Flatten]) -> Code:
    return _flattened(node)


@renders(Reshape)
def _reshape(node: Node[Reshape]) -> Code:
    if node.layer.pixelshuffler != 1:
        return Code(CALLED, own("PixelShuffle", node.layer.pixelshuffler))
    start, end = node.layer.replaced(node.bottoms[0].shape)
    return _reshaped(node, start, end, node.layer.shape)


@renders(Permute, Flatten)
def _permute_and_flatten(permute: Node[Permute], node: Node[Flatten]) -> Code | None:
    """SSD flattens with channels last: so nothing has to be moved in between."""
    made = _flattened(node, _in_order_of(permute))
    return made if made.init else None


@renders(Permute, Reshape)
def _permute_and_reshape(permute: Node[Permute], node: Node[Reshape]) -> Code | None:
    if node.layer.pixelshuffler != 1:
        return None
    start, end = node.layer.replaced(node.bottoms[0].shape)
    return _reshaped(node, start, end, node.layer.shape, _in_order_of(permute))


def _in_order_of(permute: Node[Permute]) -> Expression:
    """The bottom of a Permute with its axes as the top's are in Caffe."""
    bottom = permute.bottoms[0].shape
    axes = permute.layer.axes(bottom)
    return permuted(BOTTOM, [place(axis, len(bottom)) for axis in axes])


def _flattened(node: Node[Flatten], value: Expression | None = None) -> Code:
    bottom = node.bottoms[0].shape
    start = canonical_axis(node.layer.axis, bottom)
    end = canonical_axis(node.layer.end_axis, bottom) + 1
    if end - start == 1:
        return Code(BOTTOM)
    return _reshaped(node, start, end, (-1,) if end > start else (1,), value)


def _reshaped(
    node: Node[Any],
    start: int,
    end: int,
    new: Shape,
    value: Expression | None = None,
) -> Code:
    """The bottom with its axes from start to end replaced, in the shortest form that says it.

    `value` is the bottom in Caffe's order, where it is not what its layout says.
    """
    bottom, top = node.bottoms[0].shape, node.tops[0].shape
    init = _reshape_layer(bottom, start, end, new)
    value = value or in_caffe_order(BOTTOM, len(bottom))
    return Code(in_keras_order(call(SELF, value), len(top)), init)


def _reshape_layer(bottom: Shape, start: int, end: int, new: Shape) -> Call:
    """The layer that replaces these axes, in whatever it knows only the sizes that must stay.

    Keras' own keep the batch, and can leave one more size open.
    """
    sizes = [*[0] * start, *new, *[0] * (len(bottom) - end)]
    axes = [*range(start + len(new)), *range(end, len(bottom))]
    if (start, end, new) == (1, len(bottom), (-1,)):
        return own("layers.Flatten")
    if sizes[:1] == [0] and axes[0] == 0:
        kept = [bottom[1] if s == 0 and a == 1 else s for s, a in zip(sizes, axes, strict=True)]
        target = tuple(size or -1 for size in kept[1:])
        if target.count(-1) < 2:
            return own("layers.Reshape", target)
    num_axes = -1 if end == len(bottom) else end - start
    return own("Reshape", tuple(new), axis=(start, 0), num_axes=(num_axes, -1))


@renders(Tile)
def _tile(node: Node[Tile]) -> Code:
    bottom = node.bottoms[0].shape
    axis = place(canonical_axis(node.layer.axis, bottom), len(bottom))
    repeats = tuple(node.layer.tiles if a == axis else 1 for a in range(len(bottom)))
    return Code(BOTTOM if node.layer.tiles == 1 else call("ops.tile", BOTTOM, repeats))


@renders(Crop)
def _crop(node: Node[Crop]) -> Code:
    bottom, reference = (blob.shape for blob in node.bottoms)
    axes, start = len(bottom), canonical_axis(node.layer.axis, bottom)
    offsets = {place(a, axes): node.layer.offsets(bottom)[a] for a in range(start, axes)}
    cut = sorted(offsets)
    init = own("Crop", tuple(cut), tuple(offsets[axis] for axis in cut))
    lies = [*order(axes), *range(axes, len(reference))]  # as the first does
    second = permuted(Placeholder(1), [place(axis, len(reference)) for axis in lies])
    return Code(called_on([BOTTOM, second]), init)


@renders(Reduction)
def _reduction(node: Node[Reduction]) -> Code:
    layer, bottom = node.layer, node.bottoms[0].shape
    start = canonical_axis(layer.axis, bottom)
    gone = tuple(sorted(place(axis, len(bottom)) for axis in range(start, len(bottom))))
    function = choose(node, "operation", SUM="sum", ASUM="sum", SUMSQ="sum", MEAN="mean")
    of_each = {
        "ASUM": call("ops.absolute", BOTTOM),
        "SUMSQ": call("ops.square", BOTTOM),
    }
    x = of_each.get(layer.operation, BOTTOM)
    reduced = call(f"ops.{function}", x, axis=(gone, tuple(range(len(bottom)))))
    left = [axis for axis in order(len(bottom)) if axis < start]
    top = permuted(reduced, [left.index(axis) for axis in order(start)])
    return Code(scaled(top, layer.coeff))


@renders(ArgMax)
def _argmax(node: Node[ArgMax]) -> Code:
    layer, bottom, top = node.layer, node.bottoms[0].shape, node.tops[0].shape
    axes = len(bottom)
    axis = None if layer.axis is None else place(canonical_axis(layer.axis, bottom), axes)
    init = own(
        "ArgMax",
        top_k=(layer.top_k, 1),
        axis=axis,
        out_max_val=(layer.out_max_val, False),
    )
    if axis is not None:
        return Code(CALLED, init)
    made = call(SELF, in_caffe_order(BOTTOM, axes))
    return Code(in_keras_order(made, len(top)), init)


@renders(ShuffleChannel)
def _shuffle_channel(node: Node[ShuffleChannel]) -> Code:
    if node.layer.group == 1:
        return Code(BOTTOM)
    axis = moved_axis(1, len(node.bottoms[0].shape))
    return Code(CALLED, own("ShuffleChannel", node.layer.group, axis=(axis, -1)))


@renders(Reverse)
def _reverse(node: Node[Reverse]) -> Code:
    axes = len(node.bottoms[0].shape)
    placed = [place(axis, axes) for axis in node.layer.axes]
    return Code(call("ops.flip", BOTTOM, axis=placed))


@renders(Gather)
def _gather(node: Node[Gather]) -> Code:
    layer, bottom = node.layer, node.bottoms[0].shape
    axis = canonical_axis(layer.axis, bottom)
    indices = nested(layer.indices, layer.placed)
    if len(layer.placed) == 1:
        return Code(call("ops.take", BOTTOM, indices, axis=moved_axis(axis, len(bottom))))
    taken = call("ops.take", in_caffe_order(BOTTOM, len(bottom)), indices, axis=axis)
    return Code(in_keras_order(taken, len(node.tops[0].shape)))
