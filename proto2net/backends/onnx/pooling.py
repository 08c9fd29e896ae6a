"""ONNX renderers of proto2net/layers/pooling.py."""

from __future__ import annotations

from dataclasses import replace

from proto2net.backends.base import choose
from proto2net.backends.onnx.backend import renders
from proto2net.backends.onnx.shapes import flattened, padded
from proto2net.backends.onnx.values import FLOAT, Either, Value, X, op
from proto2net.backends.onnx.windows import Pooled, maximum, mean
from proto2net.errors import UnsupportedError
from proto2net.graph import Node
from proto2net.layers import SPP, NdPooling, Pooling, Pooling3D
from proto2net.shape import Shape, Window

MEANS = ("AVE", "AVE_EXC_PAD")


@renders(Pooling)
def _pooling(node: Node[Pooling]) -> Value | Either:
    layer, size = node.layer, node.bottoms[0].shape[2:]
    window = layer.window(node.bottoms[0].shape)
    if len(node.tops) > 1:
        return _with_places(window, size, ceil=layer.ceil)
    if layer.global_pooling and layer.pool in ("MAX", *MEANS):
        return _of_plane(layer.pool, len(size))
    kind = choose(
        node, "pool", MAX="MAX", AVE="AVE", AVE_EXC_PAD="AVE_EXC_PAD", STOCHASTIC="STOCHASTIC"
    )
    if kind == "MAX":
        return maximum(X, window, size, ceil=layer.ceil)
    if kind == "STOCHASTIC":
        return _expected(node, window, size, ceil=layer.ceil)
    return mean(X, window, size, ceil=layer.ceil, of_image=kind == "AVE_EXC_PAD")


def _of_plane(kind: str, axes: int) -> Value:
    """The maximum or the mean of each channel; OpenCV knows GlobalAveragePool of images alone."""
    name = "Mean" if kind in MEANS else "Max"
    if axes == 2:
        return op("GlobalAveragePool" if name == "Mean" else "GlobalMaxPool", X)
    return op(f"Reduce{name}", X, axes=list(range(2, 2 + axes)), keepdims=1)


def _with_places(window: Window, size: Shape, *, ceil: bool) -> Either:
    """The maximum of each window, and where it stands in its plane."""
    pooled = Pooled(X, window, size, ceil=ceil)
    both = pooled.max_and_places(), pooled.max_and_places_of_any()
    return Either(*((top, op("Cast", places, to=FLOAT)) for top, places in both))


def _expected(node: Node[Pooling], window: Window, size: Shape, *, ceil: bool) -> Value:
    """What stochastic pooling gives on average: the sum of squares over the sum, 0 for none."""
    if node.phase == "TRAIN":
        raise UnsupportedError(
            "STOCHASTIC pooling draws random numbers, so no file can give the same values"
        )
    total = Pooled(X, window, size, ceil=ceil).mean()
    squares = Pooled(X * X, window, size, ceil=ceil).mean()
    some = op("Greater", total, 0.0)
    return op("Where", some, squares / op("Where", some, total, 1.0), 0.0)


@renders(NdPooling)
def _nd_pooling(node: Node[NdPooling]) -> Value:
    layer, size = node.layer, node.bottoms[0].shape[2:]
    operator = choose(node, "pool", MAX="MaxPool", AVE="AveragePool")
    if layer.global_pooling:
        return _of_plane(layer.pool, len(size))
    window = layer.window(node.bottoms[0].shape)
    found = Pooled(X, window, size)
    if operator == "MaxPool":
        return found.max()
    x = padded(X, window.pad, found.over)  # a mean counts all of the window
    return op(operator, x, kernel_shape=list(window.kernel), strides=list(window.stride))


@renders(Pooling3D)
def _pooling_3d(node: Node[Pooling3D]) -> Value | Either:
    layer, size = node.layer, node.bottoms[0].shape[2:]
    window, x = layer.window(node.bottoms[0].shape), X
    kind = choose(node, "pool", MAX="MAX", AVE="AVE")
    if len(node.tops) > 1:
        return _with_places(window, size, ceil=True)
    if layer.global_pooling:
        return _of_plane(kind, len(size))
    if layer.of_c3d and window.padded:
        x = padded(X, window.pad, window.pad_end)
        size = tuple(n + sum(p) for n, p in zip(size, window.sides, strict=True))
        window = replace(window, pad=(0, 0, 0), pad_end=(0, 0, 0))
    return maximum(x, window, size) if kind == "MAX" else mean(x, window, size)


@renders(SPP)
def _spp(node: Node[SPP]) -> Value:
    bottom = node.bottoms[0].shape
    kind = choose(node, "pool", MAX="MAX", AVE="AVE")
    levels = [Pooled(X, level.window(bottom), bottom[2:]) for level in node.layer.levels(bottom)]
    tops = [level.max() if kind == "MAX" else level.mean() for level in levels]
    return op("Concat", *map(flattened, tops), axis=1) if len(tops) > 1 else tops[0]
