"""Keras renderers of proto2net/layers/activation.py."""

from __future__ import annotations

from proto2net.backends.base import Code, Reshaped, same_array
from proto2net.backends.tensorflow.arithmetic import scaled
from proto2net.backends.tensorflow.backend import backend, renders
from proto2net.backends.tensorflow.layout import place
from proto2net.backends.tensorflow.objects import CALLED, own
from proto2net.backends.tree import BOTTOM, call, code
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

backend.says(
    {
        AbsVal: "ops.absolute({0})",
        SignedSqrt: "ops.sign({0}) * ops.sqrt(ops.absolute({0}))",
    }
)


def activation(name: str) -> Code:
    """One of the activations that Keras has a name for."""
    return Code(CALLED, own("layers.Activation", name))


@renders(BNLL)
def _softplus(node: Node[BNLL]) -> Code:
    return activation("softplus")


@renders(Clip)
def _clip(node: Node[Clip]) -> Code:
    return Code(call("ops.clip", BOTTOM, node.layer.min, node.layer.max))


@renders(Dropout)
def _dropout(node: Node[Dropout]) -> Code:
    layer = node.layer
    kind = "SamplingDropout" if layer.sample_weights_test else "layers.Dropout"
    return Code(scaled(CALLED, layer.factor), own(kind, layer.dropout_ratio))


@renders(ELU)
def _elu(node: Node[ELU]) -> Code:
    return Code(CALLED, own("layers.ELU", alpha=(node.layer.alpha, 1.0)))


@renders(Exp)
def _exp(node: Node[Exp]) -> Code:
    layer = node.layer
    exponent = scaled(BOTTOM, layer.scale, layer.shift)
    if layer.base == -1:
        return Code(call("ops.exp", exponent))
    return Code(call("ops.power", layer.base, exponent))


@renders(Log)
def _log(node: Node[Log]) -> Code:
    layer = node.layer
    x = scaled(BOTTOM, layer.scale, layer.shift)
    functions = {-1.0: "ops.log", 2.0: "ops.log2", 10.0: "ops.log10"}
    if layer.base in functions:
        return Code(call(functions[layer.base], x))
    return Code(code("ops.log({x}) / math.log({base})", x=x, base=layer.base))


@renders(Power)
def _power(node: Node[Power]) -> Code:
    layer = node.layer
    if layer.constant is not None:
        return Code(call("ops.full_like", BOTTOM, layer.constant))
    x = scaled(BOTTOM, layer.scale, layer.shift)
    if layer.power == 1:
        return Code(x)
    squared = layer.power == 2
    return Code(call("ops.square", x) if squared else call("ops.power", x, layer.power))


@renders(PReLU)
def _prelu(node: Node[PReLU]) -> Code:
    bottom = node.bottoms[0].shape
    axes = range(1, len(bottom))
    channels = 0 if node.layer.channel_shared else place(1, len(bottom))
    shared = [axis for axis in axes if axis != channels]
    slope = Reshaped(tuple(1 if axis in shared else bottom[1] for axis in axes))
    init = own("layers.PReLU", shared_axes=(shared, []))
    return Code(CALLED, init, {"alpha": same_array(node, "weight", slope)})


@renders(ReLU)
def _relu(node: Node[ReLU]) -> Code:
    slope, (low, high) = node.layer.negative_slope, node.layer.bounds
    if slope >= 0 and low is None and (high is None or high >= 0):
        most = (high, None)
        return Code(CALLED, own("layers.ReLU", max_value=most, negative_slope=(slope, 0.0)))
    x = call("ops.leaky_relu", BOTTOM, slope) if slope else call("ops.relu", BOTTOM)
    x = x if high is None else call("ops.minimum", x, high)
    return Code(x if low is None else call("ops.maximum", x, low))


@renders(Sigmoid)
def _sigmoid(node: Node[Sigmoid]) -> Code:
    return activation("sigmoid")


@renders(Swish)
def _swish(node: Node[Swish]) -> Code:
    if node.layer.beta == 1:
        return activation("silu")
    return Code(code("{0} * ops.sigmoid({x})", x=scaled(BOTTOM, node.layer.beta)))


@renders(TanH)
def _tanh(node: Node[TanH]) -> Code:
    return activation("tanh")


@renders(Threshold)
def _threshold(node: Node[Threshold]) -> Code:
    limit = node.layer.threshold
    return Code(code('ops.cast({0} > {limit}, "float32")', limit=limit))


@renders(SeLu)
def _selu(node: Node[SeLu]) -> Code:
    return activation("selu")


@renders(SeLuDropout)
def _selu_dropout(node: Node[SeLuDropout]) -> Code:
    return Code(CALLED, own("layers.AlphaDropout", node.layer.dropout_ratio))
