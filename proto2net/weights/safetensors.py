"""Writes arrays to .safetensors, one after the other, so that no model is ever held in memory.

The format is an 8-byte length, a JSON header of names, types, shapes and places, and the bytes.
An array that lies in a file as it is wanted is copied from there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO

from proto2net.arrays import contiguous
from proto2net.backends.base import Array, Convert, Emitted
from proto2net.backends.preprocess import transform_told
from proto2net.caffe.wire import Mapped
from proto2net.frozen import dataclass
from proto2net.graph import Graph
from proto2net.model import Slot
from proto2net.output import copy_file, write_all
from proto2net.shape import Shape, count
from proto2net.unread import Unread, outline

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray

_ALIGNMENT = 8
_SLAB = 2**24
"""How many elements of an array are put in order at once."""


@dataclass(frozen=True)
class Tensor:
    """An array to write: Caffe's, and how they become the target's."""

    name: str
    sources: tuple[Ndarray, ...]
    convert: Convert | None

    @property
    def shape(self) -> Shape:
        """The shape in the target, found without touching the data."""
        if self.convert is None:
            return tuple(self.sources[0].shape)
        shape: Shape = self.convert(*(outline(source.shape) for source in self.sources)).shape
        return shape


def tensors(emitted: Emitted, values: Mapping[Slot, Ndarray]) -> Iterator[Tensor]:
    """The target's arrays for which there are values."""
    for name, array in emitted.arrays.items():
        if all(source in values for source in array.sources):
            yield Tensor(name, tuple(values[source] for source in array.sources), array.convert)


def caffe_names(array: Array) -> list[str]:
    """What an array is made from, each as its layer and its place there: "conv1/0"."""
    return [f"{node.name}/{list(node.blobs).index(blob)}" for node, blob in array.sources]


def metadata(graph: Graph, emitted: Emitted, target: str) -> dict[str, str]:
    """What the header of a .safetensors file says.

    These are the target, Caffe's names of the arrays, and how images were prepared.
    """
    names = {name: caffe_names(array) for name, array in emitted.arrays.items()}
    return {"target": target, "caffe": json.dumps(names), **transform_told(graph)}


def write(stream: BinaryIO, found: Iterable[Tensor], metadata: Mapping[str, str]) -> None:
    """Write a .safetensors file. Memory stays near the largest array that is not as it should be.

    `stream` is unbuffered.
    """
    found = list(found)
    write_all(stream, _header(found, metadata))
    for tensor in found:
        put(stream, tensor)


def _header(found: Iterable[Tensor], metadata: Mapping[str, str]) -> bytes:
    entries: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    place = 0
    for tensor in found:
        size = 4 * count(tensor.shape)
        entries[tensor.name] = {
            "dtype": "F32",
            "shape": list(tensor.shape),
            "data_offsets": [place, place + size],
        }
        place += size
    text = json.dumps(entries, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    return len(text).to_bytes(8, "little") + text


def put(stream: BinaryIO, tensor: Tensor) -> None:
    """Write the elements of an array, in the order of the target."""
    # Some conversions can show the elements in their new order without moving them first.
    convert = getattr(tensor.convert, "in_order", tensor.convert)
    found: Any = convert(*tensor.sources) if convert else tensor.sources[0]
    if isinstance(found, Unread):
        for part in found.parts():
            write_all(stream, part)
        return
    import numpy as np

    array = np.asarray(found, "<f4")
    for slab in _slabs(array):
        flat = contiguous(slab).reshape(-1)
        copied = 0
        if file := _mapped(flat):
            start = flat.ctypes.data - np.frombuffer(file, np.uint8).ctypes.data
            copied = copy_file(stream, file.descriptor, start, flat.nbytes)
        write_all(stream, flat.data.cast("B")[copied:])


def _slabs(array: Ndarray) -> Iterator[Ndarray]:
    """The array in parts along its first axis, so that little has to be moved at once."""
    if array.flags.c_contiguous:
        yield array
        return
    step = max(1, _SLAB * len(array) // array.size) if array.size else 1
    for start in range(0, len(array), step):
        yield array[start : start + step]


def _mapped(array: Ndarray) -> Mapped | None:
    """The file that an array is a view on."""
    owner: Any = array
    while (base := getattr(owner, "base", None)) is not None:
        owner = base
    owner = owner.obj if isinstance(owner, memoryview) else owner
    return owner if isinstance(owner, Mapped) else None
