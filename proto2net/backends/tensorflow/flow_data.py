"""Keras renderers of proto2net/layers/flow_data.py."""

from __future__ import annotations

from itertools import repeat

from proto2net.backends.base import Code, Transposed, bottoms, same_array
from proto2net.backends.tensorflow.arithmetic import scaled
from proto2net.backends.tensorflow.backend import renders
from proto2net.backends.tensorflow.layout import laid_out, order
from proto2net.backends.tensorflow.objects import own
from proto2net.backends.tree import BOTTOM, SELF, Expression, call, listed
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
    return call(call("layers.Rescaling", layer.factor, list(shifts)), x)


@renders(DataAugmentation)
def _data_augmentation(node: Node[DataAugmentation]) -> Code:
    layer, x = node.layer, BOTTOM
    if layer.cropped:
        x = call(call("CropMiddle", layer.cropped), x)
    if layer.constant:
        return Code(_less_mean(x, node.bottoms[0].shape, layer.constant))
    if not layer.recompute_mean:
        return Code(x)
    blob = "mean_picture" if layer.mean_per_pixel else "mean"
    init = own("MeanSubtraction", laid_out(node.blobs[blob].shape))
    array = same_array(node, blob, Transposed(order(4)))
    return Code(call(SELF, x), init, {"mean": array})
