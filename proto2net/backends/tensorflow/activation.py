"""Keras renderers of proto2net/layers/activation.py."""

from __future__ import annotations

from proto2net.backends.base import Code, Reshaped, same_array
from proto2net.backends.source import call, literal
from proto2net.backends.tensorflow.arithmetic import scaled
from proto2net.backends.tensorflow.backend import renders
from proto2net.backends.tensorflow.layout import place
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
    Sigmoid,
    Swish,
    TanH,
    Threshold,
)


def activation(name: str) -> Code:
    """One of the activations that Keras has a name for."""
    return Code("{self}({0})", f'layers.Activation("{name}", name={{name}})')


@renders(AbsVal)
def _abs(node: Node[AbsVal]) -> Code:
    return Code("ops.absolute({0})")


@renders(BNLL)
def _softplus(node: Node[BNLL]) -> Code:
    return activation("softplus")


@renders(Clip)
def _clip(node: Node[Clip]) -> Code:
    return Code(call("ops.clip", "{0}", node.layer.min, node.layer.max))


@renders(Dropout)
def _dropout(node: Node[Dropout]) -> Code:
    layer = node.layer
    if not layer.samples(node.phase):
        return Code(scaled("{0}", layer.factor))
    kind = "SamplingDropout" if layer.sample_weights_test else "layers.Dropout"
    init = call(kind, layer.dropout_ratio, name="{name}")
    return Code(scaled("{self}({0})", layer.factor), init)


@renders(ELU)
def _elu(node: Node[ELU]) -> Code:
    return Code(
        "{self}({0})", call("layers.ELU", alpha=(node.layer.alpha, 1.0), name="{name}")
    )


@renders(Exp)
def _exp(node: Node[Exp]) -> Code:
    layer = node.layer
    exponent = scaled("{0}", layer.scale, layer.shift)
    if layer.base == -1:
        return Code(f"ops.exp({exponent})")
    return Code(call("ops.power", layer.base, exponent))


@renders(Log)
def _log(node: Node[Log]) -> Code:
    layer = node.layer
    x = scaled("{0}", layer.scale, layer.shift)
    functions = {-1.0: "ops.log", 2.0: "ops.log2", 10.0: "ops.log10"}
    if layer.base in functions:
        return Code(f"{functions[layer.base]}({x})")
    return Code(f"ops.log({x}) / math.log({literal(layer.base)})")


@renders(Power)
def _power(node: Node[Power]) -> Code:
    layer = node.layer
    if layer.constant is not None:
        return Code(call("ops.full_like", "{0}", layer.constant))
    x = scaled("{0}", layer.scale, layer.shift)
    if layer.power == 1:
        return Code(x)
    return Code(
        f"ops.square({x})" if layer.power == 2 else call("ops.power", x, layer.power)
    )


@renders(PReLU)
def _prelu(node: Node[PReLU]) -> Code:
    bottom = node.bottoms[0].shape
    axes = range(1, len(bottom))
    channels = 0 if node.layer.channel_shared else place(1, len(bottom))
    shared = [axis for axis in axes if axis != channels]
    slope = Reshaped(tuple(1 if axis in shared else bottom[1] for axis in axes))
    init = call("layers.PReLU", shared_axes=(shared, []), name="{name}")
    return Code("{self}({0})", init, {"alpha": same_array(node, "weight", slope)})


@renders(ReLU)
def _relu(node: Node[ReLU]) -> Code:
    slope, bounded = node.layer.negative_slope, node.layer.relu6
    if slope < 0:  # which the layer of Keras refuses
        x = call("ops.leaky_relu", "{0}", slope)
        return Code(call("ops.minimum", x, 6.0) if bounded else x)
    init = call(
        "layers.ReLU",
        max_value=(6.0 if bounded else None, None),
        negative_slope=(slope, 0.0),
        name="{name}",
    )
    return Code("{self}({0})", init)


@renders(Sigmoid)
def _sigmoid(node: Node[Sigmoid]) -> Code:
    return activation("sigmoid")


@renders(Swish)
def _swish(node: Node[Swish]) -> Code:
    if node.layer.beta == 1:
        return activation("silu")
    return Code(f"{{0}} * ops.sigmoid({scaled('{0}', node.layer.beta)})")


@renders(TanH)
def _tanh(node: Node[TanH]) -> Code:
    return activation("tanh")


@renders(Threshold)
def _threshold(node: Node[Threshold]) -> Code:
    return Code(f'ops.cast({{0}} > {literal(node.layer.threshold)}, "float32")')
