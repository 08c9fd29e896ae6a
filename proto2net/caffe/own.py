"""Messages for the parameters of layer types that caffe.proto lacks, made from their dataclasses.

So a layer type of one's own is one class, and its prototxt is read and written like any other.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto

from proto2net.errors import Proto2NetError
from proto2net.layers.base import Filler, Layer, field_types

FIRST = 40000
"""In LayerParameter these messages have the numbers from here on, behind those of forks."""

_SCALARS = {
    int: FieldDescriptorProto.TYPE_INT64,
    float: FieldDescriptorProto.TYPE_FLOAT,
    bool: FieldDescriptorProto.TYPE_BOOL,
    str: FieldDescriptorProto.TYPE_STRING,
}
"""What a field holds, by the type that it has in the dataclass."""


def add_parameters(
    layer: DescriptorProto, types: Sequence[type[Layer]], shipped: Mapping[str, DescriptorProto]
) -> None:
    """Give LayerParameter a message for the parameters of each type; some types share one.

    Where caffe.proto has the message, the fields that it lacks join the others.
    """
    beside = {field.name for field in layer.field}
    held = {
        field.name: (shipped[field.type_name.rpartition(".")[2]], field.type_name)
        for field in layer.field
        if field.type_name.rpartition(".")[2] in shipped
    }
    made = 0
    for cls in types:
        if not cls.param:
            continue
        if cls.param not in held:
            name = _message_name(cls.param)
            path = f"{_LAYER}.{name}"
            add(layer, cls.param, FIRST + made, _MESSAGE, path)
            held[cls.param] = layer.nested_type.add(name=name), path
            made += 1
        _add_fields(*held[cls.param], cls, beside)


def add(
    message: DescriptorProto,
    name: str,
    number: int,
    kind: Any,
    path: str = "",
    repeated: bool = False,
) -> None:
    """Add a field to a message. `path` is the full name of the message or enum that it holds."""
    label = FieldDescriptorProto.LABEL_REPEATED if repeated else FieldDescriptorProto.LABEL_OPTIONAL
    message.field.add(name=name, number=number, type=kind, label=label, type_name=path or None)


_LAYER = ".caffe.LayerParameter"
_MESSAGE = FieldDescriptorProto.TYPE_MESSAGE


def _message_name(param: str) -> str:
    """The name of a field's message as caffe.proto forms them: mish_param -> MishParameter."""
    return "".join(map(str.capitalize, param.removesuffix("_param").split("_"))) + "Parameter"


def _add_fields(message: DescriptorProto, path: str, cls: type[Layer], beside: set[str]) -> None:
    """Add the fields of a layer type, but for those that stand beside its message."""
    hints = field_types(cls)
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]  # every layer type is one
        known = beside.union(field.name for field in message.field)
        for name, hint in _named(field, hints[field.name]):
            if name in known:
                continue
            try:
                _add_field(message, path, name, hint)
            except (TypeError, ValueError):
                what = f'no prototxt can give "{name}" of the layer type {cls.type}'
                raise Proto2NetError(
                    f"{what} ({cls.__module__})",
                    "its type can be int, float, bool, str, Filler, a Literal of strings, "
                    "or a tuple[..., ...] of one of these",
                ) from None


def _named(field: dataclasses.Field[Any], hint: Any) -> Iterator[tuple[str, Any]]:
    """The names by which a prototxt gives a field, and their types: a size per axis has three."""
    if "per_axis" not in field.metadata:
        yield field.name, hint
        return
    size, h, w = field.metadata["per_axis"]
    yield from ((size, tuple[int, ...]), (h, int), (w, int))


def _add_field(message: DescriptorProto, path: str, name: str, hint: Any) -> None:
    """Add a field of a type of Python. Raises TypeError for one that no message has."""
    number = 1 + max((field.number for field in message.field), default=0)
    repeated = get_origin(hint) is tuple
    if repeated or NoneType in get_args(hint):
        (hint,) = {*get_args(hint)} - {NoneType, ...}  # ValueError where there are several
    if hint is Filler:
        add(message, name, number, _MESSAGE, ".caffe.FillerParameter", repeated)
    elif get_origin(hint) is Literal:
        choices = _add_enum(message, path, name, get_args(hint))
        add(message, name, number, FieldDescriptorProto.TYPE_ENUM, choices, repeated)
    elif hint in _SCALARS:
        add(message, name, number, _SCALARS[hint], "", repeated)
    else:
        raise TypeError(hint)


def _add_enum(message: DescriptorProto, path: str, name: str, choices: tuple[str, ...]) -> str:
    """Add an enum of these choices, in a place of its own: there no names can collide."""
    place = message.nested_type.add(name=_message_name(name))
    values = place.enum_type.add(name="Choice").value
    for number, choice in enumerate(choices):
        values.add(name=choice, number=number)
    return f"{path}.{place.name}.Choice"
