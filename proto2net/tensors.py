"""Writes arrays to .safetensors, one after the other, so that no model is ever held in memory.

The format is an 8-byte length, a JSON header of names, types, shapes and places, and the bytes.
An array that lies in a file as it is wanted is copied from there by the kernel.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from proto2net.arrays import contiguous
from proto2net.backends.base import Convert, Emitted
from proto2net.graph import Node
from proto2net.output import write_all
from proto2net.shape import Shape, count

if TYPE_CHECKING:
    import numpy as np

    Ndarray = np.ndarray[Any, np.dtype[Any]]

_ALIGNMENT = 8


@dataclass(frozen=True)
class Tensor:
    """An array to write: Caffe's, and how they become the target's."""

    name: str
    sources: tuple[Ndarray, ...]
    convert: Convert | None

    @property
    def shape(self) -> Shape:
        """The shape in the target, found without touching the data."""
        import numpy as np

        if self.convert is None:
            return tuple(self.sources[0].shape)
        empty = np.zeros((), np.float32)
        outlines = (np.broadcast_to(empty, source.shape) for source in self.sources)
        shape: Shape = self.convert(*outlines).shape
        return shape


def tensors(emitted: Emitted, values: Mapping[tuple[Node[Any], str], Ndarray]) -> Iterator[Tensor]:
    """The target's arrays for which there are values."""
    for name, array in emitted.arrays.items():
        if all(source in values for source in array.sources):
            yield Tensor(name, tuple(values[source] for source in array.sources), array.convert)


def write(stream: BinaryIO, found: Iterable[Tensor], metadata: Mapping[str, str]) -> None:
    """Write a .safetensors file. Memory stays near the largest array that is not as it should be.

    `stream` is unbuffered.
    """
    found = list(found)
    write_all(stream, _header(found, metadata))
    for tensor in found:
        _write(stream, tensor)


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


def _write(stream: BinaryIO, tensor: Tensor) -> None:
    import numpy as np

    array = tensor.convert(*tensor.sources) if tensor.convert else tensor.sources[0]
    flat = contiguous(np.asarray(array, "<f4")).reshape(-1)
    write_all(stream, flat.data.cast("B"))
