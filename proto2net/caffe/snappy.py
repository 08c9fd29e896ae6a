"""Snappy's compression, undone: blocks of a LevelDB have it (google/snappy, format_description)."""

from __future__ import annotations

from proto2net.caffe.wire import DAMAGED, varint
from proto2net.errors import DataError

_MOST = 32
"""Three bytes copy up to 64: no block holds more than so many times its own size."""


def decompressed(data: bytes) -> bytes:
    """What a block holds. Raises DataError, before it is larger than it claims to be."""
    size, at = varint(data, 0, len(data))
    if size > _MOST * len(data):
        raise DataError(f"{len(data):,} compressed bytes claim to hold {size:,}", DAMAGED)
    try:
        out = _decompressed(data, at, size)
    except IndexError:
        raise DataError("a compressed block ends too early", DAMAGED) from None
    if len(out) != size:
        raise DataError(f"a compressed block claims {size:,} bytes; it holds others", DAMAGED)
    return bytes(out)


def _decompressed(data: bytes, at: int, most: int) -> bytearray:
    """What the tags from here on make. It is one loop, since that is most of the time."""
    out = bytearray()
    end, made = len(data), 0
    while at < end and made <= most:
        tag = data[at]
        kind = tag & 3
        if kind == 0:  # bytes that stand here as they are
            size, at = (tag >> 2) + 1, at + 1
            if size > 60:  # it stands in the next one to four bytes
                width = size - 60
                size = int.from_bytes(data[at : at + width], "little") + 1
                at += width
            if at + size > end:
                raise IndexError
            out += data[at : at + size]
            at += size
        else:  # bytes that are there already, which may overlap what they make
            if kind == 1:
                size, back = (tag >> 2 & 7) + 4, tag >> 5 << 8 | data[at + 1]
                at += 2
            elif kind == 2:
                size, back = (tag >> 2) + 1, data[at + 1] | data[at + 2] << 8
                at += 3
            else:
                size, back = (tag >> 2) + 1, int.from_bytes(data[at + 1 : at + 5], "little")
                at += 5
            if not 0 < back <= made or at > end:
                raise IndexError
            start = made - back
            if back < size:
                out += (out[start:] * (size // back + 1))[:size]
            else:
                out += out[start : start + size]
        made += size
    return out
