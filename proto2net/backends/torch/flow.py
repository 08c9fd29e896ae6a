"""PyTorch renderers of proto2net/layers/flow.py."""

from __future__ import annotations

from itertools import repeat

from proto2net.backends.base import Code, bottoms, same_array
from proto2net.backends.shared.flow import RENDERERS
from proto2net.backends.torch.backend import backend, renders
from proto2net.backends.tree import BOTTOM, SELF, Expression, call, code, listed, scaled
from proto2net.graph import Node
from proto2net.layers import Accum, ChannelNorm, DataAugmentation, ExpMax, Mean, NegSquare
from proto2net.shape import Shape

backend.renderers |= RENDERERS

backend.says(
    {
        ChannelNorm: "torch.linalg.vector_norm({0}, dim=1, keepdim=True)",
        NegSquare: "-torch.square({0})",
    }
)


@renders(Accum)
def _accum(node: Node[Accum]) -> Code:
    *_, last = placeholders = bottoms(node)
    reference = node.layer.have_reference
    size = code("{x}.shape[2:]", x=last) if reference else node.tops[0].shape[2:]
    options = {"mode": "bilinear", "align_corners": True}
    images = [call("F.interpolate", x, size, **options) for x in node.layer.joined(placeholders)]
    return Code(images[0] if len(images) == 1 else call("torch.cat", tuple(images), dim=1))


@renders(Mean)
def _mean(node: Node[Mean]) -> Code:
    shapes = [blob.shape for blob in node.bottoms]
    return Code(listed(map(less_mean, bottoms(node), shapes, repeat(node.layer))))


def less_mean(x: Expression, shape: Shape, layer: Mean) -> Expression:
    """Images with a number added to each channel."""
    shifts = layer.shifts(shape[1])
    if len(shifts) == 1:
        return scaled(x, layer.factor, shifts[0])
    shift = code("{x}.new_tensor({shifts})[:, None, None]", x=x, shifts=list(shifts))
    return code("{x} + {shift}", x=scaled(x, layer.factor), shift=shift)


@renders(DataAugmentation)
def _data_augmentation(node: Node[DataAugmentation]) -> Code:
    layer, x = node.layer, BOTTOM
    if layer.cropped:
        x = call("crop_middle", x, layer.cropped)
    if layer.constant:
        return Code(less_mean(x, node.bottoms[0].shape, layer.constant))
    if not layer.recompute_mean:
        return Code(x)
    blob = "mean_picture" if layer.mean_per_pixel else "mean"
    init = call("MeanSubtraction", *node.blobs[blob].shape)
    return Code(call(SELF, x), init, {"mean": same_array(node, blob)})


@renders(ExpMax)
def _exp_max(node: Node[ExpMax]) -> Code:
    below = scaled(code("{0} - torch.amax({0}, dim=1, keepdim=True)"), node.layer.slope)
    return Code(scaled(call("torch.exp", below), node.layer.factor))
