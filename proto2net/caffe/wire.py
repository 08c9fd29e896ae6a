"""Walks protobuf's wire format where it lies, for files too large to be made into messages.

A message is a row of fields. A field is a tag, which is its number and the kind of its value, and
the value. Nothing is copied and nothing is allocated for what a file only claims to hold.
"""

from __future__ import annotations

import mmap
import os
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, overload

from proto2net import limits
from proto2net.errors import WeightError


class Mapped(mmap.mmap):
    """The bytes of a file, and what it is open as, for the kernel to copy from."""

    descriptor: int


class Ranged:
    """The bytes of a file that cannot be mapped: parts of it are read as they are asked for."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._size = size
        self._near, self._start = b"", 0

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, at: int) -> int: ...
    @overload
    def __getitem__(self, at: slice) -> bytes: ...
    def __getitem__(self, at: int | slice) -> int | bytes:
        if isinstance(at, slice):
            start, end, _ = at.indices(self._size)
            return self._read(start, end - start)
        if not 0 <= at - self._start < len(self._near):
            self._near, self._start = self._read(at, _NEAR), at
        return self._near[at - self._start]

    def _read(self, start: int, size: int) -> bytes:
        self._file.seek(start)
        return self._file.read(max(0, size))


Data = mmap.mmap | Ranged | bytes

MAPS = sys.platform != "emscripten"
"""Whether a file can be mapped. In a browser it would be copied into memory."""

_NEAR = 2**12
"""How many bytes are read at once where they are asked for one by one."""

VARINT, FIXED64, LENGTH, START_GROUP, END_GROUP, FIXED32 = range(6)
"""The kinds of a field's value."""

DAMAGED = "the file is damaged or incomplete; fetch it again"

_SIZES = {FIXED64: 8, FIXED32: 4}


class Field(NamedTuple):
    """One field of a message: where it begins, and where its value begins and ends."""

    number: int
    kind: int
    at: int
    start: int
    end: int
    value: int
    """The number that a VARINT holds."""


def mapped(path: str | Path) -> Mapped:
    """The bytes of a file, read only as they are used: it must stay as it is until then."""
    if os.path.exists(path) and not os.path.isfile(path):
        raise WeightError("this is not a plain file", "give the path of one")
    try:
        with open(path, "rb") as file:
            if os.fstat(file.fileno()).st_size == 0:
                raise WeightError("the file is empty", "fetch it again")
            data = Mapped(file.fileno(), 0, access=mmap.ACCESS_READ)
            data.descriptor = os.dup(file.fileno())
            weakref.finalize(data, os.close, data.descriptor)
            return data
    except (OSError, ValueError) as error:
        raise WeightError(getattr(error, "strerror", None) or str(error)) from None


def in_parts(path: str | Path) -> Data:
    """The same of a file that may be one that cannot be mapped: then only parts are bytes."""
    if MAPS:
        return mapped(path)
    try:
        if size := os.path.getsize(path):
            return Ranged(open(path, "rb"), size)
    except OSError as error:
        raise WeightError(error.strerror or str(error)) from None
    raise WeightError("the file is empty", "fetch it again")


def fields(data: Data, start: int, end: int) -> Iterator[Field]:
    """The fields of the message between two positions. Raises WeightError at the first damage."""
    at, number = start, 0
    while at < end:
        number += 1
        if number > limits.FIELDS:
            raise WeightError(f"byte {at:,}: more than {limits.FIELDS:,} fields", DAMAGED)
        field = _field(data, at, end)
        yield field
        at = field.end


def _field(data: Data, at: int, end: int, depth: int = 0) -> Field:
    tag, start = varint(data, at, end)
    number, kind, value = tag >> 3, tag & 7, 0
    if not 0 < number < 2**29:
        raise WeightError(f"byte {at:,}: a field has the number {number}", DAMAGED)
    last = start
    if kind == VARINT:
        value, last = varint(data, start, end)
    elif kind == LENGTH:
        size, start = varint(data, start, end)
        last = start + size
    elif kind in _SIZES:
        last = start + _SIZES[kind]
    elif kind == START_GROUP and depth < limits.DEPTH:
        while (inner := _field(data, last, end, depth + 1)).kind != END_GROUP:
            last = inner.end
        last = inner.end
    elif kind != END_GROUP or not depth:
        raise WeightError(f"byte {at:,}: a field of kind {kind} cannot be here", DAMAGED)
    if last > end:
        raise WeightError(
            f"byte {at:,}: field {number} claims {last - start:,} bytes, "
            f"but only {end - start:,} follow",
            DAMAGED,
        )
    return Field(number, kind, at, start, last, value)


def varint(data: Data, at: int, end: int) -> tuple[int, int]:
    """The number at a position, seven bits a byte, and where it ends."""
    value = 0
    for index in range(10):
        if at + index >= end:
            break
        byte = data[at + index]
        value |= (byte & 127) << (7 * index)
        if byte < 128:
            return value & (2**64 - 1), at + index + 1
    raise WeightError(f"byte {at:,}: a number does not end", DAMAGED)


def varints(data: Data, field: Field) -> Iterator[int]:
    """The numbers of a repeated field, which come one by one or packed."""
    if field.kind == VARINT:
        yield field.value
    at = field.start
    while field.kind == LENGTH and at < field.end:
        value, at = varint(data, at, field.end)
        yield value


def signed(value: int, bits: int = 64) -> int:
    """A number as it was before it was written: negative ones are written as two's complement."""
    value &= 2**bits - 1
    return value - 2**bits if value >> (bits - 1) else value


def text(data: Data, field: Field, errors: str = "replace") -> str:
    """A string; a long one is no name. `errors` is what is done about what is no UTF-8."""
    size = field.end - field.start
    if size > 10_000:
        raise WeightError(f"byte {field.at:,}: a name of {size:,} bytes", DAMAGED)
    return data[field.start : field.end].decode(errors=errors)


def encoded(number: int, body: bytes) -> bytes:
    """A field that holds these bytes."""
    return opened(number, len(body)) + body


def opened(number: int, size: int) -> bytes:
    """The beginning of a field that holds so many bytes."""
    return encoded_varint(number << 3 | LENGTH) + encoded_varint(size)


def encoded_number(number: int, value: int) -> bytes:
    """A field that holds a number."""
    return encoded_varint(number << 3 | VARINT) + encoded_varint(value)


def encoded_varint(value: int) -> bytes:
    """A number, seven bits a byte."""
    parts = bytearray()
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    parts.append(value)
    return bytes(parts)
