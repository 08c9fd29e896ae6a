"""ONNX renderers of proto2net/layers/sampling.py."""

from __future__ import annotations

import numpy as np

from proto2net.backends.base import Reshaped
from proto2net.backends.onnx.backend import renders
from proto2net.backends.onnx.flow import both, sampled, sampled_zero_padded
from proto2net.backends.onnx.shapes import check_constant, shaped
from proto2net.backends.onnx.values import Value, bottoms, learned, op, value
from proto2net.graph import Node
from proto2net.layers import DeformableConvolution, SpatialTransformer


@renders(SpatialTransformer)
def _spatial_transformer(node: Node[SpatialTransformer]) -> Value:
    image, theta = bottoms(node)
    shape, size = node.bottoms[0].shape, node.tops[0].shape[2:]
    check_constant(3, *size)
    grid = np.indices(size, np.float32) * 2 / np.reshape(size, (2, 1, 1)) - 1
    points = np.concatenate([grid, np.ones_like(grid[:1])]).reshape(3, -1).astype(np.float32)
    places = op("MatMul", shaped(_whole(node.layer, theta), -1, 2, 3), value(points))
    pixels = np.array(shape[2:], np.float32).reshape(1, 2, 1, 1)
    row, column = both((shaped(places, 0, 2, *size) + 1.0) * (pixels / 2))
    return sampled_zero_padded(image, shape[1:], op("Concat", column, row, axis=1))


def _whole(layer: SpatialTransformer, theta: Value) -> Value:
    """The map with the numbers of the file in it."""
    preset = layer.preset
    if set(preset) == {None}:
        return theta
    free = [at for at, number in enumerate(preset) if number is None]
    spread = np.zeros((len(free), 6), np.float32)
    spread[np.arange(len(free)), free] = 1
    fixed = np.array([[number or 0 for number in preset]], np.float32)
    return op("MatMul", shaped(theta, -1, len(free)), value(spread)) + fixed


@renders(DeformableConvolution)
def _deformable_convolution(node: Node[DeformableConvolution]) -> Value:
    """A convolution of kernel size 1 over what each pixel of each window reads."""
    layer, (x, offset) = node.layer, bottoms(node)
    shapes = tuple(bottom.shape for bottom in node.bottoms)
    (_, channels, height, width), top = shapes[0], node.tops[0].shape
    groups, window = layer.groups(shapes), layer.plain.window(shapes[0])
    taps = np.indices(window.kernel).reshape(2, -1, 1, 1) * _pair(window.dilation)
    place = np.indices(top[2:])[:, None] * _pair(window.stride) - _pair(window.pad) + taps
    count = taps.shape[1]
    check_constant(2, count, *top[2:])
    start = place.reshape(1, 2, count * top[2], top[3]).astype(np.float32)
    moved = op("Transpose", shaped(offset, -1, count, 2, *top[2:]), perm=[0, 2, 1, 3, 4])
    row, column = both(shaped(moved, 0, 2, count * top[2], top[3]) + value(start))
    inside = op("And", _within(row, height), _within(column, width))
    places = op("Where", inside, op("Concat", column, row, axis=1), 0.0)
    image = shaped(x, -1, channels // groups, height, width)
    found = sampled(image, channels // groups, (height, width), places)
    columns = shaped(op("Where", inside, found, 0.0), -1, channels * count, *top[2:])
    shape = (layer.num_output, channels // layer.group * count, 1, 1)
    arrays = [learned(node, "weight", Reshaped(shape))]
    arrays += [learned(node, "bias")] if layer.bias_term else []
    return op("Conv", columns, *arrays, group=None if layer.group == 1 else layer.group)


def _pair(numbers: tuple[int, ...]) -> np.ndarray:
    """One number for rows and one for columns, beside two axes of places."""
    return np.reshape(numbers, (2, 1, 1, 1))


def _within(place: Value, size: int) -> Value:
    """Where a place is in an image of this size."""
    return op("And", op("GreaterOrEqual", place, 0.0), op("Less", place, float(size)))
