"""Gives Caffe's names to what its forks have under other names."""

from __future__ import annotations

from collections.abc import Iterator

from proto2net.caffe.schema import TEXT, Message, put
from proto2net.layers.base import LAYERS
from proto2net.text import counted

_DECENT = "without the rounding of the quantised network, whose numbers differ"
_MASKED = "as its weights are in testing; training would change what the masks keep"

TYPES = {
    "BatchNormFixed": ("BatchNorm", _DECENT),
    "CConvolution": ("Convolution", _MASKED),
    "CInnerProduct": ("InnerProduct", _MASKED),
    "ConvolutionDeeplab": ("Convolution", ""),
    "ConvolutionFixed": ("Convolution", _DECENT),
    "CuDNNDeconvolution": ("Deconvolution", ""),
    "DeconvolutionFixed": ("Deconvolution", _DECENT),
    "HoleConvolution": ("Convolution", ""),
    "INQConvolution": ("Convolution", _MASKED),
    "INQInnerProduct": ("InnerProduct", _MASKED),
    "InnerProductFixed": ("InnerProduct", _DECENT),
    "LSTMNew": ("LSTM", ""),
    "PReLUFixed": ("PReLU", _DECENT),
    "ScaleFixed": ("Scale", _DECENT),
}
"""Types of forks, the types of Caffe that they are, and what is to be told of them."""

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
    return [*_name_types(net), *dict.fromkeys(told)]


def _name_types(net: Message) -> Iterator[str]:
    for kind in dict.fromkeys(layer.type for layer in net.layer):
        if kind not in TYPES or kind in LAYERS:  # a user's own type is what the user says
            continue
        plain, more = TYPES[kind]
        found = [layer for layer in net.layer if layer.type == kind and not layer.HasField(TEXT)]
        for layer in found:
            layer.type = plain
        what = f"read {counted(len(found), 'layer')} of type {kind} as {plain}"
        yield from [f"{what}, {more}" if more else what] * bool(found)


def _renamed(layer: Message) -> Iterator[str]:
    """Rename the fields of a layer, with a sentence for each."""
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
