"""Reads an LMDB as it lies in data.mdb: pages of a B+ tree (lmdb.h and mdb.c of LMDB 0.9).

LMDB's own library maps the file and trusts what it finds there: a truncated one ends the process
by a signal. Here every place is looked at before it is read.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from proto2net.caffe.wire import DAMAGED, mapped
from proto2net.errors import DataError, Location, Proto2NetError

FILE = "data.mdb"
_HEAD = 16
"""Bytes of a page before what it holds: its number, flags, and how far it is filled."""
_FLAGS, _LOWER = 10, 12
_BRANCH, _LEAF, _OVERFLOW = 1, 2, 4
_BIG = 1
"""A value that has pages of its own."""
_MAGIC, _VERSION = 0xBEEFC0DE, 1
_META = struct.Struct("<II16xI44xIHH5QQQ")
_NODE = struct.Struct("<HHHH")
_NUMBER = struct.Struct("<Q")
_NONE = 2**64 - 1
_DEPTH = 32
"""Levels of the tree, which is LMDB's own limit."""


class _Meta(NamedTuple):
    """One of the two pages that say where the tree is; the younger one holds."""

    magic: int
    version: int
    page_size: int
    pad: int
    flags: int
    depth: int
    branches: int
    leaves: int
    overflows: int
    entries: int
    root: int
    last: int
    transaction: int


class Lmdb:
    """The unnamed database of a folder, whose records come in the order of their keys."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / FILE
        try:
            self._data = mapped(self.file)
        except Proto2NetError as error:
            raise DataError(error.at(Location(str(self.file), 0))) from None
        self._view = memoryview(self._data)
        first = self._meta(0)
        self._size = first.page_size
        self._root = max(first, self._meta(first.page_size), key=lambda meta: meta.transaction)
        if self._root.flags & 4:
            raise self._error("an LMDB with several values of one key", "Caffe writes none")

    def records(self, start: bytes = b"") -> Iterator[tuple[bytes, bytes | memoryview]]:
        """The keys and values, from this key on."""
        data, view = self._data, self._view
        for page in self._leaves(start):
            for at in self._nodes(page):
                low, high, flags, key_size = _NODE.unpack_from(data, at)
                key, at = data[at + 8 : at + 8 + key_size], at + 8 + key_size
                if key < start:
                    continue
                if flags == _BIG:
                    at = self._page(_NUMBER.unpack_from(data, self._within(at, 8))[0], _OVERFLOW)
                    at += _HEAD
                elif flags:
                    raise self._error(f"the key {key!r} is no single value", "Caffe writes none")
                size = low | high << 16
                self._within(at, size)
                yield key, view[at : at + size]

    def _leaves(self, start: bytes) -> Iterator[int]:
        """Where the pages are that have the records from this key on, in order."""
        left = len(self._data) // self._size
        above: list[Iterator[int]] = [iter(() if self._root.root == _NONE else (self._root.root,))]
        while above:
            number = next(above[-1], None)
            if number is None:
                above.pop()
                continue
            left -= 1
            if left < 0 or len(above) > _DEPTH:
                raise self._error("the pages of the tree form a circle")
            page = self._page(number, _BRANCH | _LEAF)
            if self._data[page + _FLAGS] & _LEAF:
                yield page
            else:
                above.append(self._children(page, start))

    def _children(self, page: int, start: bytes) -> Iterator[int]:
        """The pages below a branch, but for those whose keys are all before this one."""
        found: list[int] = []
        for index, at in enumerate(self._nodes(page)):
            low, high, top, key_size = _NODE.unpack_from(self._data, at)
            if index and self._data[at + 8 : at + 8 + key_size] <= start:
                found.clear()
            found.append(low | high << 16 | top << 32)
        return iter(found)

    def _nodes(self, page: int) -> list[int]:
        """Where the entries of a page are."""
        filled = int.from_bytes(self._data[page + _LOWER : page + _LOWER + 2], "little")
        if not _HEAD <= filled <= self._size:
            raise self._error(f"the page at byte {page:,} makes no sense")
        offsets = struct.unpack_from(f"<{(filled - _HEAD) // 2}H", self._data, page + _HEAD)
        if max(offsets, default=0) > self._size - _NODE.size:
            raise self._error(f"the page at byte {page:,} makes no sense")
        return [page + offset for offset in offsets]

    def _page(self, number: int, kinds: int) -> int:
        """Where a page is, which is of one of these kinds."""
        at = self._within(number * self._size, self._size)
        if not self._data[at + _FLAGS] & kinds:
            raise self._error(f"the page at byte {at:,} is of another kind than expected")
        return at

    def _within(self, at: int, size: int) -> int:
        """The place itself, after which so many bytes are in the file."""
        if at + size > len(self._data):
            raise self._error(f"what stands at byte {at:,} is behind the end of the file")
        return at

    def _meta(self, at: int) -> _Meta:
        self._within(at, _HEAD + _META.size)
        meta = _Meta._make(_META.unpack_from(self._data, at + _HEAD))
        if meta.magic != _MAGIC:
            raise self._error(
                "this is no LMDB, or it is from a machine with 32 bits or another byte order"
            )
        if meta.version != _VERSION or not 256 <= meta.page_size <= 2**16:
            raise self._error(f"LMDB's format {meta.version}, pages of {meta.page_size:,} bytes")
        return meta

    def _error(self, what: str, hint: str = DAMAGED) -> DataError:
        return DataError(DataError(what, hint).at(Location(str(self.file), 0)))
