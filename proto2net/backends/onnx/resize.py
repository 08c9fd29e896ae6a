"""ONNX renderers of proto2net/layers/resize.py.

Readers agree on two kinds of Resize: linear with corners on corners, and whole pixels repeated.
The others are products with matrices that are known, and numbers of pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from proto2net.backends.onnx.backend import renders
from proto2net.backends.onnx.resizing import interpolated, times, with_size
from proto2net.backends.onnx.shapes import as_index, check_constant, flattened, padded, sizes
from proto2net.backends.onnx.values import Either, Value, X, bottoms, op
from proto2net.graph import Node
from proto2net.layers import (
    Interp,
    ResizeBilinear,
    ResizeNearestNeighbor,
    UnPooling,
    Unpooling,
    Upsample,
)
from proto2net.shape import Shape, count

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray


TO_THE_END = 2**31 - 1
"""Where a Slice ends that cuts nothing off."""


@renders(Interp)
def _interp(node: Node[Interp]) -> Value | Either:
    layer, size = node.layer, node.tops[0].shape[2:]
    x = X
    for axis in (2, 3) if layer.pad_beg or layer.pad_end else ():
        x = op("Slice", x, [-layer.pad_beg], [layer.pad_end or TO_THE_END], [axis])
    if layer.only_cuts:
        return x
    known = interpolated(x, size)
    if layer.use_blob_size:
        return Either(known, interpolated(x, sizes(bottoms(node)[1], 2, 4)))
    return known if layer.sized else Either(known, interpolated(x, _by_factors(layer, x)))


def _by_factors(layer: Interp, x: Value) -> Value:
    """The height and width that factors make of an image."""
    shrink, zoom, by = layer.factors
    gaps = sizes(x, 2, 4) - [1]
    gaps = gaps / [shrink] if shrink > 1 else gaps
    size = (gaps * [zoom] if zoom > 1 else gaps) + [1]
    return size * [by] if by > 1 else size


def repeated(x: Value, scales: Sequence[int]) -> Value:
    """Each pixel so many times along each axis."""
    if set(scales) == {1}:
        return x
    return op(
        "Resize",
        x,
        None,
        list(map(float, scales)),
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )


def unpooled(node: Node[Upsample | Unpooling]) -> Value | Either:
    """Each value where the mask says, among zeros."""
    layer, size = node.layer, node.tops[0].shape[2:]
    known = _placed(node, [count(size)], size)
    if layer.size:
        return known
    scaled = sizes(X, 2, 4) * layer.scales
    if any(layer.less):
        scaled = scaled - layer.less
    return Either(known, _placed(node, op("ReduceProd", scaled, axes=[0]), scaled))


def _placed(node: Node[Any], area: Value | Sequence[int], size: Value | Sequence[int]) -> Value:
    x, mask = bottoms(node)
    zeros = op("Expand", 0.0, with_size(x, area))
    placed = op("ScatterElements", zeros, flattened(as_index(mask), 2), flattened(x, 2), axis=2)
    return op("Reshape", placed, with_size(x, size))


@renders(Unpooling)
@renders(UnPooling)
def _unpooling(node: Node[Unpooling]) -> Value | Either:
    layer = node.layer
    if layer.method == "MAX":
        return unpooled(node) if len(node.bottoms) > 1 else _corners(node)
    bottom, size = node.bottoms[0].shape, node.tops[0].shape[2:]
    kernel, stride = layer.window
    x = X
    if layer.method == "AVE":
        x = x / _areas(bottom[2:], kernel, stride, size)
    if kernel == stride and size == tuple(n * k for n, k in zip(bottom[2:], kernel, strict=True)):
        return repeated(x, (1, 1, *kernel))
    return _spread(x, bottom, kernel, stride, size)


def _areas(bottom: Shape, kernel: Shape, stride: Shape, size: Shape) -> Ndarray:
    """How many pixels of the top each window has."""
    import numpy as np

    check_constant(*bottom)
    axes = zip(bottom, kernel, stride, size, strict=True)
    rows, columns = (np.clip(count - s * np.arange(n), 1, k) for n, k, s, count in axes)
    return np.outer(rows, columns).astype(np.float32)


def _spread(x: Value, bottom: Shape, kernel: Shape, stride: Shape, size: Shape) -> Value:
    """Unpooling: each value in all of its window, within an image of this size."""
    import numpy as np

    kernel, stride = (tuple(map(min, each, size)) for each in (kernel, stride))
    check_constant(bottom[1], *kernel)
    ones = np.ones((bottom[1], 1, *kernel), np.float32)
    x = op("ConvTranspose", x, ones, strides=stride, group=bottom[1])
    for axis, (n, k, s, end) in enumerate(zip(bottom[2:], kernel, stride, size, strict=True), 2):
        made = (n - 1) * s + k
        if made > end:
            x = op("Slice", x, [0], [end], [axis])
        elif made < end:
            x = _behind(x, axis, end - made)
    return x


def _behind(x: Value, axis: int, more: int) -> Value:
    """Zeros behind what stands along an axis of images."""
    return padded(x, (0, 0), (more, 0) if axis == 2 else (0, more))


def _corners(node: Node[Unpooling]) -> Value:
    """Each value in the upper left corner of its window, or the image's last pixel; else zeros."""
    import numpy as np

    bottom, size = node.bottoms[0].shape[2:], node.tops[0].shape[2:]
    x = X
    for axis, n, s, end in zip((2, 3), bottom, node.layer.window[1], size, strict=True):
        check_constant(max(end, n))
        source = np.full(end, n)
        source[np.minimum(np.arange(n) * s, end - 1)] = np.arange(n)  # the last one stays
        x = op("Gather", _behind(x, axis, 1), source, axis=axis)
    return x


# ---- of Synopsys' fork ----------------------------------------------------------------------


@renders(ResizeNearestNeighbor)
def _resize_nearest(node: Node[ResizeNearestNeighbor]) -> Value:
    old, new = node.bottoms[0].shape, node.tops[0].shape
    return resized_nearest(X, old, new, node.layer.coordinates)


def resized_nearest(x: Value, old: Shape, new: Shape, coordinates: str = "asymmetric") -> Value:
    """An image of this shape as one of another, each pixel of which is the nearest."""
    import numpy as np

    from proto2net.backends.numpy.helpers.resize import resize_nearest

    scales = [1] * len(old)
    for axis, (n, size) in enumerate(zip(old, new, strict=True)):
        if n == size:
            continue
        check_constant(max(size, n))
        chosen = resize_nearest(np.arange(n), (size,), 0, coordinates)
        if axis > 1 and size % n == 0 and (chosen == np.arange(size) // (size // n)).all():
            scales[axis] = size // n
        else:
            x = op("Gather", x, chosen, axis=axis)
    return repeated(x, scales)


@renders(ResizeBilinear)
def _resize_bilinear(node: Node[ResizeBilinear]) -> Value:
    import numpy as np

    from proto2net.backends.numpy.helpers.resize import resize_linear

    x = X
    shape = list(node.bottoms[0].shape)
    for axis, n, size in _resized(node):
        check_constant(size, n)
        unit = np.eye(n, dtype=np.float32)
        x = times(x, axis, resize_linear(unit, (size,), 0, node.layer.coordinates), tuple(shape))
        shape[axis] = size
    return x


def _resized(node: Node[ResizeNearestNeighbor | ResizeBilinear]) -> list[tuple[int, int, int]]:
    """The axes whose size changes, with the old one and the new."""
    old, new = node.bottoms[0].shape, node.tops[0].shape
    return [(axis, old[axis], new[axis]) for axis in node.layer.axes if old[axis] != new[axis]]
