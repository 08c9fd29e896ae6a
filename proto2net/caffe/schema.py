"""Caffe's protobuf messages, in a pool of their own.

The pool is private because a process can hold only one `caffe.proto` in the default pool, and
an installed pycaffe has taken it. Classes are made from the shipped descriptor, so no generated
code ties the package to one version of the protobuf runtime.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

# A layer's line in its file travels inside the message, so that it survives every upgrade and
# filter between the text and the graph. No schema has it, and the reader refuses it in a text.
LINE = "_line"
LINE_NUMBER = 536870911  # the largest field number there is: no fork uses it

FORKS = 20000
"""In Caffe's own messages and enums, forks' fields and values have our numbers from here on."""

Message = Any
"""A protobuf message: its classes are made at run time, so there is no static type."""


@cache
def _pool() -> DescriptorPool:
    schema = FileDescriptorProto.FromString(files(__package__).joinpath("caffe.desc").read_bytes())
    for message in schema.message_type:
        if message.name in ("LayerParameter", "V1LayerParameter"):
            message.field.add(
                name=LINE,
                number=LINE_NUMBER,
                type=FieldDescriptorProto.TYPE_INT32,
                label=FieldDescriptorProto.LABEL_OPTIONAL,
            )
    pool = DescriptorPool()
    pool.AddSerializedFile(schema.SerializeToString())
    return pool


@cache
def message_class(name: str) -> type[Message]:
    """The class of the message `name` of caffe.proto, such as "NetParameter"."""
    return GetMessageClass(descriptor(name))


@cache
def descriptor(name: str) -> Descriptor:
    """The descriptor of the message `name` of caffe.proto."""
    return _pool().FindMessageTypeByName(f"caffe.{name}")


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
