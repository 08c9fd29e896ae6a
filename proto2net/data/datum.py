"""Reads a Datum, the record of Caffe's databases: an image or its file, and a label.

It is read by hand, since there is one for each image of a training.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from proto2net.caffe.wire import DAMAGED, fields, signed, varint
from proto2net.errors import DataError, WeightError
from proto2net.shape import dims

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


def parsed(record: bytes) -> Datum:
    """The Datum of a record. Raises DataError."""
    sizes = {_CHANNELS: 0, _HEIGHT: 0, _WIDTH: 0, _LABEL: 0, _ENCODED: 0}
    data, floats = b"", []  # type: bytes, list[Ndarray]
    at, end = 0, len(record)
    try:
        while at < end:
            tag = record[at]
            if tag in sizes:
                value, at = record[at + 1], at + 2
                if value > 127:
                    value, at = varint(record, at - 1, end)
                sizes[tag] = value
            elif tag in (_DATA, _PACKED):
                size, start = varint(record, at + 1, end)
                at = start + size
                if at > end:
                    raise DataError(f"claims {size:,} bytes, and {end - start:,} follow", DAMAGED)
                if tag == _DATA:
                    data = record[start:at]
                else:
                    floats.append(np.frombuffer(record, "<f4", size // 4, start))
            elif tag == _FLOAT:
                floats.append(_in_a_row(record, at))
                at += floats[-1].size * _FLOATS.itemsize
            else:
                at = next(fields(record, at, end)).end
    except (IndexError, WeightError) as error:
        raise DataError(f"is no Datum: {error}" if str(error) else "is no Datum", DAMAGED) from None
    channels, height, width, label, encoded = (signed(value, 32) for value in sizes.values())
    values = np.concatenate(floats) if floats else None
    return Datum((channels, height, width), data, values, label, bool(encoded))


def _in_a_row(record: bytes, at: int) -> Ndarray:
    """The numbers that stand here one by one, each behind its tag."""
    rows = np.frombuffer(record, _FLOATS, (len(record) - at) // _FLOATS.itemsize, at)
    others = np.flatnonzero(rows["tag"] != _FLOAT)
    values: Ndarray = rows["value"][: others[0] if others.size else None]
    if not values.size:
        raise IndexError
    return values
