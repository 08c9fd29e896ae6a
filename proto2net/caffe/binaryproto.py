"""Decodes BlobProto: a learned array of a .caffemodel, or the mean image of a .binaryproto.

And encodes it, as Caffe does.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from google.protobuf.message import DecodeError

from proto2net.caffe.schema import message_class
from proto2net.caffe.wire import (
    DAMAGED,
    FIXED32,
    FIXED64,
    LENGTH,
    VARINT,
    Data,
    Field,
    Ranged,
    encoded,
    encoded_varint,
    fields,
    mapped,
    opened,
    signed,
    varints,
)
from proto2net.errors import Location, WeightError
from proto2net.model import Stored, as_float32
from proto2net.shape import MAX_AXES, MAX_COUNT, Shape, count, dims
from proto2net.unread import Unread, has_numpy

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray

_DATA, _DIFF, _SHAPE, _DOUBLE_DATA, _RAW_TYPE, _RAW_DATA = 5, 6, 7, 8, 10, 12
_LAST = _RAW_DATA
_DIM = 1
"""The field of a BlobShape."""

_REPEATED = {_DATA: FIXED32, _DIFF: FIXED32, _DOUBLE_DATA: FIXED64}
"""The fields of many values, which come one by one, or packed in one piece or more."""

_RAW_TYPES = {0: "<f8", 1: "<f4", 2: "<f2"}
"""NVIDIA's fork writes the values as bytes, and their type as a number."""

_LEGACY = (1, 2, 3, 4)
"""num, channels, height and width: what there was before `shape`."""

_C3D_LEGACY = (1, 2, 3, 4, 5)
"""C3D has a length before height, so that width is where data was, and data where diff was.

A length of 0 stands for 1."""

_Parts = dict[tuple[int, int], Field]
"""The last field of each number and kind."""


def mean(path: str | Path) -> Ndarray:
    """The mean of a .binaryproto: (channels, height, width), of C3D's clips with a length too."""
    try:
        data = mapped(path)
        array = decoded(data, 0, len(data)).array
        axes = 3
        if array.ndim == len(_C3D_LEGACY):
            axes = 4
        if array.ndim == axes + 1 and len(array) == 1:
            array = array[0]
        if array.ndim != axes:
            found = f"a mean image has channels, height and width, but this is {dims(array.shape)}"
            raise WeightError(found)
        return array
    except WeightError as error:
        raise WeightError(error.at(Location(str(path), 0))) from None


def decoded(data: Data, start: int, end: int, at: int | None = None) -> Stored:
    """The array of the BlobProto between two positions: a view where its values are in one piece.

    `at` is where messages say that it is, if not at `start`.
    """
    at = start if at is None else at
    parts: _Parts = {}
    shape: list[int] = []
    for field in fields(data, start, end):
        key = field.number, field.kind
        if _is_scattered(field, parts):
            return _in_one_piece(data, start, end, at)
        if key == (_SHAPE, LENGTH) and not _is_c3d(parts):
            _add_dims(shape, data, field, at)
        elif field.number <= _LAST:
            parts[key] = field
    return _stored(data, parts, shape, at)


def _is_scattered(field: Field, before: _Parts) -> bool:
    """Whether this is one value of many, or not the first piece of them."""
    if field.number not in _REPEATED:
        return False
    if field.kind == LENGTH:
        return (field.number, LENGTH) in before
    return field.kind == _REPEATED[field.number]


def _is_c3d(parts: _Parts) -> bool:
    return (_DATA, VARINT) in parts


def _in_one_piece(data: Data, start: int, end: int, at: int) -> Stored:
    """A blob whose values are scattered, after protobuf has written them in one piece."""
    try:
        message = message_class("BlobProto").FromString(data[start:end])
    except DecodeError:
        for _ in fields(data, start, end):  # which tells where the damage is
            pass
        raise WeightError(f"byte {at:,}: a blob that protobuf cannot read", DAMAGED) from None
    data = message.SerializeToString()
    return decoded(data, 0, len(data), at)


def _add_dims(shape: list[int], data: Data, field: Field, at: int) -> None:
    for inner in fields(data, field.start, field.end):
        for size in varints(data, inner) if inner.number == _DIM else ():
            if len(shape) == MAX_AXES:
                what = f"a blob of more than {MAX_AXES} axes, which is Caffe's limit"
                raise WeightError(f"byte {at:,}: {what}", DAMAGED)
            shape.append(signed(size))


def _stored(data: Data, parts: _Parts, dim: list[int], at: int) -> Stored:
    numbers = _C3D_LEGACY if _is_c3d(parts) else _LEGACY
    sizes = [parts.get((number, VARINT)) for number in numbers]
    legacy = any(sizes)
    shape = tuple(signed(s.value, 32) if s else 0 for s in sizes) if legacy else tuple(dim)
    if _is_c3d(parts):
        shape = (*shape[:2], shape[2] or 1, *shape[3:])
    if min(shape, default=0) < 0 or count([size or 1 for size in shape]) > MAX_COUNT:
        limit = f"Caffe's limit is {MAX_COUNT:,} elements"
        raise WeightError(f"byte {at:,}: a blob claims to be {dims(shape)}; {limit}", DAMAGED)
    field, dtype = _values(parts)
    size = int(dtype[-1])
    held = field.end - field.start if field else 0
    if held != count(shape) * size:
        raise WeightError(
            f"byte {at:,}: a blob of {dims(shape)} needs {count(shape) * size:,} bytes of values, "
            f"but {held:,} are there",
            DAMAGED,
        )
    return Stored(_array(data, field, dtype, shape), legacy)


def _array(data: Data, field: Field | None, dtype: str, shape: Shape) -> Any:
    """The values of a field; without one there are none."""
    if not has_numpy() and dtype == "<f4":
        return Unread(data, field.start if field else 0, shape)
    import numpy as np

    if not field:
        return np.zeros(shape, np.float32)
    if isinstance(data, Ranged):
        array = np.frombuffer(data[field.start : field.end], dtype)
    else:
        array = np.frombuffer(data, dtype, count(shape), field.start)
    return as_float32(array.reshape(shape))


def _values(parts: _Parts) -> tuple[Field | None, str]:
    """The field that holds the values, if any does, and their type."""
    if _is_c3d(parts):
        return parts.get((_DIFF, LENGTH)), "<f4"
    raw_type = parts.get((_RAW_TYPE, VARINT))
    raw = _RAW_TYPES.get(raw_type.value) if raw_type else None
    for number, dtype in ((_DOUBLE_DATA, "<f8"), (_DATA, "<f4"), (_RAW_DATA, raw)):
        field = parts.get((number, LENGTH))
        if field and dtype and field.end > field.start:
            return field, dtype
    return None, "<f4"


def encoded_blob(number: int, array: Ndarray) -> list[bytes | memoryview]:
    """A field that holds an array, in pieces that follow each other: its values are not copied.

    As in Caffe's files the values stand before the shape, and what is empty is left out.
    """
    import numpy as np

    pieces: list[bytes | memoryview] = []
    if array.size:
        values = np.ascontiguousarray(array, "<f4").reshape(-1)
        pieces += [opened(_DATA, values.nbytes), values.data.cast("B")]
    if array.ndim:
        dims = encoded(_DIM, b"".join(map(encoded_varint, array.shape)))
        pieces.append(encoded(_SHAPE, dims))
    return [opened(number, sum(map(len, pieces))), *pieces]
