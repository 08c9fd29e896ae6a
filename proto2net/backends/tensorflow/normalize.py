"""Keras renderers of proto2net/layers/normalize.py."""

from __future__ import annotations

from proto2net.backends.base import Code, running_statistics, same_array
from proto2net.backends.source import call
from proto2net.backends.tensorflow.backend import renders
from proto2net.backends.tensorflow.layout import moved_axis
from proto2net.errors import UnsupportedError
from proto2net.graph import Node
from proto2net.layers import LRN, BatchNorm, Scale, Softmax
from proto2net.shape import canonical_axis


@renders(LRN)
def _lrn(node: Node[LRN]) -> Code:
    layer = node.layer
    within = layer.norm_region == "WITHIN_CHANNEL"
    init = call(
        "LRNWithinChannel" if within else "LRN",
        layer.local_size,
        alpha=(layer.alpha, 1.0),
        beta=(layer.beta, 0.75),
        k=(1.0 if within else layer.k, 1.0),
        name="{name}",
    )
    return Code("{self}({0})", init)


@renders(Softmax)
def _softmax(node: Node[Softmax]) -> Code:
    bottom = node.bottoms[0].shape
    axis = moved_axis(canonical_axis(node.layer.axis, bottom), len(bottom))
    return Code("{self}({0})", call("layers.Softmax", axis=(axis, -1), name="{name}"))


@renders(BatchNorm)
def _batch_norm(node: Node[BatchNorm]) -> Code:
    return _normalised(node, None)


@renders(BatchNorm, Scale)
def _batch_norm_and_scale(node: Node[BatchNorm], scale: Node[Scale]) -> Code | None:
    if (
        canonical_axis(scale.layer.axis, scale.bottoms[0].shape) != 1
        or scale.layer.num_axes != 1
    ):
        return None
    return _normalised(node, scale)


def _normalised(node: Node[BatchNorm], scale: Node[Scale] | None) -> Code:
    if node.layer.batch_statistics(node.phase) or len(node.bottoms[0].shape) != 4:
        raise UnsupportedError(
            "only stored statistics of 4-axis blobs are rendered so far"
        )
    mean, variance = running_statistics(node).values()
    arrays = {"moving_mean": mean, "moving_variance": variance}
    options = {"center": ("False", "True"), "scale": ("False", "True")}
    if scale is not None:
        options = {"center": (str(scale.layer.bias_term), "True")}
        arrays["gamma"] = same_array(scale, "weight")
        if scale.layer.bias_term:
            arrays["beta"] = same_array(scale, "bias")
    init = call(
        "layers.BatchNormalization",
        epsilon=(node.layer.eps, 1e-3),
        **options,
        name="{name}",
    )
    return Code("{self}({0})", init, arrays)


@renders(Scale)
def _scale(node: Node[Scale]) -> Code:
    raise UnsupportedError("a Scale that follows no BatchNorm is not rendered so far")
