"""NumPy renderers of proto2net/layers/activation.py."""

from __future__ import annotations

from typing import Any

from proto2net.backends.base import Code
from proto2net.backends.numpy.backend import renders
from proto2net.backends.numpy.fillers import learned
from proto2net.backends.source import call, scaled
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
    ReLU6,
    Sigmoid,
    Swish,
    TanH,
    Threshold,
)


@renders(AbsVal)
def _absval(node: Node[AbsVal]) -> Code:
    return Code("np.abs({0})")


@renders(BNLL)
def _bnll(node: Node[BNLL]) -> Code:
    return Code("bnll({0})")


@renders(Clip)
def _clip(node: Node[Clip]) -> Code:
    return Code(call("np.clip", "{0}", node.layer.min, node.layer.max))


@renders(Dropout)
def _dropout(node: Node[Dropout]) -> Code:
    layer, x = node.layer, "{0}"
    if layer.samples(node.phase):
        ratio = (layer.dropout_ratio, 0.5)
        x = call("dropout", "{0}", "self.rng", dropout_ratio=ratio)
    return Code(scaled(x, layer.factor, 0.0))


@renders(ELU)
def _elu(node: Node[ELU]) -> Code:
    return Code(call("elu", "{0}", alpha=(node.layer.alpha, 1.0)))


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
            "{0}",
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
            "{0}",
            power=(layer.power, 1.0),
            scale=(layer.scale, 1.0),
            shift=(layer.shift, 0.0),
        )
    )


@renders(PReLU)
def _prelu(node: Node[PReLU]) -> Code:
    return Code("prelu({0}, **{self})", *learned(node))


@renders(ReLU6)
@renders(ReLU)
def _relu(node: Node[ReLU | ReLU6]) -> Code:
    slope = node.layer.negative_slope
    x = call("leaky_relu", "{0}", slope) if slope else "relu({0})"
    return Code(call("np.minimum", x, 6) if node.layer.relu6 else x)


@renders(Sigmoid)
def _sigmoid(node: Node[Sigmoid]) -> Code:
    return Code("sigmoid({0})")


@renders(Swish)
def _swish(node: Node[Swish]) -> Code:
    return Code(call("swish", "{0}", beta=(node.layer.beta, 1.0)))


@renders(TanH)
def _tanh(node: Node[TanH]) -> Code:
    return Code("np.tanh({0})")


@renders(Threshold)
def _threshold(node: Node[Threshold]) -> Code:
    return Code(call("threshold_at", "{0}", threshold=(node.layer.threshold, 0.0)))
