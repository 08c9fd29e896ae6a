"""PyTorch renderers of proto2net/layers/flow_data.py."""

from __future__ import annotations

from proto2net.backends.base import Code, bottoms, same_array
from proto2net.backends.torch.backend import renders
from proto2net.backends.tree import BOTTOM, SELF, Expression, call, code, listed, scaled
from proto2net.graph import Node
from proto2net.layers import DataAugmentation, Mean
from proto2net.shape import Shape


@renders(Mean)
def _mean(node: Node[Mean]) -> Code:
    images = zip(bottoms(node), node.bottoms, strict=True)
    return Code(listed(less_mean(x, x, blob.shape, node.layer) for x, blob in images))


def less_mean(x: Expression, bottom: Expression, shape: Shape, layer: Mean) -> Expression:
    """What is made of a bottom, with a number added to each channel."""
    shifts = layer.shifts(shape[1])
    if len(shifts) == 1:
        return scaled(x, layer.factor, shifts[0])
    shift = code("{x}.new_tensor({shifts})", x=bottom, shifts=[[[each]] for each in shifts])
    return code("{x} + {shift}", x=scaled(x, layer.factor), shift=shift)


@renders(DataAugmentation)
def _data_augmentation(node: Node[DataAugmentation]) -> Code:
    layer, x = node.layer, BOTTOM
    if layer.cropped:
        x = call("crop_middle", x, layer.cropped)
    if layer.constant:
        return Code(less_mean(x, BOTTOM, node.bottoms[0].shape, layer.constant))
    if not layer.recompute_mean:
        return Code(x)
    blob = "mean_picture" if layer.mean_per_pixel else "mean"
    init = call("MeanSubtraction", *node.blobs[blob].shape)
    return Code(call(SELF, x), init, {"mean": same_array(node, blob)})
