"""NumPy renderers of proto2net/layers/combine.py."""

from __future__ import annotations

from typing import Any

from proto2net.backends.base import Code, choose
from proto2net.backends.numpy.backend import renders
from proto2net.backends.numpy.fillers import learned
from proto2net.backends.source import call, literal, same
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
    Silence,
    Slice,
    Split,
    Tile,
    Transpose,
)
from proto2net.shape import canonical_axis


def _bottoms(node: Node[Any]) -> list[str]:
    return [f"{{{index}}}" for index in range(len(node.bottoms))]


@renders(Concat)
def _concat(node: Node[Concat]) -> Code:
    if len(node.bottoms) == 1:
        return Code("{0}")
    axis = node.layer.along(node.bottoms[0].shape)
    return Code(f"np.concatenate(({', '.join(_bottoms(node))}), axis={axis})")


@renders(Slice)
def _slice(node: Node[Slice]) -> Code:
    if len(node.tops) == 1:
        return Code("{0}")
    axis = node.layer.along(node.bottoms[0].shape)
    where = node.layer.slice_point or len(node.tops)
    return Code(call("np.split", "{0}", where, axis=(axis, 0)))


@renders(Split)
def _split(node: Node[Split]) -> Code:
    return Code("{0}")


@renders(Silence)
def _silence(node: Node[Silence]) -> Code:
    return Code("")


@renders(Eltwise)
def _eltwise(node: Node[Eltwise]) -> Code:
    operation = choose(node, "operation", SUM=" + ", PROD=" * ", MAX="max")
    if operation == "max":
        return Code(call("eltwise_max", *_bottoms(node)))
    terms = _bottoms(node)
    if node.layer.coeff:
        terms = [
            term if coefficient == 1 else f"{literal(coefficient)} * {term}"
            for term, coefficient in zip(terms, node.layer.coeff, strict=True)
        ]
    return Code(operation.join(terms).replace("+ -", "- "))


@renders(Flatten)
def _flatten(node: Node[Flatten]) -> Code:
    axis = canonical_axis(node.layer.axis, node.bottoms[0].shape)
    return Code(
        call("flatten", "{0}", axis=(axis, 1), end_axis=(node.layer.end_axis, -1))
    )


@renders(Reshape)
def _reshape(node: Node[Reshape]) -> Code:
    layer = node.layer
    start, _ = layer.replaced(node.bottoms[0].shape)
    return Code(
        call(
            "reshape",
            "{0}",
            layer.shape,
            axis=(start, 0),
            num_axes=(layer.num_axes, -1),
        )
    )


@renders(Transpose)
@renders(Permute)
def _permute(node: Node[Permute | Transpose]) -> Code:
    return Code(call("{0}.transpose", *node.layer.axes(node.bottoms[0].shape)))


@renders(Crop)
def _crop(node: Node[Crop]) -> Code:
    bottom = node.bottoms[0].shape
    axis = canonical_axis(node.layer.axis, bottom)
    offset = same(node.layer.offsets(bottom)[axis:])
    return Code(call("crop", "{0}", "{1}", axis=(axis, 2), offset=(offset, 0)))


@renders(Tile)
def _tile(node: Node[Tile]) -> Code:
    axis = canonical_axis(node.layer.axis, node.bottoms[0].shape)
    return Code(f"np.concatenate([{{0}}] * {node.layer.tiles}, axis={axis})")


@renders(BatchReindex)
def _batch_reindex(node: Node[BatchReindex]) -> Code:
    return Code("np.take({0}, {1}.astype(int), axis=0)")


@renders(Filter)
def _filter(node: Node[Filter]) -> Code:
    *filtered, selector = _bottoms(node)
    tops = [f"np.compress({selector}.ravel() != 0, {x}, axis=0)" for x in filtered]
    return Code(tops[0] if len(tops) == 1 else f"({', '.join(tops)})")


@renders(Reduction)
def _reduction(node: Node[Reduction]) -> Code:
    bottom = node.bottoms[0].shape
    start = canonical_axis(node.layer.axis, bottom)
    axes = tuple(range(start, len(bottom))) if start else None
    function, of = choose(
        node,
        "operation",
        SUM="np.sum {0}",
        ASUM="np.sum np.abs({0})",
        SUMSQ="np.sum np.square({0})",
        MEAN="np.mean {0}",
    ).split()
    coefficient = node.layer.coeff
    times = "" if coefficient == 1 else f"{literal(coefficient)} * "
    return Code(times + call(function, of, axis=(axes, None)))


@renders(ArgMax)
def _argmax(node: Node[ArgMax]) -> Code:
    layer = node.layer
    options = {"top_k": (layer.top_k, 1), "out_max_val": (layer.out_max_val, False)}
    if layer.axis is None:
        return Code(call("argmax", "{0}", **options))
    return Code(call("argmax_along", "{0}", layer.axis, **options))


@renders(Parameter)
def _parameter(node: Node[Parameter]) -> Code:
    return Code('{self}["weight"]', *learned(node))
