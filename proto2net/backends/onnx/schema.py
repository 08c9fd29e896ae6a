"""The messages of .onnx files, made from the shipped descriptor in a pool of their own.

An installed onnx has its messages in the default pool, which holds only one of a name.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

Message = Any
"""A protobuf message: its classes are made at run time, so there is no static type."""


@cache
def _pool() -> DescriptorPool:
    pool = DescriptorPool()
    pool.AddSerializedFile(Path(__file__).with_name("onnx.desc").read_bytes())
    return pool


@cache
def message_class(name: str) -> type[Message]:
    """The class of the message `name` of onnx.proto, such as "GraphProto"."""
    return GetMessageClass(_pool().FindMessageTypeByName(f"onnx.{name}"))
