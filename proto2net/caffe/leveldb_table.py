"""LevelDB's tables, which are sorted and never change: .ldb, once .sst (doc/table_format.md).

The checksums of blocks are not looked at, as LevelDB itself does not unless it is asked to.
"""

from __future__ import annotations

from collections.abc import Iterator

from proto2net.caffe import snappy
from proto2net.caffe.wire import DAMAGED, Data, varint
from proto2net.errors import DataError

_FOOTER = 48
_MAGIC = bytes.fromhex("57fb808b247547db")
_PLAIN, _SNAPPY = 0, 1
_TRAILER = 8
"""Bytes behind a key: the number of the change, and its kind."""

Change = tuple[bytes, int, int, bytes]
"""A key, minus the number of the change, so that the newest comes first, its kind, the value."""


def changes(data: Data, start: bytes = b"") -> Iterator[Change]:
    """The changes of a table in order, from this key on."""
    if len(data) < _FOOTER or data[-8:] != _MAGIC:
        raise DataError("the table does not end as one does", DAMAGED)
    footer = data[len(data) - _FOOTER :]
    _, at = _handle(footer, 0)
    handle, _ = _handle(footer, at)
    for last, where in _entries(_block(data, *handle)):
        if last[:-_TRAILER] < start:
            continue
        handle, _ = _handle(where, 0)
        for inner, value in _entries(_block(data, *handle)):
            key = inner[:-_TRAILER]
            if key < start:
                continue
            number = int.from_bytes(inner[-_TRAILER:], "little")
            yield key, -(number >> 8), number & 255, value


def _handle(data: bytes, at: int) -> tuple[tuple[int, int], int]:
    """Where a block is, and its size; and where that stands no more."""
    offset, at = varint(data, at, len(data))
    size, at = varint(data, at, len(data))
    return (offset, size), at


def _block(data: Data, offset: int, size: int) -> bytes:
    """What a block holds, behind which its compression stands and a checksum."""
    end = offset + size
    if end + 5 > len(data):
        raise DataError(f"byte {offset:,}: a block of {size:,} bytes goes beyond the end", DAMAGED)
    kind = data[end]
    if kind == _SNAPPY:
        return snappy.decompressed(data[offset:end])
    if kind != _PLAIN:
        raise DataError(f"byte {offset:,}: a block of an unknown compression ({kind})", DAMAGED)
    return data[offset:end]


def _entries(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The keys and values of a block: a key has what it shares with the one before left out."""
    restarts = int.from_bytes(block[-4:], "little")
    end = len(block) - 4 * (restarts + 1)
    if len(block) < 4 or end < 0:
        raise DataError("a block makes no sense", DAMAGED)
    at, key = 0, b""
    while at < end:
        shared, at = varint(block, at, end)
        own, at = varint(block, at, end)
        size, at = varint(block, at, end)
        value = at + own
        if shared > len(key) or value + size > end or shared + own < _TRAILER:
            raise DataError("an entry of a block makes no sense", DAMAGED)
        key = key[:shared] + block[at:value]
        at = value + size
        yield key, block[value:at]
