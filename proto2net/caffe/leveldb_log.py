"""LevelDB's log format: records in blocks of 32 KB, cut where a block ends (doc/log_format.md).

The newest records of a database are in such files, and its list of tables too. Checksums are not
looked at.
"""

from __future__ import annotations

from collections.abc import Iterator

from proto2net.caffe.wire import DAMAGED, Data, varint
from proto2net.errors import DataError

_BLOCK = 2**15
_HEAD = 7
"""Bytes before each piece: a checksum, its size, its kind."""
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
DELETION, VALUE = 0, 1
"""The kinds of a change."""


def records(data: Data) -> Iterator[bytes]:
    """The records of a file. One whose end was never written is left out, as LevelDB does."""
    at = 0
    pieces: list[bytes] = []
    while at + _HEAD <= len(data):
        left = _BLOCK - at % _BLOCK
        size, kind = int.from_bytes(data[at + 4 : at + 6], "little"), data[at + 6]
        if left < _HEAD or kind == size == 0:  # what is left of a block is filled with zeros
            at += left
            continue
        if not _FULL <= kind <= _LAST or size > left - _HEAD:
            raise DataError(f"byte {at:,}: a piece of a record makes no sense", DAMAGED)
        if (kind in (_FULL, _FIRST)) == bool(pieces):
            raise DataError(f"byte {at:,}: a piece of a record is missing", DAMAGED)
        at += _HEAD + size
        if at > len(data):
            return
        pieces.append(data[at - size : at])
        if kind in (_FULL, _LAST):
            yield b"".join(pieces)
            pieces.clear()


def changes(record: bytes) -> Iterator[tuple[bytes, int, int, bytes]]:
    """What a record writes or deletes: key, sequence number, kind and value (write_batch.cc)."""
    sequence, end, at = int.from_bytes(record[:8], "little"), len(record), 12
    while at < end:
        kind, value = record[at], b""
        if kind not in (DELETION, VALUE):
            raise DataError(f"a change of the kind {kind}", DAMAGED)
        key, at = piece(record, at + 1)
        if kind == VALUE:
            value, at = piece(record, at)
        yield key, sequence, kind, value
        sequence += 1


def piece(record: bytes, at: int) -> tuple[bytes, int]:
    """The bytes that stand behind their size, and where they end."""
    size, at = varint(record, at, len(record))
    if at + size > len(record):
        raise DataError(f"{size:,} bytes are claimed, and {len(record) - at:,} follow", DAMAGED)
    return record[at : at + size], at + size
