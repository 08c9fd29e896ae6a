"""From messages to typed layers: LayerParameter -> Entry, generic over the fields of a layer."""

from __future__ import annotations

import dataclasses
import struct
from collections.abc import Sequence
from functools import cache
from typing import Any

from google.protobuf.descriptor import FieldDescriptor

from proto2net.caffe.phase import layer_phase
from proto2net.caffe.schema import LINE, Message, descriptor, is_repeated
from proto2net.errors import Issue, Location, ParseError, Proto2NetError, ShapeError, closest
from proto2net.graph import Entry
from proto2net.layers import plugins
from proto2net.layers.base import LAYERS, Filler, Layer, ParamSpec
from proto2net.layers.data import TransformationParameter
from proto2net.layers.loss import LossParameter, SoftmaxParameter

MESSAGES: dict[str, type[Any]] = {
    "FillerParameter": Filler,
    "LossParameter": LossParameter,
    "SoftmaxParameter": SoftmaxParameter,
    "TransformationParameter": TransformationParameter,
}
"""The dataclass of each message that a layer's field can hold. (A BlobShape becomes a tuple.)"""


def entries(layers: Sequence[Message], phase: str, file: str) -> list[Entry]:
    """The layers that stayed in this phase. Raises ParseError with the problems of all layers."""
    if any(layer.type not in LAYERS for layer in layers):
        plugins.load()
    found, issues = [], []
    for layer in layers:
        where = Location(file, getattr(layer, LINE))
        try:
            found.append(_entry(layer, phase, where))
        except Proto2NetError as error:
            issues += error.at(
                where, f'layer "{layer.name}"' + f" ({layer.type})" * bool(layer.type)
            )
    if issues:
        raise ParseError(issues)
    return found


def _entry(layer: Message, phase: str, where: Location) -> Entry:
    if layer.type not in LAYERS:
        raise ParseError([_unknown_type(layer.type)])
    return Entry(
        layer.name,
        read_layer(LAYERS[layer.type], layer),
        tuple(layer.bottom),
        tuple(layer.top),
        tuple(_read(ParamSpec, param) for param in layer.param),
        tuple(map(shortest, layer.loss_weight)),
        tuple(layer.propagate_down),
        layer_phase(layer, phase),
        where,
    )


def _unknown_type(name: str) -> Issue:
    if not name:
        return Issue("the layer has no type", 'give it one, such as type: "Convolution"')
    known = closest(name, LAYERS) or "`proto2net layers` lists the types that it knows"
    return Issue(f'unknown layer type "{name}"', known)


def read_layer(cls: type[Layer], message: Message) -> Layer:
    """A layer of this type from its LayerParameter.

    A field is looked up in the type's own parameter message first, then beside it in
    LayerParameter (loss_param, transform_param).
    """
    own = getattr(message, cls.param) if cls.param else None
    given: dict[str, Any] = {}
    for field, within, route in routes(cls.type):
        if route is None:
            value = _per_axis(own, field)
        else:
            value = _value(own if within else message, route)
        if value is not None:
            given[field.name] = value
        elif field.default is dataclasses.MISSING:
            raise ParseError(f'needs "{field.name}"', f"give it in {cls.param}")
    return cls(**given)


Route = tuple["dataclasses.Field[Any]", bool, "FieldDescriptor | None"]


@cache
def routes(layer_type: str) -> list[Route]:
    """Each field of a layer type; whether it is in the type's own message; its descriptor.

    There is no one descriptor for a field that holds a size per axis. Fields that the schema
    does not have are left out: only a program can give them.
    """
    cls = LAYERS[layer_type]
    beside = descriptor("LayerParameter").fields_by_name
    parameters = beside[cls.param].message_type if cls.param in beside else None
    own = parameters.fields_by_name if parameters else {}
    found: list[Route] = []
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]  # every layer type is one
        if "per_axis" in field.metadata:
            found.append((field, True, None))
        elif field.name in own:
            found.append((field, True, own[field.name]))
        elif field.name in beside:
            found.append((field, False, beside[field.name]))
    return found


def _read(cls: type[Any], message: Message) -> Any:
    """A plain dataclass from the message whose fields it names."""
    fields = message.DESCRIPTOR.fields_by_name
    given = {f.name: _value(message, fields[f.name]) for f in dataclasses.fields(cls)}
    return cls(**{name: value for name, value in given.items() if value is not None})


def _value(message: Message, field: FieldDescriptor) -> Any:
    """The value of a field as a layer holds it; None where it is not given."""
    if is_repeated(field):
        values = getattr(message, field.name)
        return tuple(_plain(field, value) for value in values) if values else None
    return _plain(field, getattr(message, field.name)) if message.HasField(field.name) else None


def _plain(field: FieldDescriptor, value: Any) -> Any:
    if field.message_type is not None:
        if field.message_type.name == "BlobShape":
            return tuple(value.dim)
        return _read(MESSAGES[field.message_type.name], value)
    if field.enum_type is not None:
        return field.enum_type.values_by_number[value].name
    if field.type == FieldDescriptor.TYPE_FLOAT:
        return shortest(value)
    return value


def _per_axis(message: Message, field: dataclasses.Field[Any]) -> tuple[int, ...] | None:
    """A window's size from `kernel_size` (once or per axis), or from `kernel_h` and `kernel_w`."""
    size, h, w = field.metadata["per_axis"]
    missing = field.metadata["missing"]
    sides = [getattr(message, side) if message.HasField(side) else missing for side in (h, w)]
    descriptor = message.DESCRIPTOR.fields_by_name[size]
    value = _value(message, descriptor)
    if not (message.HasField(h) or message.HasField(w)):
        return value if value is None or is_repeated(descriptor) else (value,)
    if value is not None:
        raise ShapeError(
            f"{size} is given, and {h} or {w} too", f"give either {size}, or {h} and {w}"
        )
    if None in sides:
        raise ShapeError(f"only one of {h} and {w} is given", f"give both, or {size}")
    return tuple(sides)


def shortest(value: float) -> float:
    """The shortest decimal that is this 32-bit float: 0.01 and not 0.009999999776482582."""
    for digits in range(6, 9):
        short = float(f"{value:.{digits}g}")
        if struct.pack("<f", short) == struct.pack("<f", value):
            return short
    return value
