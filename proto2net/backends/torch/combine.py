"""PyTorch renderers of proto2net/layers/combine.py."""

from __future__ import annotations

from itertools import takewhile

from proto2net.backends import tree
from proto2net.backends.base import Code, choose, placeholders, same_array
from proto2net.backends.source import call, scaled, weighted_sum
from proto2net.backends.torch.backend import renders
from proto2net.backends.torch.fillers import zeros
from proto2net.graph import Node
from proto2net.layers import (
    ArgMax,
    BatchReindex,
    Concat,
    Crop,
    Eltwise,
    Filter,
    Flatten,
    Parameter,
    Permute,
    Reduction,
    Reshape,
    Slice,
    Tile,
    Transpose,
)
from proto2net.shape import canonical_axis


@renders(Concat)
def _concat(node: Node[Concat]) -> Code:
    if len(node.bottoms) == 1:
        return Code("{0}")
    axis = node.layer.along(node.bottoms[0].shape)
    return Code(f"torch.cat(({', '.join(placeholders(node))}), dim={axis})")


@renders(Slice)
def _slice(node: Node[Slice]) -> Code:
    if len(node.tops) == 1:
        return Code("{0}")
    axis, points = node.layer.along(node.bottoms[0].shape), node.layer.slice_point
    if points:  # as they stand in the file; what is behind the last may have any size
        return Code(call("torch.tensor_split", "{0}", list(points), dim=(axis, 0)))
    return Code(call("torch.chunk", "{0}", len(node.tops), dim=(axis, 0)))


@renders(Eltwise)
def _eltwise(node: Node[Eltwise]) -> Code:
    operation = choose(node, "operation", SUM="+", PROD="*", MAX="max")
    if operation == "max":
        return Code(call("elementwise_max", *placeholders(node)))
    if operation == "+" and node.layer.coeff:
        return Code(weighted_sum(placeholders(node), node.layer.coeff))
    return Code(f" {operation} ".join(placeholders(node)))


@renders(Flatten)
def _flatten(node: Node[Flatten]) -> Code:
    bottom = node.bottoms[0].shape
    start = canonical_axis(node.layer.axis, bottom)
    end = canonical_axis(node.layer.end_axis, bottom)
    if start == end:
        return Code("{0}")
    if start > end:  # no axes make a new one
        return Code(f"torch.unsqueeze({{0}}, {start})")
    last = -1 if end == len(bottom) - 1 else end
    return Code(call("torch.flatten", "{0}", start, end_dim=(last, -1)))


@renders(Reshape)
def _reshape(node: Node[Reshape]) -> Code:
    layer, bottom = node.layer, node.bottoms[0].shape
    start, end = layer.replaced(bottom)
    copied = len(list(takewhile(lambda dim: dim == 0, layer.shape)))
    before = start + copied
    new = layer.shape[copied:]
    if not new and before == end:
        return Code("{0}")
    if new == (-1,) and end == len(bottom) > before:
        return Code(f"torch.flatten({{0}}, {before})")
    sizes = [
        dim or _sizes(start + i, start + i + 1) for i, dim in enumerate(new, copied)
    ]
    sizes = [_sizes(0, before), *sizes, _sizes(end, len(bottom))]
    return Code(call("{0}.reshape", *[size for size in sizes if size] or ["()"]))


def _sizes(start: int, end: int) -> str:
    """The sizes of these axes of the bottom, whatever they are, as arguments of a call."""
    if end - start < 2:
        return f"{{0}}.shape[{start}]" if end > start else ""
    return f"*{{0}}.shape[{start or ''}:{end}]"


@renders(Transpose)
@renders(Permute)
def _permute(node: Node[Permute | Transpose]) -> Code:
    return Code(call("{0}.permute", *node.layer.axes(node.bottoms[0].shape)))


@renders(Crop)
def _crop(node: Node[Crop]) -> Code:
    bottom = node.bottoms[0].shape
    start = canonical_axis(node.layer.axis, bottom)
    cuts = [":"] * start
    for axis, offset in list(enumerate(node.layer.offsets(bottom)))[start:]:
        size = f"{{1}}.shape[{axis}]"
        cuts.append(f"{offset} : {offset} + {size}" if offset else f": {size}")
    return Code(f"{{0}}[{', '.join(cuts)}]")


@renders(Tile)
def _tile(node: Node[Tile]) -> Code:
    bottom = node.bottoms[0].shape
    axis, tiles = canonical_axis(node.layer.axis, bottom), node.layer.tiles
    if tiles == 1:
        return Code("{0}")
    repeats = tuple(tiles if i == axis else 1 for i in range(len(bottom)))
    return Code(call("torch.tile", "{0}", repeats))


@renders(BatchReindex)
def _batch_reindex(node: Node[BatchReindex]) -> Code:
    return Code("{0}[{1}.long()]")


@renders(Filter)
def _filter(node: Node[Filter]) -> Code:
    *filtered, selector = placeholders(node)
    if len(node.bottoms[-1].shape) > 1:
        selector += ".flatten()"
    return Code(", ".join(f"{bottom}[{selector} != 0]" for bottom in filtered))


@renders(Reduction)
def _reduction(node: Node[Reduction]) -> Code:
    layer, bottom = node.layer, node.bottoms[0].shape
    axes = tuple(range(canonical_axis(layer.axis, bottom), len(bottom)))
    x = choose(
        node,
        "operation",
        SUM="{0}",
        ASUM="torch.abs({0})",
        SUMSQ="torch.square({0})",
        MEAN="{0}",
    )
    function = "torch.mean" if layer.operation == "MEAN" else "torch.sum"
    dim = None if len(axes) == len(bottom) else axes
    return Code(scaled(call(function, x, dim=(dim, None)), layer.coeff, 0.0))


@renders(ArgMax)
def _arg_max(node: Node[ArgMax]) -> Code:
    layer = node.layer
    bottom = node.bottoms[0].shape
    axis = None if layer.axis is None else canonical_axis(layer.axis, bottom)
    return Code(
        call(
            "arg_max",
            "{0}",
            top_k=(layer.top_k, 1),
            axis=(axis, None),
            out_max_val=(layer.out_max_val, False),
        )
    )


@renders(Parameter)
def _parameter(node: Node[Parameter]) -> Code:
    init = tree.call("nn.Parameter", zeros(node.layer.shape))
    return Code("{self}", init, {"": same_array(node, "weight")})
