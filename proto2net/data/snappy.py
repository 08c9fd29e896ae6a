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
    out = bytearray()
    try:
        while at < len(data) and len(out) <= size:
            tag = data[at]
            at = _literal(data, at, out) if not tag & 3 else _copy(data, at, out)
    except IndexError:
        raise DataError("a compressed block ends too early", DAMAGED) from None
    if len(out) != size:
        raise DataError(f"a compressed block claims {size:,} bytes; it holds others", DAMAGED)
    return bytes(out)


def _literal(data: bytes, at: int, out: bytearray) -> int:
    """Add the bytes that stand here as they are; where the next tag is."""
    size, at = data[at] >> 2, at + 1
    if size >= 60:  # it stands in the next one to four bytes
        width = size - 59
        size, at = int.from_bytes(data[at : at + width], "little"), at + width
    end = at + size + 1
    if end > len(data):
        raise IndexError
    out += data[at:end]
    return end


def _copy(data: bytes, at: int, out: bytearray) -> int:
    """Add bytes that are there already, which may overlap what they make; where the next tag is."""
    tag = data[at]
    if tag & 3 == 1:
        size, back, at = 4 + (tag >> 2 & 7), tag >> 5 << 8 | data[at + 1], at + 2
    else:
        width = 2 if tag & 3 == 2 else 4
        size, back = 1 + (tag >> 2), int.from_bytes(data[at + 1 : at + 1 + width], "little")
        at += 1 + width
    if not 0 < back <= len(out) or at > len(data):
        raise IndexError
    start = len(out) - back
    piece = out[start : start + size]
    out += (piece * (size // back + 1))[:size] if back < size else piece
    return at
