"""PyTorch renderers of proto2net/layers/activation.py."""

from __future__ import annotations

from math import inf

from proto2net.backends.base import Code, Reshaped, same_array
from proto2net.backends.source import call, literal, scaled
from proto2net.backends.torch.backend import renders
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
def _abs(node: Node[AbsVal]) -> Code:
    return Code("torch.abs({0})")


@renders(BNLL)
def _softplus(node: Node[BNLL]) -> Code:
    return Code("F.softplus({0})")


@renders(Clip)
def _clip(node: Node[Clip]) -> Code:
    return Code(call("torch.clamp", "{0}", min=node.layer.min, max=node.layer.max))


@renders(Dropout)
def _dropout(node: Node[Dropout]) -> Code:
    layer, init = node.layer, ""
    x = "{0}"
    if node.phase == "TRAIN":
        x, init = "{self}({0})", call("nn.Dropout", layer.dropout_ratio)
    elif layer.samples(node.phase):
        x = call("F.dropout", "{0}", layer.dropout_ratio)
    return Code(scaled(x, layer.factor, 0.0), init)


@renders(ELU)
def _elu(node: Node[ELU]) -> Code:
    return Code(call("F.elu", "{0}", alpha=(node.layer.alpha, 1.0)))


@renders(Exp)
def _exp(node: Node[Exp]) -> Code:
    layer = node.layer
    exponent = scaled("{0}", layer.scale, layer.shift)
    if layer.base == -1:
        return Code(f"torch.exp({exponent})")
    return Code(call("torch.pow", layer.base, exponent))


@renders(Log)
def _log(node: Node[Log]) -> Code:
    layer = node.layer
    x = scaled("{0}", layer.scale, layer.shift)
    functions = {-1.0: "torch.log", 2.0: "torch.log2", 10.0: "torch.log10"}
    if layer.base in functions:
        return Code(f"{functions[layer.base]}({x})")
    return Code(f"torch.log({x}) / math.log({literal(layer.base)})")


@renders(Power)
def _power(node: Node[Power]) -> Code:
    layer = node.layer
    if layer.constant is not None:
        return Code(call("torch.full_like", "{0}", layer.constant))
    x = scaled("{0}", layer.scale, layer.shift)
    return Code(x if layer.power == 1 else call("torch.pow", x, layer.power))


@renders(PReLU)
def _prelu(node: Node[PReLU]) -> Code:
    (slope,) = node.blobs.values()
    channels = slope.shape[0] if slope.shape else 1
    convert = None if slope.shape else Reshaped((1,))
    init = call("nn.PReLU", channels) if channels > 1 else "nn.PReLU()"
    return Code("{self}({0})", init, {"weight": same_array(node, "weight", convert)})


@renders(ReLU6)
@renders(ReLU)
def _relu(node: Node[ReLU | ReLU6]) -> Code:
    slope, bounded = node.layer.negative_slope, node.layer.relu6
    if not slope:
        return Code("F.relu6({0})" if bounded else "F.relu({0})")
    x = call("F.leaky_relu", "{0}", slope)
    return Code(call("F.hardtanh", x, -inf, 6.0) if bounded else x)


@renders(Sigmoid)
def _sigmoid(node: Node[Sigmoid]) -> Code:
    return Code("torch.sigmoid({0})")


@renders(Swish)
def _swish(node: Node[Swish]) -> Code:
    beta = node.layer.beta
    if beta == 1:
        return Code("F.silu({0})")
    return Code(f"{{0}} * torch.sigmoid({literal(beta)} * {{0}})")


@renders(TanH)
def _tanh(node: Node[TanH]) -> Code:
    return Code("torch.tanh({0})")


@renders(Threshold)
def _threshold(node: Node[Threshold]) -> Code:
    return Code(f"({{0}} > {literal(node.layer.threshold)}).to({{0}}.dtype)")
