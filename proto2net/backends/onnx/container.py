"""An .onnx file around arrays that are written as they come, so that none is held in memory.

The graph of `OnnxFile` has an initializer for each learned array, without its data. Protobuf's
wire format puts a message's length before it, which is known from the shapes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO

from proto2net.backends.onnx.schema import Message, message_class
from proto2net.output import write_all
from proto2net.shape import count

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray

Put = Callable[[BinaryIO, str], None]
"""Writes the array of this name, as float32 in little-endian order."""

Told = Callable[[], Mapping[str, str]]
"""Finds out what the file is to tell beside, by its names."""

LARGEST = 1_800_000_000
"""The most bytes of arrays in the file itself: protobuf ends at 2 GiB."""

_EXTERNAL = 1
_ALIGNMENT = 4096  # readers map a file that is aligned so


def lacking(model: Message) -> list[Message]:
    """The initializers whose data is still to come."""
    return [each for each in model.graph.initializer if _lacks(each)]


def size(model: Message) -> int:
    """How many bytes these have."""
    return sum(map(_size, lacking(model)))


def write(stream: BinaryIO, model: Message, put: Put, told: Told = dict) -> None:
    """Write the file to an unbuffered stream, with the arrays in it.

    What is `told` beside, such as hashes, is found out meanwhile.
    """
    rest = message_class("ModelProto")()
    rest.CopyFrom(model)
    rest.ClearField("graph")
    graph = message_class("GraphProto")()
    graph.CopyFrom(model.graph)
    graph.ClearField("initializer")
    graph.initializer.extend(each for each in model.graph.initializer if not _lacks(each))
    inside = graph.SerializeToString()
    tensors = [(each, _headed(each)) for each in lacking(model)]
    length = len(inside) + sum(len(head) + _size(each) for each, head in tensors)
    write_all(
        stream, rest.SerializeToString() + _length_first("ModelProto", "graph", length) + inside
    )
    behind = message_class("ModelProto")()
    with meanwhile(told) as asked:
        for each, head in tensors:
            write_all(stream, head)
            put(stream, each.name)
        tell(behind, asked())
    write_all(stream, behind.SerializeToString())


@contextmanager
def meanwhile(told: Told) -> Iterator[Told]:
    """The metadata, computed in a thread if there are threads."""
    with ThreadPoolExecutor(1) as pool:
        try:
            asked = pool.submit(told)
        except RuntimeError:  # as in a browser
            yield told
            return
        yield asked.result


def tell(model: Message, told: Mapping[str, str]) -> None:
    """Add it to the model's metadata."""
    for key, value in told.items():
        model.metadata_props.add(key=key, value=value)


def with_arrays_in(model: Message, file: str) -> Message:
    """The same for arrays that lie in another file, which has this name and stands beside it."""
    whole = message_class("ModelProto")()
    whole.CopyFrom(model)
    place = 0
    for each in lacking(whole):
        place += -place % _ALIGNMENT
        told = {"location": file, "offset": str(place), "length": str(_size(each))}
        for key, value in told.items():
            each.external_data.add(key=key, value=value)
        each.data_location = _EXTERNAL
        place += _size(each)
    return whole


def write_arrays(stream: BinaryIO, model: Message, put: Put) -> None:
    """Write that other file."""
    place = 0
    for each in lacking(model):
        write_all(stream, bytes(-place % _ALIGNMENT))
        place += -place % _ALIGNMENT + _size(each)
        put(stream, each.name)


def filled(model: Message, arrays: dict[str, Ndarray]) -> bytes:
    """The file as bytes."""
    stream = BytesIO()
    write(stream, model, lambda out, name: write_all(out, _little(arrays[name])))
    return stream.getvalue()


def _little(array: Ndarray) -> bytes:
    content: bytes = array.astype("<f4", copy=False).tobytes()
    return content


def _lacks(tensor: Message) -> bool:
    return not tensor.HasField("raw_data") and tensor.data_location != _EXTERNAL


def _size(tensor: Message) -> int:
    return 4 * count(tensor.dims)


def _headed(tensor: Message) -> bytes:
    """An initializer up to its data: its own tag and length, its fields, the data's tag."""
    fields: bytes = tensor.SerializeToString() + _length_first(
        "TensorProto", "raw_data", _size(tensor)
    )
    return _length_first("GraphProto", "initializer", len(fields) + _size(tensor)) + fields


def _length_first(message: str, field: str, length: int) -> bytes:
    """What stands before a message or bytes: the tag of the field, and how long it is."""
    number = message_class(message).DESCRIPTOR.fields_by_name[field].number
    return bytes([number << 3 | 2, *_varint(length)])


def _varint(value: int) -> Iterable[int]:
    while value >= 0x80:
        yield value & 0x7F | 0x80
        value >>= 7
    yield value
