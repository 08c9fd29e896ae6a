"""Reads a Datum, the record of Caffe's databases: an image or its file, and a label.

It is read by hand, since there is one for each image of a training.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from proto2net.caffe.wire import DAMAGED, fields, signed, varint
from proto2net.errors import DataError, WeightError
from proto2net.shape import count, dims

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray

_CHANNELS, _HEIGHT, _WIDTH, _LABEL, _ENCODED = 0x08, 0x10, 0x18, 0x28, 0x38
_DATA, _PACKED, _FLOAT = 0x22, 0x32, 0x35
"""The tags of its fields, which are their numbers and kinds."""

_FLOATS = np.dtype([("tag", "u1"), ("value", "<f4")])
"""How numbers stand in a record that are not packed."""


class Datum(NamedTuple):
    """What a record holds. If it is encoded, then the data is the file of an image."""

    shape: tuple[int, int, int]
    data: bytes
    floats: Ndarray | None
    label: int
    encoded: bool

    def image(self) -> Ndarray:
        """The image of one that is not encoded: (channels, height, width)."""
        if self.data or self.floats is None:
            values = np.frombuffer(self.data, np.uint8)
        else:
            values = self.floats
        channels, height, width = self.shape
        if channels * height * width != values.size or values.size < 1 or min(self.shape) < 1:
            found = f"claims to be {dims(self.shape)}, and has {values.size:,} values"
            raise DataError(found, DAMAGED)
        return values.reshape(self.shape)


class Parser:
    """Reads records of which most begin as others do, up to the image itself."""

    def __init__(self) -> None:
        self._known: tuple[bytes, bytes, int] | None = None
        """How a record begins, that without the tag of its data, and where the data end."""

    def parsed(self, record: bytes) -> Datum:
        """The Datum of a record. Raises DataError."""
        if self._known:
            head, fields, end = self._known
            tail = record[end:]
            alike = record.startswith(head) and len(record) >= end and _DATA not in tail
            if alike and len(tail) <= _SHORT:
                rest = _parsed_once(fields + tail)
                data = record[len(head) : end]
                return Datum(rest.shape, data, rest.floats, rest.label, rest.encoded)
        found, at, start = _read(record)
        if start and at <= _SHORT and _DATA not in record[:at]:
            self._known = record[:start], record[:at], start + len(found.data)
        return found


def parsed(record: bytes) -> Datum:
    """The Datum of one record. Raises DataError."""
    return _read(record)[0]


_SHORT = 40
"""Bytes before and behind the data of a record, which then are kept."""

_parsed_once = lru_cache(maxsize=10_000)(parsed)


def _read(record: bytes) -> tuple[Datum, int, int]:
    """The Datum of a record; where its data have their tag, and begin."""
    sizes = {_CHANNELS: 0, _HEIGHT: 0, _WIDTH: 0, _LABEL: 0, _ENCODED: 0}
    data, floats = b"", []  # type: bytes, list[Ndarray]
    at, end, tag_at, data_at = 0, len(record), 0, 0
    try:
        while at < end:
            tag = record[at]
            if tag in sizes:
                sizes[tag], at = varint(record, at + 1, end)
            elif tag in (_DATA, _PACKED):
                size, start = varint(record, at + 1, end)
                if start + size > end:
                    raise DataError(f"claims {size:,} bytes, and {end - start:,} follow", DAMAGED)
                if tag == _DATA:
                    data, tag_at, data_at = record[start : start + size], at, start
                else:
                    floats.append(np.frombuffer(record, "<f4", size // 4, start))
                at = start + size
            elif tag == _FLOAT:
                floats.append(_in_a_row(record, at))
                at += floats[-1].size * _FLOATS.itemsize
            else:
                at = next(fields(record, at, end)).end
    except (IndexError, WeightError) as error:
        raise DataError(f"is no Datum: {error}" if str(error) else "is no Datum", DAMAGED) from None
    channels, height, width, label, encoded = (signed(value, 32) for value in sizes.values())
    values = np.concatenate(floats) if floats else None
    shape = (channels, height, width)
    return Datum(shape, data, values, label, bool(encoded)), tag_at, data_at


def stacked(datums: Sequence[Datum]) -> Ndarray | None:
    """The images of all in one array, if they are of bytes, not encoded, and of one shape."""
    shape = datums[0].shape
    size = count(shape) if min(shape) > 0 else 0
    for datum in datums:
        if datum.shape != shape or datum.encoded or not len(datum.data) == size > 0:
            return None
    images = np.frombuffer(b"".join([datum.data for datum in datums]), np.uint8)
    return images.reshape(len(datums), *shape)


def _in_a_row(record: bytes, at: int) -> Ndarray:
    """The numbers that stand here one by one, each behind its tag."""
    rows = np.frombuffer(record, _FLOATS, (len(record) - at) // _FLOATS.itemsize, at)
    others = np.flatnonzero(rows["tag"] != _FLOAT)
    values: Ndarray = rows["value"][: others[0] if others.size else None]
    if not values.size:
        raise IndexError
    return values
