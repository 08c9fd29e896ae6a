"""Writes .caffemodel files of every format, field by field, as no library would."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

Ndarray = np.ndarray[Any, np.dtype[Any]]


def varint(value: int) -> bytes:
    """A number, seven bits a byte; a negative one as 64 bits."""
    value &= 2**64 - 1
    parts = bytearray()
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    return bytes([*parts, value])


def number(field: int, value: int) -> bytes:
    """A field that holds a number."""
    return varint(field << 3) + varint(value)


def length(field: int, content: bytes | str) -> bytes:
    """A field that holds bytes, text or a message."""
    content = content.encode() if isinstance(content, str) else content
    return varint(field << 3 | 2) + varint(len(content)) + content


def shape(*dims: int) -> bytes:
    """The shape of a blob."""
    return length(7, length(1, b"".join(map(varint, dims))))


# ---- blobs: the values of an array in every encoding ----------------------------------------


def packed(array: Ndarray) -> bytes:
    """Floats in one piece, as Caffe writes them."""
    return shape(*array.shape) + length(5, array.astype("<f4").tobytes())


def unpacked(array: Ndarray) -> bytes:
    """Floats one by one, and so the shape."""
    dims = b"".join(number(1, size) for size in array.shape)
    floats = b"".join(varint(5 << 3 | 5) + struct.pack("<f", value) for value in array.flat)
    return floats + length(7, dims)


def in_pieces(array: Ndarray) -> bytes:
    """Floats in three pieces, one of them empty, with single ones between; the shape in two."""
    flat = array.astype("<f4").reshape(-1)
    cut = max(flat.size - 3, 0)
    return b"".join(
        [
            shape(*array.shape[:1]),
            length(5, flat[:cut].tobytes()),
            length(5, b""),
            *(varint(5 << 3 | 5) + value.tobytes() for value in flat[cut : cut + 2]),
            shape(*array.shape[1:]),
            length(5, flat[cut + 2 :].tobytes()),
        ]
    )


def double(array: Ndarray) -> bytes:
    """Doubles, as Caffe writes a Blob<double>."""
    return shape(*array.shape) + length(8, array.astype("<f8").tobytes())


def legacy(array: Ndarray) -> bytes:
    """Floats after num, channels, height and width, as before there was a shape."""
    sizes = (1,) * (4 - array.ndim) + array.shape
    dims = b"".join(number(field, size) for field, size in enumerate(sizes, start=1))
    return dims + length(5, array.astype("<f4").tobytes())


def c3d(array: Ndarray) -> bytes:
    """Floats in C3D's fields, which has a length before height."""
    sizes = (1,) * (5 - array.ndim) + array.shape
    dims = b"".join(number(field, size) for field, size in enumerate(sizes, start=1))
    return dims + length(6, array.astype("<f4").tobytes())


def half(array: Ndarray) -> bytes:
    """Half precision in NVIDIA's raw_data."""
    return shape(*array.shape) + number(10, 2) + length(12, array.astype("<f2").tobytes())


# ---- nets -----------------------------------------------------------------------------------

UNKNOWN = b"".join(
    [
        number(901, 2**63),
        length(902, b"\x0a\xff no message"),
        varint(903 << 3 | 5) + bytes(4),
        varint(904 << 3 | 1) + bytes(8),
        varint(905 << 3 | 3) + number(1, 7) + length(2, "in a group") + varint(905 << 3 | 4),
    ]
)
"""Fields of every kind that no schema knows."""

Layers = Mapping[str, Sequence[bytes]]
"""Encoded blobs by layer name."""


def current(layers: Layers, *, unknown: bytes = b"") -> bytes:
    """A net of the current format."""
    return _net(100, (_layer(1, 2, "Convolution", 7, *item, unknown) for item in layers.items()))


def v1(layers: Layers) -> bytes:
    """A net of the V1 format, whose types are numbers."""
    return _net(2, (_layer(4, 5, 4, 6, *item) for item in layers.items()))


def v0(layers: Layers) -> bytes:
    """A net of the V0 format, with a layer in each layer."""
    return _net(2, (length(1, _layer(1, 2, "conv", 50, *item)) for item in layers.items()))


def _net(field: int, layers: Iterable[bytes]) -> bytes:
    return length(1, "net") + b"".join(length(field, layer) for layer in layers)


def _layer(
    name_field: int,
    type_field: int,
    type_: str | int,
    blobs_field: int,
    name: str,
    blobs: Sequence[bytes],
    unknown: bytes = b"",
) -> bytes:
    kind = number(type_field, type_) if isinstance(type_, int) else length(type_field, type_)
    content = [length(blobs_field, blob + unknown) for blob in blobs]
    return b"".join([length(name_field, name), unknown, kind, *content])
