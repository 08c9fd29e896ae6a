"""Caffe's protobuf messages, in a pool of their own.

The pool is private because a process can hold only one `caffe.proto` in the default pool, and
an installed pycaffe has taken it. Classes are made from the shipped descriptor, so no generated
code ties the package to one version of the protobuf runtime.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

from proto2net.caffe import own
from proto2net.errors import Proto2NetError
from proto2net.layers.base import LAYERS, Layer

# A layer's line in its file travels inside the message, so that it survives every upgrade and
# filter between the text and the graph. No schema has it, and the reader refuses it in a text.
LINE = "_line"
# So does the text of one that is left as a hole.
TEXT = "_text"
# And where what is wrong with its parameters stands among that of others, counted from 1.
PROBLEMS = "_problems"
PRIVATE = {  # the largest field numbers that there are: no fork uses them
    LINE: (536870911, FieldDescriptorProto.TYPE_INT32),
    TEXT: (536870910, FieldDescriptorProto.TYPE_STRING),
    PROBLEMS: (536870909, FieldDescriptorProto.TYPE_INT32),
}

FORKS = 20000
"""In Caffe's own messages and enums, forks' fields and values have our numbers from here on."""

Message = Any
"""A protobuf message: its classes are made at run time, so there is no static type."""

F = TypeVar("F", bound=Callable[..., Any])

_CACHES: list[Any] = []


def cached(function: F) -> F:
    """As functools.cache, until the schema grows."""
    kept = cache(function)
    _CACHES.append(kept)
    return cast(F, kept)


@cached
def message_class(name: str) -> type[Message]:
    """The class of the message `name` of caffe.proto, such as "NetParameter"."""
    return GetMessageClass(descriptor(name))


@cached
def descriptor(name: str) -> Descriptor:
    """The descriptor of the message `name` of caffe.proto."""
    pool, _ = _pool()
    return pool.FindMessageTypeByName(f"caffe.{name}")


def refresh() -> None:
    """Take in layer types that were declared since the schema was made.

    Messages of the schema as it was are then no longer of use.
    """
    _, held = _pool()
    if held != _own_types():
        for kept in _CACHES:
            kept.cache_clear()


@cached
def _pool() -> tuple[DescriptorPool, list[type[Layer]]]:
    """The pool, and the layer types whose parameters are no part of caffe.proto."""
    schema = FileDescriptorProto.FromString(Path(__file__).with_name("caffe.desc").read_bytes())
    types = _own_types()
    for message in schema.message_type:
        if message.name in ("LayerParameter", "V1LayerParameter"):
            for name, (number, kind) in PRIVATE.items():
                own.add(message, name, number, kind)
        if message.name == "LayerParameter":
            own.add_parameters(message, types, {each.name: each for each in schema.message_type})
    pool = DescriptorPool()
    try:
        pool.AddSerializedFile(schema.SerializeToString())
    except TypeError as error:
        names = ", ".join(cls.__name__ for cls in types)
        raise Proto2NetError(f"no schema can be made with {names}: {error}") from None
    return pool, types


def _own_types() -> list[type[Layer]]:
    """The layer types that others have declared: caffe.proto may lack parameters of theirs."""
    return list(LAYERS.others.values())


@cached
def is_repeated(field: FieldDescriptor) -> bool:
    """Whether the field is a list."""
    return _has_label(field, "repeated")


def is_required(field: FieldDescriptor) -> bool:
    """Whether the field must be given."""
    return _has_label(field, "required")


def _has_label(field: FieldDescriptor, label: str) -> bool:
    """A field's label, which protobuf before 6 and after 7 give in different words."""
    if hasattr(field, f"is_{label}"):
        return bool(getattr(field, f"is_{label}"))
    return bool(field.label == getattr(field, f"LABEL_{label.upper()}"))  # type: ignore[attr-defined]  # gone from the stubs of 7


def put(message: Message, name: str, value: Any) -> None:
    """Set a field of any kind. A single value becomes the first of a list."""
    slot = getattr(message, name)
    if hasattr(slot, "append") and not hasattr(value, "append"):
        slot.append(value)
    elif hasattr(slot, "MergeFrom"):
        slot.MergeFrom(value)
    else:
        setattr(message, name, value)
