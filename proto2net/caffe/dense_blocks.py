"""Writes out caffe_ocr's DenseBlock as the layers of Caffe that compute the same.

So a definition with one becomes one of Caffe's own, in which each layer has a name, and its weights
go to these layers (proto2net/weights/dense_blocks.py).
"""

from __future__ import annotations

from collections.abc import Iterator

from proto2net.caffe.dialects import beside, replace_layers
from proto2net.caffe.schema import LINE, Message
from proto2net.errors import Issue, Location, ParseError
from proto2net.layers.base import shortest
from proto2net.text import counted


def write_out(net: Message, file: str) -> list[str]:
    """Put layers of Caffe in the place of each DenseBlock. Returns a sentence, if there are any."""
    found = [layer for layer in net.layer if layer.type == "DenseBlock"]
    issues = [issue for layer in found for issue in _issues(layer, file)]
    if issues:
        raise ParseError(issues)
    parts = [_parts(layer) if layer in found else [layer] for layer in net.layer]
    replace_layers(net, [part for each in parts for part in each])
    what = counted(len(found), "DenseBlock layer")
    return [f"wrote out {what} as BatchNorm, Scale, ReLU, Convolution and Concat"]


def _issues(layer: Message, file: str) -> Iterator[Issue]:
    """What caffe_ocr refuses of a DenseBlock (DenseBlock_layer.cpp)."""
    where, label = Location(file, getattr(layer, LINE)), f'layer "{layer.name}" (DenseBlock)'
    given = layer.denseblock_param
    if (len(layer.bottom), len(layer.top)) != (1, 1):
        counts = f"{len(layer.bottom)} and {len(layer.top)}"
        yield Issue(f"takes 1 bottom and 1 top, but has {counts}", "", where, label)
    if layer.param:
        yield Issue("has param, which a DenseBlock refuses", "leave param out", where, label)
    for name in ("numTransition", "growthRate"):
        if getattr(given, name) <= 0:
            what = f"{name} is {getattr(given, name)}; it must be above 0"
            yield Issue(what, "", where, label)


def _parts(layer: Message) -> list[Message]:
    """The layers, transition by transition: each adds channels to those before it."""
    given = layer.denseblock_param
    parts: list[Message] = []
    features = layer.bottom[0]

    def add(kind: str, name: str, *bottoms: str) -> Message:
        parts.append(beside(layer, name, kind))
        parts[-1].bottom.extend(bottoms)
        return parts[-1]

    def convolution(name: str, bottom: str, outputs: int, kernel: int) -> str:
        """A BatchNorm with its Scale, a ReLU and a Convolution."""
        normalized = f"{name}/bn"
        batch_norm = add("BatchNorm", normalized, bottom).batch_norm_param
        batch_norm.moving_average_fraction = shortest(1 - given.moving_average_fraction)
        scale = add("Scale", f"{name}/scale", normalized)
        scale.scale_param.bias_term = True
        for own, filler in (("filler", "BN_Scaler_Filler"), ("bias_filler", "BN_Bias_Filler")):
            if given.HasField(filler):
                getattr(scale.scale_param, own).CopyFrom(getattr(given, filler))
        relu = add("ReLU", f"{name}/relu", normalized)
        for part in (scale, relu):  # in place
            part.top[:] = [normalized]
        param = add("Convolution", f"{name}/conv", normalized).convolution_param
        param.num_output, param.bias_term = outputs, False
        param.kernel_size.append(kernel)
        if kernel > 1:
            param.pad.append(kernel // 2)
        if given.HasField("Filter_Filler"):
            param.weight_filler.CopyFrom(given.Filter_Filler)
        return f"{name}/conv"

    for number in range(1, given.numTransition + 1):
        name, read = f"{layer.name}_{number}", features
        if given.use_BC:
            read = convolution(f"{name}/bottleneck", read, 4 * given.growthRate, 1)
        new = convolution(name, read, given.growthRate, 3)
        if given.use_dropout:
            dropout = add("Dropout", f"{name}/dropout", new)
            dropout.top[:] = [new]
            dropout.dropout_param.dropout_ratio = given.dropout_amount
        concat = add("Concat", f"{name}/concat", features, new)
        features = concat.top[0]
    parts[-1].top[:] = layer.top
    return parts
