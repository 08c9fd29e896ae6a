"""A layer's fields in the schema: which there are, and their values in a message."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator
from math import isfinite
from typing import Any, get_args

from google.protobuf.descriptor import FieldDescriptor

from proto2net import limits
from proto2net.caffe.schema import FORKS, PRIVATE, Message, cached, descriptor, is_repeated
from proto2net.errors import ParseError, ShapeError
from proto2net.layers.base import LAYERS, Layer, field_types, shortest
from proto2net.layers.data import Python
from proto2net.layers.python import known


@cached
def messages(cls: type[Any]) -> dict[str, Any]:
    """The dataclass of each field that holds messages. (A BlobShape becomes a tuple.)"""
    hints = field_types(cls).items()
    parts = [(name, part) for name, hint in hints for part in (hint, *get_args(hint))]
    return {name: part for name, part in parts if dataclasses.is_dataclass(part)}


Given = dict[str, tuple[FieldDescriptor, Any]]
"""The fields that a message gives, by name, and their values."""


def given(message: Message) -> Given:
    """What a message gives."""
    return {field.name: (field, value) for field, value in message.ListFields()}


def unread(cls: type[Layer], layer: Given) -> Iterator[tuple[FieldDescriptor, Any]]:
    """The fields that are given, and that this layer type does not read: other forks do.

    What Caffe itself lets stand in any layer, such as another type's parameters, is not counted.
    """
    own, beside = _names_read(cls.type)
    for name, (field, value) in layer.items():
        if name == cls.param:
            yield from _left_out(value, own, cls)
        elif name in beside:
            yield from _left_out_of_parts(field, value, cls)
        elif field.number >= FORKS and name not in PRIVATE:
            yield field, value


@cached
def _names_read(layer_type: str) -> tuple[set[str], set[str]]:
    """The fields that a layer type reads, in its own message and beside it in LayerParameter."""
    own: set[str] = set()
    beside: set[str] = set()
    for field, within, _ in routes(layer_type):  # a size per axis has three names in the schema
        (own if within else beside).update(field.metadata.get("per_axis", (_named(field),)))
    return own, beside


def _left_out(
    message: Message, names: Collection[str], cls: type[Any]
) -> Iterator[tuple[FieldDescriptor, Any]]:
    """The fields given in a message, or in a part of it, that are not read into this class."""
    for field, value in message.ListFields():
        if field.name not in names:
            yield field, value
        else:
            yield from _left_out_of_parts(field, value, cls)


def _left_out_of_parts(
    field: FieldDescriptor, value: Any, cls: type[Any]
) -> Iterator[tuple[FieldDescriptor, Any]]:
    held = messages(cls).get(field.name) if field.message_type else None
    if held:
        for part in value if is_repeated(field) else [value]:
            yield from _left_out(part, {f.name for f in dataclasses.fields(held)}, held)


def read_layer(cls: type[Layer], layer: Given, fork: str = "") -> Layer:
    """A layer of this type from what its LayerParameter gives, as this fork means it.

    A field is looked up in the type's own parameter message first, then beside it in
    LayerParameter (loss_param, transform_param).
    """
    own = given(layer[cls.param][1]) if cls.param in layer else {}
    values: dict[str, Any] = {"fork": fork} if fork in cls.forks else {}
    for field, within, route in routes(cls.type):
        if route is None:
            value = _per_axis(own, field, cls)
        else:
            value = _value(own if within else layer, route.name, cls)
        if value is not None:
            values[field.name] = value
        elif field.default is dataclasses.MISSING:
            raise ParseError(f'needs "{field.name}"', f"give it in {cls.param}")
    typed = cls(**values)
    if isinstance(typed, Python):
        weights = _value(layer, "loss_weight", cls) or ()
        return known(typed, fed="bottom" in layer, weighed=any(weights))
    return typed


Route = tuple["dataclasses.Field[Any]", bool, "FieldDescriptor | None"]


@cached
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
        elif _named(field) in own:
            found.append((field, True, own[_named(field)]))
        elif field.name in beside:
            found.append((field, False, beside[field.name]))
    return found


def bounds(layer_type: str, name: str) -> tuple[int, int]:
    """Between which whole numbers a definition can have a field of a layer."""
    for field, _, route in routes(layer_type) if layer_type in LAYERS else ():
        if field.name == name and (route is None or route.type == FieldDescriptor.TYPE_UINT32):
            return 0, 2**32 - 1
        if field.name == name and route and route.type == FieldDescriptor.TYPE_INT32:
            return -(2**31), 2**31 - 1
    return -(2**63), 2**63 - 1


def choices(layer_type: str, name: str) -> list[str]:
    """What a definition can have for a field of a layer, if that is an enum."""
    for field, _, route in routes(layer_type) if layer_type in LAYERS else ():
        if field.name == name and route and route.enum_type:
            return [value.name for value in route.enum_type.values]
    return []


def _named(field: dataclasses.Field[Any]) -> str:
    """What the schema calls a field."""
    name: str = field.metadata.get("named", field.name)
    return name


def read(cls: type[Any], message: Message) -> Any:
    """A plain dataclass from the message whose fields it names."""
    found = given(message)
    names = [field.name for field in dataclasses.fields(cls) if field.name in found]
    return cls(**{name: _value(found, name, cls) for name in names})


def _value(found: Given, name: str, cls: type[Any]) -> Any:
    """The value of a field as this class holds it; None where it is not given."""
    if name not in found:
        return None
    field, value = found[name]
    if not is_repeated(field):
        return _plain(field, value, cls)
    _check_most(name, len(value), limits.VALUES)
    return tuple(_plain(field, each, cls) for each in value)


def _check_most(name: str, given: int, most: int) -> None:
    if given > most:
        raise ParseError(f"{name} is given {given:,} times; {most:,} times are the most")


def _plain(field: FieldDescriptor, value: Any, cls: type[Any]) -> Any:
    if field.message_type is not None:
        if field.message_type.name == "BlobShape":
            _check_most("dim", len(value.dim), limits.VALUES)
            return tuple(value.dim)
        return read(messages(cls)[field.name], value)
    if field.enum_type is not None:
        return field.enum_type.values_by_number[value].name
    if field.type == FieldDescriptor.TYPE_FLOAT:
        if not isfinite(value):
            raise ShapeError(f"{field.name} is {value}; it must be a finite number")
        return shortest(value)
    return value


def _per_axis(
    found: Given, field: dataclasses.Field[Any], cls: type[Any]
) -> tuple[int, ...] | None:
    """A window's size from `kernel_size` (once or per axis), or from `kernel_h` and `kernel_w`."""
    size, h, w = field.metadata["per_axis"]
    value = _value(found, size, cls)
    if h not in found and w not in found:
        return (value,) if isinstance(value, int) else value
    if value is not None:
        raise ShapeError(
            f"{size} is given, and {h} or {w} too", f"give either {size}, or {h} and {w}"
        )
    missing = field.metadata["missing"]
    sides = tuple(found[side][1] if side in found else missing for side in (h, w))
    if None in sides:
        raise ShapeError(f"only one of {h} and {w} is given", f"give both, or {size}")
    return sides


def described(field: FieldDescriptor) -> str:
    """A field as messages call it."""
    return f'"{field.name}" of {holder(field)}'


def holder(field: FieldDescriptor) -> str:
    """The name of the message that has the field."""
    return field.containing_type.name if field.containing_type else ""
