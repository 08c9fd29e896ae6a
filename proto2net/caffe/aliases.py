"""Gives Caffe's names to what its forks have under other names."""

from __future__ import annotations

from collections.abc import Iterator

from proto2net.caffe.schema import TEXT, Message, put
from proto2net.layers.base import LAYERS
from proto2net.text import counted

_DECENT = "without the rounding of the quantised network, whose numbers differ"
_MASKED = "into whose weights their masks are multiplied when they are read"
_OF_TRAINING = "whose masks are of training alone"

TYPES = {
    "BatchNormFixed": ("BatchNorm", _DECENT),
    "CConvolution": ("Convolution", _MASKED),
    "CInnerProduct": ("InnerProduct", _MASKED),
    "ConvolutionDeeplab": ("Convolution", ""),
    "ConvolutionFixed": ("Convolution", _DECENT),
    "CuDNNDeconvolution": ("Deconvolution", ""),
    "DeconvolutionFixed": ("Deconvolution", _DECENT),
    "HoleConvolution": ("Convolution", ""),
    "INQConvolution": ("Convolution", _OF_TRAINING),
    "INQInnerProduct": ("InnerProduct", _OF_TRAINING),
    "InnerProductFixed": ("InnerProduct", _DECENT),
    "LSTMNew": ("LSTM", ""),
    "PReLUFixed": ("PReLU", _DECENT),
    "ScaleFixed": ("Scale", _DECENT),
}
"""Types of forks, the types of Caffe that they are, and what is to be told of them."""

OTHERS = ("EltwiseAffine", "FixedNeuron")
"""Types that become others too, but with more to do."""

_PARAMETERS = {
    "convolution_deeplab_param": "convolution_param",
    "hardsigmoid_param": "hard_sigmoid_param",
}
"""Parameters of a layer type that have another name here."""

_FIELDS = {
    "convolution_param": {"hole": "dilation", "hole_h": "dilation_h", "hole_w": "dilation_w"},
    "transform_param": {"crop_height": "crop_h", "crop_width": "crop_w"},
}
"""Fields of parameters that have another name here."""


def rename(net: Message) -> list[str]:
    """Rename the types and fields of a NetParameter of the current format in place.

    Returns a sentence for each of them.
    """
    told = (sentence for layer in net.layer for sentence in _renamed(layer))
    return [
        *_name_types(net),
        *_name_affines(net),
        *_name_thresholds(net),
        *_drop_neurons(net),
        *dict.fromkeys(told),
    ]


def _name_types(net: Message) -> Iterator[str]:
    for kind in dict.fromkeys(layer.type for layer in net.layer):
        if kind not in TYPES:
            continue
        plain, more = TYPES[kind]
        found = _of_type(net, kind)
        for layer in found:
            layer.type = plain
        what = f"read {counted(len(found), 'layer')} of type {kind} as {plain}"
        yield from [f"{what}, {more}" if more else what] * bool(found)


def _name_affines(net: Message) -> list[str]:
    """ducha-aiki's EltwiseAffine is a Scale with a bias (eltwise_affine_layer.cpp)."""
    found = _of_type(net, "EltwiseAffine")
    for layer in found:
        layer.type = "Scale"
        given = layer.eltwise_affine_param
        layer.scale_param.bias_term = True
        if given.channel_shared:
            layer.scale_param.num_axes = 0
        for old, new in (("slope_filler", "filler"), ("bias_filler", "bias_filler")):
            if given.HasField(old):
                getattr(layer.scale_param, new).CopyFrom(getattr(given, old))
        layer.ClearField("eltwise_affine_param")
    return [f"read {counted(len(found), 'layer')} of type EltwiseAffine as Scale"] * bool(found)


_NEURON = "FixedNeuron"
"""DECENT's layer that rounds what a network in floating point has."""


def _drop_neurons(net: Message) -> list[str]:
    """Leave out the layers that round alone, or let them give the bottom another name."""
    found = _of_type(net, _NEURON)
    for layer in found:
        if layer.bottom == layer.top:
            net.layer.remove(layer)
        else:
            layer.type = "Split"
            layer.ClearField("param")
    what = f"left out {counted(len(found), 'layer')} of type {_NEURON}"
    return [f"{what}: a quantised network rounds there, and its numbers differ"] * bool(found)


def _of_type(net: Message, kind: str) -> list[Message]:
    """The layers of a type that is another's name, unless it is the user's own or a hole."""
    if kind in LAYERS:
        return []
    return [layer for layer in net.layer if layer.type == kind and not layer.HasField(TEXT)]


_BY_THRESHOLDS = {
    "ConvolutionRistretto": "Convolution",
    "DeconvolutionRistretto": "Deconvolution",
    "FcRistretto": "InnerProduct",
}


def _name_thresholds(net: Message) -> list[str]:
    """ml-suite's quantiser names layers as Ristretto does, and rounds otherwise: by thresholds."""
    found = [layer for layer in net.layer if layer.type in _BY_THRESHOLDS and _is_of_suite(layer)]
    for layer in found:
        layer.type = _BY_THRESHOLDS[layer.type]
        layer.ClearField("quantization_param")
    what = f"read {counted(len(found), 'layer')} of Ristretto's types with thresholds"
    return [f"{what} as those of Caffe, {_DECENT}"] * bool(found)


def _is_of_suite(layer: Message) -> bool:
    given = layer.quantization_param
    return bool(given.HasField("th_layer_in") or given.HasField("th_layer_out") or given.th_params)


def _renamed(layer: Message) -> Iterator[str]:
    """Rename the fields of a layer, with a sentence for each."""
    if layer.type == "Upsample" and len(layer.bottom) == 1:
        layer.upsample_param.ClearField("nearestneighbor_mode")  # Cambricon says what it does
    yield from _moved(layer, _PARAMETERS)
    for name, fields in _FIELDS.items():
        if layer.HasField(name):
            yield from _moved(getattr(layer, name), fields)


def _moved(message: Message, names: dict[str, str]) -> Iterator[str]:
    """Move the values of fields to those of another name, which the message does not give."""
    for old, new in names.items():
        if message.HasField(old) and not _gives(message, new):
            put(message, new, getattr(message, old))
            message.ClearField(old)
            yield f"read {old} as {new}"


def _gives(message: Message, name: str) -> bool:
    return any(field.name == name for field, _ in message.ListFields())
