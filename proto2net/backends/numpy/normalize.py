"""NumPy renderers of proto2net/layers/normalize.py."""

from __future__ import annotations

from typing import Any

from proto2net.backends.base import Code, bottoms, choose
from proto2net.backends.numpy.backend import renders
from proto2net.backends.numpy.fillers import ARRAYS, learned
from proto2net.backends.statistics import eps_of
from proto2net.backends.tree import BOTTOM, Expression, call, method
from proto2net.graph import Node
from proto2net.layers import (
    BN,
    LRN,
    MVN,
    BatchNorm,
    Bias,
    L2Normalize,
    LayerNorm,
    Normalization,
    Scale,
    Softmax,
)
from proto2net.shape import canonical_axis


@renders(BatchNorm)
def _batch_norm(node: Node[BatchNorm]) -> Code:
    layer = node.layer
    function: str = "batch_norm"
    options: dict[str, object] = {"eps": (layer.eps, 1e-5)}
    if eps_of(node) != layer.eps:
        options["add_eps_before_sqrt"] = False
    if layer.batch_statistics(node.phase):
        function = "batch_norm_of_batch"
        options["moving_average_fraction"] = (layer.moving_average_fraction, 0.999)
    return Code(call(function, BOTTOM, ARRAYS, **options), *learned(node))


@renders(LRN)
def _lrn(node: Node[LRN]) -> Code:
    layer = node.layer
    function = choose(
        node,
        "norm_region",
        ACROSS_CHANNELS="lrn_across_channels",
        WITHIN_CHANNEL="lrn_within_channel",
    )
    options = {
        "local_size": (layer.local_size, 5),
        "alpha": (layer.alpha, 1.0),
        "beta": (layer.beta, 0.75),
    }
    if layer.norm_region == "ACROSS_CHANNELS":
        options["k"] = (layer.k, 1.0)
    return Code(call(function, BOTTOM, **options))


@renders(MVN)
def _mvn(node: Node[MVN]) -> Code:
    layer = node.layer
    return Code(
        call(
            "mvn",
            BOTTOM,
            normalize_variance=(layer.normalize_variance, True),
            across_channels=(layer.across_channels, False),
            eps=(layer.eps, 1e-9),
        )
    )


@renders(Scale)
def _scale(node: Node[Scale]) -> Code:
    layer = node.layer
    if layer.bounded:
        options = {"low": (layer.min_value, None), "high": (layer.max_value, None)}
        return _broadcast("bounded_scaled", node, **options)
    return _broadcast("scaled", node)


@renders(Bias)
def _bias(node: Node[Bias]) -> Code:
    return _broadcast("shifted", node)


def _broadcast(function: str, node: Node[Any], **options: object) -> Code:
    """A function of all the bottoms and the learned arrays, from an axis on."""
    arrays = [ARRAYS] if node.blobs else []
    scalar = node.bottoms[1:] and not node.bottoms[1].shape  # fits, whatever the axis
    axis = 0 if scalar else canonical_axis(node.layer.axis, node.bottoms[0].shape)
    made = call(function, *bottoms(node), *arrays, axis=(axis, 1), **options)
    return Code(made, *learned(node))


@renders(Softmax)
def _softmax(node: Node[Softmax]) -> Code:
    return Code(call("softmax", BOTTOM, axis=(node.layer.axis, 1)))


@renders(BN)
def _bn(node: Node[BN]) -> Code:
    layer = node.layer
    if not layer.normalizes:
        return Code(call("affine", BOTTOM, ARRAYS), *learned(node))
    function, options = "bn", {"eps": (layer.epsilon, 1e-5)}
    if layer.batch_statistics(node.phase):
        function = "bn_of_batch"
        if node.phase == "TRAIN" and "mean" in node.blobs:
            options["momentum"] = (layer.share, 1.0)
    return Code(call(function, BOTTOM, ARRAYS, **options), *learned(node))


@renders(LayerNorm)
def _layer_norm(node: Node[LayerNorm]) -> Code:
    layer = node.layer
    options = {"eps": (layer.added, 1e-5), "axis": (layer.start(node.bottoms[0].shape), 1)}
    if not layer.affine:
        return Code(call("layer_norm", BOTTOM, **options))
    return Code(call("layer_norm", BOTTOM, ARRAYS, **options), *learned(node))


@renders(Normalization)
@renders(L2Normalize)
def _l2_normalize(node: Node[L2Normalize]) -> Code:
    x: Expression = BOTTOM
    if len(node.bottoms[0].shape) < 4:
        x = method(x, "reshape", -1, *node.tops[0].shape[1:])
    return Code(call("l2_normalize", x, eps=(node.layer.eps, 1e-7)))
