"""Short forms: the calls that may make a layer, the nicest first."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from inspect import Parameter
from typing import Any, NamedTuple

from proto2net import layers, layout
from proto2net.builder import Network
from proto2net.builder.forms import FORMS, Form
from proto2net.graph import Node
from proto2net.layers import (
    LRN,
    LSTM,
    RNN,
    BatchNorm,
    Concat,
    Convolution,
    Deconvolution,
    Dropout,
    Eltwise,
    Filler,
    InnerProduct,
    Layer,
    ParamSpec,
    Pooling,
    ReLU,
    Scale,
    Slice,
    Softmax,
    SoftmaxWithLoss,
)

PRODUCTS = (Convolution, Deconvolution, InnerProduct)
FILLED = (*PRODUCTS, LSTM, RNN)


class Style(NamedTuple):
    """What the class says once for its layers with weights."""

    weight_filler: Filler | str = Network.weight_filler
    bias_filler: Filler | str = Network.bias_filler
    params: Sequence[ParamSpec] = Network.params


Candidates = Iterator[tuple[str, tuple[Any, ...], dict[str, Any]]]
"""Calls that may make a layer: method, arguments and options."""


def _given(layer: Layer, **names: str) -> dict[str, Any]:
    """Options for those of a layer's fields that are given, by the names of the short form."""
    given = layer.given()
    return {option: given[name] for name, option in names.items() if name in given}


def _declared(form: Form) -> Callable[[Node[Any]], Candidates]:
    """The way back of a short form whose parameters are fields: those that it has to be given."""
    parameters = inspect.signature(getattr(Network, form.method)).parameters.values()

    def candidates(node: Node[Any]) -> Candidates:
        arguments: list[Any] = []
        options: dict[str, Any] = {}
        for parameter in parameters:
            if parameter.name in _said_elsewhere(node.layer):
                continue
            value = getattr(node.layer, form.fields.get(parameter.name, parameter.name))
            if parameter.kind is Parameter.VAR_POSITIONAL:
                arguments += value
            elif parameter.default is Parameter.empty:
                arguments.append(value)
            elif value != parameter.default:
                options[parameter.name] = value
        yield form.method, tuple(arguments), options

    return candidates


def _said_elsewhere(layer: Layer) -> set[str]:
    """Parameters that are no fields, or fields that the class may say."""
    styled = Style._fields if isinstance(layer, FILLED) else ()
    return {"self", "more", *FUSED.get(type(layer), ()), *styled}


def _along(method: str, channels: int | None, **names: str) -> Callable[[Node[Any]], Candidates]:
    """A short form whose axis, if not the one that says channels, counts in TensorFlow's order."""

    def candidates(node: Node[Any]) -> Candidates:
        axis, axes = node.layer.axis, len(node.bottoms[0].shape)
        options = _given(node.layer, **names)
        if axis == channels:
            yield method, (), options
        elif axis < axes:
            yield method, (layout.place(axis, axes) if axis >= 0 else axis,), options

    return candidates


def _convolution(node: Node[Convolution]) -> Candidates:
    layer = node.layer
    sizes = (*_square(layer.kernel), layer.num_output, *_square(layer.stride))
    options = _given(layer, group="group", bias_term="biased", engine="engine")
    if layer.dilation != (1,) and len(layer.dilation) == 1:
        options["dilation"] = layer.dilation[0]
    for padding in paddings(layer.pad):
        yield "conv", sizes, {**padding, **options}


def _deconvolution(node: Node[Deconvolution]) -> Candidates:
    layer = node.layer
    sizes = (*_square(layer.kernel), layer.num_output, *_square(layer.stride))
    options = _given(layer, group="group", bias_term="biased")
    for padding in paddings(layer.pad):
        yield "deconv", sizes, {**padding, **options}


def _pooling(node: Node[Pooling]) -> Candidates:
    layer = node.layer
    kind = "max_pool" if layer.pool == "MAX" else "avg_pool"
    if layer.global_pooling:
        yield f"global_{kind}", (), {}
        return
    for padding in paddings(layer.pad):
        yield kind, (*_square(layer.kernel), *_square(layer.stride)), padding


def _square(values: tuple[int, ...]) -> tuple[int, ...]:
    """Both sides of a window, which Caffe may give once."""
    return values * 2 if len(values) == 1 else values


def paddings(pad: tuple[int, ...]) -> Iterator[dict[str, Any]]:
    """TensorFlow's words for a padding before numbers; one of them is the default."""
    yield {}
    yield {"padding": "SAME"}
    yield {"padding": "VALID"}
    yield {"padding": pad[0] if len(pad) == 1 else pad}


def _lrn(node: Node[LRN]) -> Candidates:
    layer = node.layer
    alpha = layers.shortest(layer.alpha / max(layer.local_size, 1))
    yield "lrn", (layer.local_size // 2, alpha, layer.beta), _given(layer, k="bias")


def _dropout(node: Node[Dropout]) -> Candidates:
    yield "dropout", (layers.shortest(1 - node.layer.dropout_ratio),), {}


def _eltwise(node: Node[Eltwise]) -> Candidates:
    yield "add", (), {}
    yield "eltwise", (node.layer.operation,), _given(node.layer, coeff="coeff")


def _softmax_loss(node: Node[SoftmaxWithLoss]) -> Candidates:
    axis = node.layer.softmax_param.axis
    options = {} if axis == 1 else {"axis": axis}
    yield "softmax_loss", (), options | _given(node.layer, loss_param="loss_param")


SHORT_FORMS: dict[type[Layer], Callable[[Node[Any]], Candidates]] = {
    **{layer: _declared(form) for layer, form in FORMS.items()},
    Concat: _along("concat", None),
    Convolution: _convolution,
    Deconvolution: _deconvolution,
    Dropout: _dropout,
    Eltwise: _eltwise,
    LRN: _lrn,
    Pooling: _pooling,
    Slice: _along("slice", None, slice_point="points"),
    Softmax: _along("softmax", 1),
    SoftmaxWithLoss: _softmax_loss,
}
"""How each layer type may be written short, the nicest first; the builder declares the simple."""

FUSED: dict[type[Layer], dict[str, tuple[type[Layer], bool]]] = {
    BatchNorm: {"scale_offset": (Scale, True), "relu": (ReLU, False)},
    Convolution: {"relu": (ReLU, True)},
    Deconvolution: {"relu": (ReLU, True)},
    InnerProduct: {"relu": (ReLU, True)},
}
"""What a short form appends in place: the option, the layer type, and whether it is the default."""
