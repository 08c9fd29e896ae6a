"""PyTorch renderers of proto2net/layers/activation.py."""

from __future__ import annotations

from proto2net.backends.base import (
    Code,
    Reshaped,
    same_array,
)
from proto2net.backends.torch.backend import backend, renders
from proto2net.backends.tree import (
    BOTTOM,
    SELF,
    call,
    code,
    scaled,
)
from proto2net.graph import Node
from proto2net.layers import (
    BNLL,
    ELU,
    AbsVal,
    Clip,
    Dropout,
    Exp,
    HardSwish,
    Log,
    Mish,
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

backend.says(
    {
        SignedSqrt: "torch.sign({0}) * torch.sqrt(torch.abs({0}))",
        HardSwish: "F.hardswish({0})",
        Mish: "F.mish({0})",
        AbsVal: "torch.abs({0})",
        BNLL: "F.softplus({0})",
        SeLu: "F.selu({0})",
        Sigmoid: "torch.sigmoid({0})",
        TanH: "torch.tanh({0})",
    }
)


@renders(Clip)
def _clip(node: Node[Clip]) -> Code:
    return Code(call("torch.clamp", BOTTOM, min=node.layer.min, max=node.layer.max))


@renders(Dropout)
def _dropout(node: Node[Dropout]) -> Code:
    layer = node.layer
    if layer.sample_weights_test and node.phase == "TEST":
        return Code(call("F.dropout", BOTTOM, layer.dropout_ratio))
    x = scaled(call(SELF, BOTTOM), layer.factor)
    return Code(x, call("nn.Dropout", layer.dropout_ratio))


@renders(ELU)
def _elu(node: Node[ELU]) -> Code:
    return Code(call("F.elu", BOTTOM, alpha=(node.layer.alpha, 1.0)))


@renders(Exp)
def _exp(node: Node[Exp]) -> Code:
    layer = node.layer
    exponent = scaled(BOTTOM, layer.scale, layer.shift)
    if layer.base == -1:
        return Code(call("torch.exp", exponent))
    return Code(call("torch.pow", layer.base, exponent))


@renders(Log)
def _log(node: Node[Log]) -> Code:
    layer = node.layer
    x = scaled(BOTTOM, layer.scale, layer.shift)
    functions = {-1.0: "torch.log", 2.0: "torch.log2", 10.0: "torch.log10"}
    if layer.base in functions:
        return Code(call(functions[layer.base], x))
    return Code(code("torch.log({x}) / math.log({base})", x=x, base=layer.base))


@renders(Power)
def _power(node: Node[Power]) -> Code:
    layer = node.layer
    if layer.constant is not None:
        return Code(call("torch.full_like", BOTTOM, layer.constant))
    x = scaled(BOTTOM, layer.scale, layer.shift)
    return Code(x if layer.power == 1 else call("torch.pow", x, layer.power))


@renders(PReLU)
def _prelu(node: Node[PReLU]) -> Code:
    (slope,) = node.blobs.values()
    channels = slope.shape[0] if slope.shape else 1
    convert = None if slope.shape else Reshaped((1,))
    init = call("nn.PReLU", channels) if channels > 1 else call("nn.PReLU")
    arrays = {"weight": same_array(node, "weight", convert)}
    if len(node.bottoms[0].shape) == 2:  # which Core ML and ExecuTorch refuse of nn.PReLU
        of_image = call(SELF, code("{0}[:, :, None, None]"))
        return Code(call("torch.flatten", of_image, 1), init, arrays)
    return Code(call(SELF, BOTTOM), init, arrays)


@renders(ReLU)
def _relu(node: Node[ReLU]) -> Code:
    slope, (low, high) = node.layer.negative_slope, node.layer.bounds
    if not slope and (low, high) == (None, 6.0):
        return Code(call("F.relu6", BOTTOM))
    x = call("F.leaky_relu", BOTTOM, slope) if slope else call("F.relu", BOTTOM)
    if low is None and high is None:
        return Code(x)
    return Code(call("torch.clamp", x, min=(low, None), max=(high, None)))


@renders(Swish)
def _swish(node: Node[Swish]) -> Code:
    beta = node.layer.beta
    if beta == 1:
        return Code(call("F.silu", BOTTOM))
    return Code(code("{0} * torch.sigmoid({beta} * {0})", beta=beta))


@renders(Threshold)
def _threshold(node: Node[Threshold]) -> Code:
    limit = node.layer.threshold
    return Code(code("({0} > {limit}).to({0}.dtype)", limit=limit))


@renders(SeLuDropout)
def _selu_dropout(node: Node[SeLuDropout]) -> Code:
    return Code(call(SELF, BOTTOM), call("nn.AlphaDropout", node.layer.dropout_ratio))
