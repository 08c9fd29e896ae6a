"""NumPy renderers of proto2net/layers/activation.py."""

from __future__ import annotations

from typing import Any

from proto2net.backends.base import Code
from proto2net.backends.numpy.backend import renders, says
from proto2net.backends.numpy.fillers import ARRAYS, RNG, learned
from proto2net.backends.tree import BOTTOM, call, scaled
from proto2net.graph import Node
from proto2net.layers import (
    BNLL,
    ELU,
    AbsVal,
    Clip,
    Dropout,
    Exp,
    Log,
    Power,
    PReLU,
    ReLU,
    SeLu,
    SeLuDropout,
    Sigmoid,
    SignedSqrt,
    Swish,
    TanH,
    Threshold,
)

says(
    {
        SignedSqrt: "np.sign({0}) * np.sqrt(np.abs({0}))",
        AbsVal: "np.abs({0})",
        BNLL: "bnll({0})",
        SeLu: "1.050700987 * elu({0}, alpha=1.67326324)",
        Sigmoid: "sigmoid({0})",
        TanH: "np.tanh({0})",
    }
)


@renders(Clip)
def _clip(node: Node[Clip]) -> Code:
    return Code(call("np.clip", BOTTOM, node.layer.min, node.layer.max))


@renders(Dropout)
def _dropout(node: Node[Dropout]) -> Code:
    layer = node.layer
    if not layer.samples(node.phase):
        return Code(scaled(BOTTOM, layer.factor))
    ratio = (layer.dropout_ratio, 0.5)
    return Code(scaled(call("dropout", BOTTOM, RNG, dropout_ratio=ratio), layer.factor))


@renders(ELU)
def _elu(node: Node[ELU]) -> Code:
    return Code(call("elu", BOTTOM, alpha=(node.layer.alpha, 1.0)))


@renders(Exp)
def _exp(node: Node[Exp]) -> Code:
    return _based("exponential", node)


@renders(Log)
def _log(node: Node[Log]) -> Code:
    return _based("logarithm", node)


def _based(function: str, node: Node[Any]) -> Code:
    """A function with Caffe's default base, e."""
    layer = node.layer
    return Code(
        call(
            function,
            BOTTOM,
            base=(layer.base, -1.0),
            scale=(layer.scale, 1.0),
            shift=(layer.shift, 0.0),
        )
    )


@renders(Power)
def _power(node: Node[Power]) -> Code:
    layer = node.layer
    return Code(
        call(
            "power_of",
            BOTTOM,
            power=(layer.power, 1.0),
            scale=(layer.scale, 1.0),
            shift=(layer.shift, 0.0),
        )
    )


@renders(PReLU)
def _prelu(node: Node[PReLU]) -> Code:
    return Code(call("prelu", BOTTOM, ARRAYS), *learned(node))


@renders(ReLU)
def _relu(node: Node[ReLU]) -> Code:
    slope = node.layer.negative_slope
    x = call("leaky_relu", BOTTOM, slope) if slope else call("relu", BOTTOM)
    low, high = node.layer.bounds
    x = x if high is None else call("np.minimum", x, high)
    return Code(x if low is None else call("np.maximum", x, low))


@renders(Swish)
def _swish(node: Node[Swish]) -> Code:
    return Code(call("swish", BOTTOM, beta=(node.layer.beta, 1.0)))


@renders(Threshold)
def _threshold(node: Node[Threshold]) -> Code:
    return Code(call("threshold_at", BOTTOM, threshold=(node.layer.threshold, 0.0)))


@renders(SeLuDropout)
def _selu_dropout(node: Node[SeLuDropout]) -> Code:
    if node.phase == "TEST":
        return Code(BOTTOM)
    ratio = (node.layer.dropout_ratio, 0.1)
    return Code(call("alpha_dropout", BOTTOM, RNG, dropout_ratio=ratio))
