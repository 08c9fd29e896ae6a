"""ONNX renderers of proto2net/layers/axes.py."""

from __future__ import annotations

from proto2net.backends.base import choose
from proto2net.backends.onnx.backend import renders
from proto2net.backends.onnx.shapes import (
    flattened,
    reshaped,
    shaped,
    sizes,
    sliced,
    turned_around,
)
from proto2net.backends.onnx.values import FLOAT, Bottom, Either, Value, X, op, ops
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
    Tile,
)
from proto2net.shape import canonical_axis, count


@renders(Flatten)
def _flatten(node: Node[Flatten]) -> Value:
    return reshaped(X, node.bottoms[0].shape, node.tops[0].shape)


@renders(Reshape)
def _reshape(node: Node[Reshape]) -> Value:
    layer, bottom = node.layer, node.bottoms[0].shape
    if layer.pixelshuffler != 1:
        return op("DepthToSpace", X, blocksize=layer.pixelshuffler, mode="CRD")
    start, end = layer.replaced(bottom)
    stay = len(layer.shape) == end - start
    behind = [0] * len(bottom[end:]) if stay else bottom[end:]
    dims = [*[0] * start, *layer.shape, *behind]
    return shaped(X, *dims) if any(dims) or len(dims) != len(bottom) else X


@renders(Permute)
def _permute(node: Node[Permute]) -> Value:
    return op("Transpose", X, perm=node.layer.axes(node.bottoms[0].shape))


@renders(Crop)
def _crop(node: Node[Crop]) -> Value | Either:
    (bottom, _), top = (blob.shape for blob in node.bottoms), node.tops[0].shape
    axis = canonical_axis(node.layer.axis, bottom)
    axes, starts = range(axis, len(bottom)), node.layer.offsets(bottom)[axis:]
    ends = [start + size for start, size in zip(starts, top[axis:], strict=True)]
    if axis == len(bottom):
        return X
    return Either(
        sliced(X, axes, starts, ends),
        of_any_size=op(
            "Slice",
            X,
            list(starts),
            sizes(Bottom(1), axis, len(bottom)) + list(starts),
            list(axes),
        ),
    )


@renders(Tile)
def _tile(node: Node[Tile]) -> Value:
    repeats = [1] * len(node.bottoms[0].shape)
    repeats[canonical_axis(node.layer.axis, node.bottoms[0].shape)] = node.layer.tiles
    return op("Tile", X, repeats)


@renders(Reduction)
def _reduction(node: Node[Reduction]) -> Value:
    layer, bottom = node.layer, node.bottoms[0].shape
    axes = list(range(canonical_axis(layer.axis, bottom), len(bottom)))
    function = choose(
        node, "operation", SUM="ReduceSum", ASUM="ReduceSum", SUMSQ="ReduceSum", MEAN="ReduceMean"
    )
    terms = {"ASUM": op("Abs", X), "SUMSQ": X * X}
    x = op(function, terms.get(layer.operation, X), axes=axes, keepdims=0)
    return x if layer.coeff == 1 else x * layer.coeff


@renders(ArgMax)
def _argmax(node: Node[ArgMax]) -> Value:
    """Of equal values the last comes first, and ONNX has the first: so the axis is turned."""
    layer, bottom = node.layer, node.bottoms[0].shape
    axis = 1 if layer.axis is None else canonical_axis(layer.axis, bottom)
    x, size = X, bottom[axis]
    if layer.axis is None:
        x, size = flattened(X), count(bottom[1:])
    if layer.top_k == 1 and not layer.out_max_val:
        found = op("ArgMax", x, axis=axis, keepdims=1, select_last_index=1)
        places = op("Cast", found, to=FLOAT)
    else:
        x = turned_around(x, [axis])
        greatest, found = ops(2, "TopK", x, [layer.top_k], axis=axis)
        places = (size - 1.0) - op("Cast", found, to=FLOAT)
    if layer.axis is not None:
        return greatest if layer.out_max_val else places
    tops = [places, greatest] if layer.out_max_val else [places]
    apart = [shaped(top, 0, 1, layer.top_k, *[1] * (len(bottom) - 3)) for top in tops]
    return op("Concat", *apart, axis=1) if len(apart) > 1 else apart[0]


@renders(Reverse)
def _reverse(node: Node[Reverse]) -> Value:
    return turned_around(X, node.layer.axes)


@renders(Gather)
def _gather(node: Node[Gather]) -> Value:
    import numpy as np

    layer = node.layer
    indices = np.asarray(layer.indices, np.int64).reshape(layer.placed)
    return op("Gather", X, indices, axis=canonical_axis(layer.axis, node.bottoms[0].shape))
