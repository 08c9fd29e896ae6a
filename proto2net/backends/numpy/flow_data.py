"""NumPy renderers of proto2net/layers/flow_data.py."""

from __future__ import annotations

from itertools import repeat

from proto2net.backends.base import Code, bottoms, same_array
from proto2net.backends.numpy.backend import renders
from proto2net.backends.numpy.fillers import filled
from proto2net.backends.tree import (
    BOTTOM,
    Display,
    Expression,
    Pair,
    call,
    code,
    dotted,
    listed,
    scaled,
    tree,
)
from proto2net.graph import Node
from proto2net.layers import DataAugmentation, Mean
from proto2net.shape import Shape


@renders(Mean)
def _mean(node: Node[Mean]) -> Code:
    shapes = [blob.shape for blob in node.bottoms]
    return Code(listed(map(_less_mean, bottoms(node), shapes, repeat(node.layer))))


def _less_mean(x: Expression, shape: Shape, layer: Mean) -> Expression:
    """Images with a number added to each channel."""
    shifts = layer.shifts(shape[1])
    if len(shifts) == 1:
        return scaled(x, layer.factor, shifts[0])
    shift = code("np.array({shifts}, np.float32)", shifts=[[[each]] for each in shifts])
    return code("{x} + {shift}", x=scaled(x, layer.factor), shift=shift)


@renders(DataAugmentation)
def _data_augmentation(node: Node[DataAugmentation]) -> Code:
    layer, x = node.layer, BOTTOM
    if layer.cropped:
        x = call("crop_middle", x, layer.cropped)
    if layer.constant:
        return Code(_less_mean(x, node.bottoms[0].shape, layer.constant))
    if not layer.recompute_mean:
        return Code(x)
    name = "mean_picture" if layer.mean_per_pixel else "mean"
    blob = node.blobs[name]
    init = Display("{}", (Pair(tree("mean"), filled(blob.start, blob.shape, dotted("rng"))),))
    return Code(code('{x} - {self}["mean"]', x=x), init, {"mean": same_array(node, name)})
