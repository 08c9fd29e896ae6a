"""PyTorch renderers of proto2net/layers/axes.py."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from proto2net.backends.base import Code, choose
from proto2net.backends.shared.axes import gathered
from proto2net.backends.torch.backend import renders
from proto2net.backends.tree import (
    BOTTOM,
    Expression,
    Placeholder,
    Star,
    call,
    code,
    indexed,
    method,
    scaled,
    span,
    tree,
)
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
from proto2net.shape import canonical_axis


@renders(Flatten)
def _flatten(node: Node[Flatten]) -> Code:
    bottom = node.bottoms[0].shape
    start = canonical_axis(node.layer.axis, bottom)
    end = canonical_axis(node.layer.end_axis, bottom)
    if start == end:
        return Code(BOTTOM)
    if start > end:  # no axes make a new one
        return Code(call("torch.unsqueeze", BOTTOM, start))
    last = -1 if end == len(bottom) - 1 else end
    return Code(call("torch.flatten", BOTTOM, start, end_dim=(last, -1)))


@renders(Reshape)
def _reshape(node: Node[Reshape]) -> Code:
    layer, bottom = node.layer, node.bottoms[0].shape
    if layer.pixelshuffler != 1:
        return Code(call("F.pixel_shuffle", BOTTOM, layer.pixelshuffler))
    start, end = layer.replaced(bottom)
    copied = len(list(takewhile(lambda dim: dim == 0, layer.shape)))
    before = start + copied
    new = layer.shape[copied:]
    if not new and before == end:
        return Code(BOTTOM)
    if new == (-1,) and end == len(bottom) > before:
        return Code(call("torch.flatten", BOTTOM, before))
    sizes = [
        *_sizes(0, before),
        *(dim or _size(BOTTOM, start + i) for i, dim in enumerate(new, copied)),
        *_sizes(end, len(bottom)),
    ]
    return Code(method(BOTTOM, "reshape", *(sizes or [tree(())])))


def _size(bottom: Expression, axis: int) -> Expression:
    """The size of this axis of a bottom, whatever it is."""
    return code("{bottom}.shape[{axis}]", bottom=bottom, axis=axis)


def _sizes(start: int, end: int) -> Iterator[Expression]:
    """The sizes of these axes of the bottom as arguments of a call."""
    if end - start == 1:
        yield _size(BOTTOM, start)
    elif end > start:
        yield Star("*", indexed(code("{0}.shape"), span(start or None, end)))


@renders(Permute)
def _permute(node: Node[Permute]) -> Code:
    return Code(method(BOTTOM, "permute", *node.layer.axes(node.bottoms[0].shape)))


@renders(Crop)
def _crop(node: Node[Crop]) -> Code:
    bottom = node.bottoms[0].shape
    start = canonical_axis(node.layer.axis, bottom)
    cuts = [span(None, None)] * start
    for axis, offset in list(enumerate(node.layer.offsets(bottom)))[start:]:
        size = _size(Placeholder(1), axis)
        end = code("{offset} + {size}", offset=offset, size=size)
        cuts.append(span(offset, end) if offset else span(None, size))
    return Code(indexed(BOTTOM, *cuts))


@renders(Tile)
def _tile(node: Node[Tile]) -> Code:
    bottom = node.bottoms[0].shape
    axis, tiles = canonical_axis(node.layer.axis, bottom), node.layer.tiles
    if tiles == 1:
        return Code(BOTTOM)
    repeats = tuple(tiles if i == axis else 1 for i in range(len(bottom)))
    return Code(call("torch.tile", BOTTOM, repeats))


@renders(Reduction)
def _reduction(node: Node[Reduction]) -> Code:
    layer, bottom = node.layer, node.bottoms[0].shape
    axes = tuple(range(canonical_axis(layer.axis, bottom), len(bottom)))
    function = choose(node, "operation", SUM="sum", ASUM="sum", SUMSQ="sum", MEAN="mean")
    of_each = {"ASUM": call("torch.abs", BOTTOM), "SUMSQ": call("torch.square", BOTTOM)}
    x = of_each.get(layer.operation, BOTTOM)
    dim = None if len(axes) == len(bottom) else axes
    return Code(scaled(call(f"torch.{function}", x, dim=(dim, None)), layer.coeff))


@renders(ArgMax)
def _arg_max(node: Node[ArgMax]) -> Code:
    layer = node.layer
    bottom = node.bottoms[0].shape
    axis = None if layer.axis is None else canonical_axis(layer.axis, bottom)
    return Code(
        call(
            "arg_max",
            BOTTOM,
            top_k=(layer.top_k, 1),
            axis=(axis, None),
            out_max_val=(layer.out_max_val, False),
        )
    )


@renders(ShuffleChannel)
def _shuffle_channel(node: Node[ShuffleChannel]) -> Code:
    if node.layer.group == 1:
        return Code(BOTTOM)
    return Code(call("shuffle_channel", BOTTOM, node.layer.group))


@renders(Reverse)
def _reverse(node: Node[Reverse]) -> Code:
    return Code(call("torch.flip", BOTTOM, node.layer.axes))


@renders(Gather)
def _gather(node: Node[Gather]) -> Code:
    return Code(gathered(node))
