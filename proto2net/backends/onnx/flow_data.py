"""ONNX renderers of proto2net/layers/flow_data.py."""

from __future__ import annotations

import numpy as np

from proto2net.backends.numpy.helpers.flow import pixel_shares
from proto2net.backends.onnx.activation import linear
from proto2net.backends.onnx.backend import renders
from proto2net.backends.onnx.resizing import check_matrices, mixed
from proto2net.backends.onnx.values import Value, X, bottoms, learned
from proto2net.graph import Node
from proto2net.layers import DataAugmentation, Mean
from proto2net.shape import Shape


@renders(Mean)
def _mean(node: Node[Mean]) -> list[Value]:
    read = zip(bottoms(node), node.bottoms, strict=True)
    return [_less_mean(x, blob.shape, node.layer) for x, blob in read]


def _less_mean(x: Value, shape: Shape, layer: Mean) -> Value:
    """Images with a number added to each channel."""
    shifts = layer.shifts(shape[1])
    if len(shifts) == 1:
        return linear(x, layer.factor, shifts[0])
    return linear(x, layer.factor) + np.array(shifts, np.float32).reshape(-1, 1, 1)


def _middle(x: Value, shape: Shape, size: Shape) -> Value:
    """Center crop with bilinear sampling; FlowNet2 stops just before the last pixel."""
    check_matrices(shape[2:], size)
    rows, columns = (
        pixel_shares((np.arange(m) + (n - m) / 2).clip(0, n - 1.05).astype(np.float32), n, 1.0)
        for n, m in zip(shape[2:], size, strict=True)
    )
    return mixed(x, shape, rows, columns)


@renders(DataAugmentation)
def _data_augmentation(node: Node[DataAugmentation]) -> Value:
    layer, shape = node.layer, node.bottoms[0].shape
    x = _middle(X, shape, layer.cropped) if layer.cropped else X
    if layer.constant:
        return _less_mean(x, shape, layer.constant)
    if not layer.recompute_mean:
        return x
    return x - learned(node, "mean_picture" if layer.mean_per_pixel else "mean")
