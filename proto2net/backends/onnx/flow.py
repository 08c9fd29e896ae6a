"""ONNX renderers of proto2net/layers/flow.py."""

from __future__ import annotations

from math import nan

import numpy as np

from proto2net.backends.numpy.helpers.flow import pixel_shares, resampled
from proto2net.backends.numpy.helpers.roi import round_half_away
from proto2net.backends.onnx.activation import linear
from proto2net.backends.onnx.backend import renders
from proto2net.backends.onnx.resizing import check_matrices, interpolated, mixed
from proto2net.backends.onnx.shapes import (
    as_index,
    check_constant,
    check_steps,
    flattened,
    joined,
    padded,
    sizes,
    sliced,
)
from proto2net.backends.onnx.values import (
    FLOAT,
    Bottom,
    Either,
    Value,
    X,
    bottoms,
    op,
    ops,
    value,
)
from proto2net.graph import Node
from proto2net.layers import (
    Accum,
    ChannelNorm,
    Correlation,
    Correlation1D,
    Downsample,
    ExpMax,
    FlowWarp,
    Grid,
    NegSquare,
    Resample,
    Warp,
)
from proto2net.shape import Shape

# ---- what stands elsewhere in an image ------------------------------------------------------


@renders(FlowWarp)
def _flow_warp(node: Node[FlowWarp]) -> Value:
    return _flowed(node, "Less", 0.0, 0.0 if node.layer.fill_value == "ZERO" else nan)


@renders(Warp)
def _warp(node: Node[Warp]) -> Value:
    if node.layer.fork != "liteflownet":
        return _flowed(node, "LessOrEqual", -1.0)
    image, places = bottoms(node)
    known = op("Where", op("Equal", places, places), places, -1.0)
    return sampled_zero_padded(image, node.bottoms[0].shape[1:], known)


def sampled_zero_padded(image: Value, shape: Shape, places: Value) -> Value:
    """Sample images bilinearly at coordinates x, y; around them are zeros.

    `shape` has their channels, height and width.
    """
    channels, height, width = shape
    last = np.array([width, height], np.float32).reshape(1, 2, 1, 1)
    inside = op("Min", op("Max", places, -1.0), last) + 1.0
    return sampled(padded(image, (1, 1), (1, 1)), channels, (height + 2, width + 2), inside)


def _flowed(node: Node[FlowWarp | Warp], compare: str, more: float, fill: float = 0.0) -> Value:
    """Backward warping: samples the image at each pixel plus its flow; `fill` outside.

    It ends where places do not `compare` with the number of pixels, and `more`.
    """
    _, channels, height, width = node.bottoms[0].shape
    places = _grid((height, width)) + Bottom(1)
    inside = op(
        "And",
        *(
            op("And", op("GreaterOrEqual", place, 0.0), op(compare, place, n + more))
            for place, n in zip(both(places), (width, height), strict=True)
        ),
    )
    found = sampled(X, channels, (height, width), op("Where", inside, places, 0.0))
    return op("Where", inside, found, fill)


def _grid(size: Shape) -> Value:
    """The coordinates of each pixel as two channels of an image: column, row."""
    check_constant(2, *size)
    return value(np.indices(size, np.float32)[::-1][None])


def sampled(image: Value, channels: int, size: tuple[int, int], places: Value) -> Value:
    """Sample images bilinearly at coordinates x, y inside of them."""
    height, width = size
    first = op("Floor", places)
    last = np.array([width - 1, height - 1], np.float32).reshape(1, 2, 1, 1)
    left, top = both(first)
    right, bottom = both(op("Min", first + 1.0, last))
    across, down = both(places - first)
    planes = flattened(image, 2)

    def row(y: Value) -> Value:
        return pixels(y, left) * (1.0 - across) + pixels(y, right) * across

    def pixels(y: Value, x: Value) -> Value:
        index = flattened(as_index(y * float(width) + x), 2)
        found = op("GatherElements", planes, op("Expand", index, [1, channels, 1]), axis=2)
        return op("Reshape", found, joined(sizes(image, 0, 2), sizes(places, 2, 4)))

    return row(top) * (1.0 - down) + row(bottom) * down


def both(places: Value) -> tuple[Value, Value]:
    """The two channels."""
    x, y = ops(2, "Split", places, [1, 1], axis=1)
    return x, y


@renders(Grid)
def _grid_of_pixels(node: Node[Grid]) -> Value:
    shape = node.tops[0].shape
    return op("Expand", _grid(shape[2:]), joined(sizes(X, 0, 1), shape[1:]))


# ---- how like images are --------------------------------------------------------------------


@renders(Correlation)
def _correlation(node: Node[Correlation]) -> Value:
    """Rows of displacements, one after the other; all to the left and right at once."""
    layer = node.layer
    reach, pad = layer.reach, layer.pad
    height, width = (n + 2 * pad - 2 * reach for n in node.bottoms[0].shape[2:])
    a, b = (padded(each, (pad, pad), (pad, pad)) for each in bottoms(node))
    a = sliced(a, [2], [reach], [reach + height])
    places = _displacements(layer)
    check_steps(len(places))
    a, b = _beside(a, b, reach, width, places)
    rows = [_likeness(layer, a, sliced(b, [2], [y], [y + height])) for y in places]
    return _of_patches(layer, op("Concat", *rows, axis=1) if len(rows) > 1 else rows[0])


@renders(Correlation1D)
def _correlation_1d(node: Node[Correlation1D]) -> Value:
    layer = node.layer
    reach, pad, before = layer.reach, layer.pad, layer.pad
    places = _displacements(layer)
    middle = len(places) // 2
    if layer.single_direction > 0:
        places = places[middle:]
    if layer.single_direction < 0:  # the first is one step further, beyond what is padded
        places, before = places[: middle + 1], pad + layer.stride_2
    width = node.bottoms[0].shape[3] + 2 * pad - 2 * reach
    a, b = bottoms(node)
    a, b = padded(a, (0, pad), (0, pad)), padded(b, (0, before), (0, pad))
    return _of_patches(layer, _likeness(layer, *_beside(a, b, reach, width, places)))


def _displacements(layer: Correlation) -> range:
    """Where displacements begin in an image that is padded by how far they reach."""
    start = layer.reach % layer.stride_2 if layer.stride_2 > 1 else 0
    return range(start, 2 * layer.reach + 1, layer.stride_2)


def _beside(a: Value, b: Value, reach: int, width: int, places: range) -> tuple[Value, Value]:
    """Both with an axis of displacements before the columns: those of b are moved by them."""
    check_constant(len(places), width)
    columns = np.array(places)[:, None] + np.arange(width)
    a = sliced(a, [3], [reach], [reach + width])
    return op("Unsqueeze", a, [3]), op("Gather", b, columns, axis=3)


def _likeness(layer: Correlation, a: Value, b: Value) -> Value:
    """The mean over the channels, with the displacements in their place."""
    likeness = op("Abs", a - b) if layer.correlation_type == "SUBTRACT" else a * b
    mean = op("ReduceMean", likeness, axes=[1], keepdims=1)
    return op("Squeeze", op("Transpose", mean, perm=[0, 3, 2, 1, 4]), [3])


def _of_patches(layer: Correlation, x: Value) -> Value:
    """The mean of each patch."""
    if layer.size == 1 and layer.stride_1 == 1:
        return x
    kernel, strides = [layer.size] * 2, [layer.stride_1] * 2
    return op("AveragePool", x, kernel_shape=kernel, strides=strides)


# ---- other sizes ----------------------------------------------------------------------------


@renders(Resample)
def _resample(node: Node[Resample]) -> Value:
    layer, shape, size = node.layer, node.bottoms[0].shape, node.tops[0].shape[2:]
    image = np.broadcast_to(np.float32(0), shape)
    check_matrices(shape[2:], size)
    x = X
    if layer.interpolation == "NEAREST":
        for axis, (place, n, _) in enumerate(resampled(image, size), 2):
            x = op("Gather", x, round_half_away(place).astype(int).clip(0, n - 1), axis=axis)
        return x
    cubic = layer.interpolation == "CUBIC"
    shares = (
        pixel_shares(place, n, float(width), cubic)
        for place, n, width in resampled(image, size, layer.antialias)
    )
    return mixed(X, shape, *shares)


@renders(Downsample)
def _downsample(node: Node[Downsample]) -> Value:
    """Corners on corners; NaN where over a third is NaN."""
    shape, size = node.bottoms[0].shape, node.tops[0].shape[2:]
    if shape[2:] == size:
        return X
    rows, columns = (
        pixel_shares(np.arange(m, dtype=np.float32) / (m - 1) * (n - 1), n, (n - 1) / (m - 1))
        for n, m in zip(shape[2:], size, strict=True)
    )
    known = op("Equal", X, X)
    share = mixed(op("Cast", known, to=FLOAT), shape, rows, columns)
    total = mixed(op("Where", known, X, 0.0), shape, rows, columns)
    mean = total / op("Max", share, 0.5)
    return op("Where", op("Greater", share, 2 / 3 - 1e-6), mean, nan)


@renders(Accum)
def _accum(node: Node[Accum]) -> Value | Either:
    layer, size = node.layer, node.tops[0].shape[2:]
    images = layer.joined(bottoms(node))
    known = _accumulated([interpolated(x, size) for x in images])
    if not layer.have_reference:
        return known
    last = sizes(bottoms(node)[-1], 2, 4)
    return Either(known, _accumulated([interpolated(x, last) for x in images]))


def _accumulated(images: list[Value]) -> Value:
    return op("Concat", *images, axis=1) if len(images) > 1 else images[0]


# ---- of each pixel --------------------------------------------------------------------------


@renders(ChannelNorm)
def _channel_norm(node: Node[ChannelNorm]) -> Value:
    return op("ReduceL2", X, axes=[1], keepdims=1)


@renders(NegSquare)
def _neg_square(node: Node[NegSquare]) -> Value:
    return -(X * X)


@renders(ExpMax)
def _exp_max(node: Node[ExpMax]) -> Value:
    below = X - op("ReduceMax", X, axes=[1], keepdims=1)
    return linear(op("Exp", linear(below, node.layer.slope)), node.layer.factor)
