"""PyTorch renderers of proto2net/layers/normalize.py."""

from __future__ import annotations

from proto2net.backends.base import Code, running_statistics, same_array
from proto2net.backends.source import call
from proto2net.backends.torch.backend import renders
from proto2net.errors import UnsupportedError
from proto2net.graph import Node
from proto2net.layers import LRN, BatchNorm, Scale, Softmax
from proto2net.shape import canonical_axis


@renders(LRN)
def _lrn(node: Node[LRN]) -> Code:
    layer = node.layer
    if layer.norm_region == "WITHIN_CHANNEL":
        return Code(
            call(
                "lrn_within_channel",
                "{0}",
                layer.local_size,
                alpha=(layer.alpha, 1.0),
                beta=(layer.beta, 0.75),
            )
        )
    return Code(
        call(
            "F.local_response_norm",
            "{0}",
            layer.local_size,
            alpha=(layer.alpha, 1e-4),
            beta=(layer.beta, 0.75),
            k=(layer.k, 1.0),
        )
    )


@renders(Softmax)
def _softmax(node: Node[Softmax]) -> Code:
    axis = canonical_axis(node.layer.axis, node.bottoms[0].shape)
    return Code(f"F.softmax({{0}}, dim={axis})")


@renders(BatchNorm)
def _batch_norm(node: Node[BatchNorm]) -> Code:
    return _normalisation(node, None)


@renders(BatchNorm, Scale)
def _batch_norm_and_scale(node: Node[BatchNorm], scale: Node[Scale]) -> Code | None:
    if canonical_axis(scale.layer.axis, scale.bottoms[0].shape) != 1 or scale.layer.num_axes != 1:
        return None
    return _normalisation(node, scale)


def _normalisation(node: Node[BatchNorm], scale: Node[Scale] | None) -> Code:
    bottom = node.bottoms[0].shape
    if node.layer.batch_statistics(node.phase) or len(bottom) != 4:
        raise UnsupportedError("only 4-axis stored statistics are rendered so far")
    init = call(
        "nn.BatchNorm2d",
        bottom[1],
        eps=(node.layer.eps, 1e-5),
        affine=(scale is not None, True),
    )
    arrays = running_statistics(node)
    if scale is not None:
        arrays["weight"] = same_array(scale, "weight")
        if scale.layer.bias_term:
            arrays["bias"] = same_array(scale, "bias")
    return Code("{self}({0})", init, arrays)


@renders(Scale)
def _scale(node: Node[Scale]) -> Code:
    raise UnsupportedError("a Scale that follows no BatchNorm is not rendered so far")
