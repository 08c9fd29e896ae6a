"""ONNX renderers of proto2net/layers/activation.py."""

from __future__ import annotations

import math

from proto2net.backends.base import Reshaped
from proto2net.backends.onnx.backend import renders, says
from proto2net.backends.onnx.values import FLOAT, Value, X, learned, op, tanh
from proto2net.errors import UnsupportedError
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
    SeLuDropout,
    Sigmoid,
    SignedSqrt,
    Swish,
    TanH,
    Threshold,
)

says({AbsVal: "Abs", Sigmoid: "Sigmoid"})

RANDOM = "draws random numbers, so no file can give the same values"


@renders(SignedSqrt)
def _signed_sqrt(node: Node[SignedSqrt]) -> Value:
    return op("Sign", X) * op("Sqrt", op("Abs", X))


@renders(TanH)
def _tanh(node: Node[TanH]) -> Value:
    return tanh(X)


@renders(BNLL)
def _bnll(node: Node[BNLL]) -> Value:
    """Not Softplus, which overflows in some readers."""
    return op("Relu", X) + op("Log", 1.0 + op("Exp", -op("Abs", X)))


@renders(Clip)
def _clip(node: Node[Clip]) -> Value:
    return op("Clip", X, node.layer.min, node.layer.max)


@renders(Dropout)
def _dropout(node: Node[Dropout]) -> Value:
    if node.layer.samples(node.phase):
        raise UnsupportedError(RANDOM)
    return X * node.layer.factor if node.layer.factor != 1 else X


@renders(SeLuDropout)
def _selu_dropout(node: Node[SeLuDropout]) -> Value:
    if node.phase == "TRAIN":
        raise UnsupportedError(RANDOM)
    return X


@renders(ELU)
def _elu(node: Node[ELU]) -> Value:
    return op("Elu", X, alpha=node.layer.alpha)


@renders(Exp)
def _exp(node: Node[Exp]) -> Value:
    layer = node.layer
    base = math.e if layer.base == -1 else layer.base
    inner = linear(X, (1.0 if layer.base == -1 else math.log(base)) * layer.scale)
    if layer.shift == 0:
        return op("Exp", inner)
    try:
        factor = float(base**layer.shift)
    except OverflowError:
        factor = math.inf
    return op("Exp", inner) * factor


@renders(Log)
def _log(node: Node[Log]) -> Value:
    layer = node.layer
    found = op("Log", linear(X, layer.scale, layer.shift))
    return found if layer.base == -1 else found / math.log(layer.base)


@renders(Power)
def _power(node: Node[Power]) -> Value:
    layer = node.layer
    if layer.constant is not None:
        return op("Where", op("Equal", X, X), layer.constant, layer.constant)
    x = linear(X, layer.scale, layer.shift)
    match layer.power:
        case 1.0:
            return x
        case 2.0:
            return x * x
        case 0.5:
            return op("Sqrt", x)
        case -1.0:
            return 1.0 / x
    return op("Pow", x, layer.power)


def linear(x: Value, scale: float, shift: float = 0.0) -> Value:
    """The value times a scale, plus a shift."""
    x = x if scale == 1 else x * scale
    return x if shift == 0 else x + shift


@renders(PReLU)
def _prelu(node: Node[PReLU]) -> Value:
    axes = len(node.bottoms[0].shape) - 1
    slope = learned(node, "weight", Reshaped((-1, *(1,) * (axes - 1))))
    return op("PRelu", X, slope)


@renders(ReLU)
def _relu(node: Node[ReLU]) -> Value:
    slope = node.layer.negative_slope
    low, high = node.layer.bounds
    x = op("LeakyRelu", X, alpha=slope) if slope else op("Relu", X)
    return x if low is None and high is None else op("Clip", x, low, high)


@renders(Swish)
def _swish(node: Node[Swish]) -> Value:
    return X * op("Sigmoid", linear(X, node.layer.beta))


@renders(Threshold)
def _threshold(node: Node[Threshold]) -> Value:
    return op("Cast", op("Greater", X, node.layer.threshold), to=FLOAT)
