"""Reads a LevelDB: which files live, and their records in one order (doc/impl.md of LevelDB).

There is a reader of our own, since the packages that wrap the library are not built for new
Pythons. Of the changes of one key the newest counts, and that may be that it was deleted.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from proto2net.caffe import leveldb_log, leveldb_table
from proto2net.caffe.leveldb_log import VALUE, piece
from proto2net.caffe.leveldb_table import Change
from proto2net.caffe.wire import DAMAGED, Data, mapped, varint
from proto2net.errors import DataError, Location, Proto2NetError

CURRENT = "CURRENT"
_ORDER = b"leveldb.BytewiseComparator"
_COMPARATOR, _LOG, _NEXT, _SEQUENCE, _POINTER, _DELETED, _NEW, _PREVIOUS_LOG = (
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    9,
)
_TRAILER = 8


class _Table(NamedTuple):
    """A table that lives: the keys that it begins and ends with, and the number of its file."""

    smallest: bytes
    largest: bytes
    number: int


class LevelDb:
    """The database of a folder, whose records come in the order of their keys."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._levels: dict[int, dict[int, _Table]] = {}
        self._logs = [0, 0]
        name = bytes(self._content(CURRENT)[:100]).decode(errors="replace").strip()
        if not name.startswith("MANIFEST-") or "/" in name:
            raise self._error(CURRENT, DataError(f'names the file "{name}"', DAMAGED))
        try:
            for record in leveldb_log.records(self._content(name)):
                self._apply(record)
        except Proto2NetError as error:
            raise self._error(name, error) from None
        self._newest = self._of_logs()

    def records(self, start: bytes = b"") -> Iterator[tuple[bytes, bytes | memoryview]]:
        """The keys and values, from this key on."""
        before = None
        for key, _, kind, value in heapq.merge(*self._streams(start)):
            if key != before and kind == VALUE:
                yield key, value
            before = key

    def _streams(self, start: bytes) -> Iterator[Iterator[Change]]:
        """Changes in order: those of logs, of each table of the first level, of each level below.

        Tables of one level overlap in the first alone.
        """
        yield (change for change in self._newest if change[0] >= start)
        for level, tables in self._levels.items():
            live = sorted(table for table in tables.values() if table.largest >= start)
            if level == 0:
                yield from (self._of_tables([table], start) for table in live)
            else:
                yield self._of_tables(live, start)

    def _of_tables(self, tables: list[_Table], start: bytes) -> Iterator[Change]:
        for table in tables:
            name = f"{table.number:06}.ldb"
            if not (self._folder / name).exists():
                name = f"{table.number:06}.sst"
            try:
                yield from leveldb_table.changes(self._content(name), start)
            except Proto2NetError as error:
                raise self._error(name, error) from None

    def _of_logs(self) -> list[Change]:
        """What was written since the last table was, in order."""
        found: list[Change] = []
        for file in sorted(self._folder.glob("*.log")):
            number = int(file.stem) if file.stem.isdecimal() else -1
            if (number < self._logs[0] and number != self._logs[1]) or not file.stat().st_size:
                continue
            try:
                for record in leveldb_log.records(self._content(file.name)):
                    for key, sequence, kind, value in leveldb_log.changes(record):
                        found.append((key, -sequence, kind, value))
            except Proto2NetError as error:
                raise self._error(file.name, error) from None
        return sorted(found)

    def _apply(self, edit: bytes) -> None:
        """Take in a change of which files live (version_edit.cc)."""
        at = 0

        def number() -> int:
            nonlocal at
            value, at = varint(edit, at, len(edit))
            return value

        def text() -> bytes:
            nonlocal at
            value, at = piece(edit, at)
            return value

        while at < len(edit):
            tag = number()
            if tag == _COMPARATOR:
                if (order := text()) != _ORDER:
                    raise DataError(f"its keys are in an order of their own ({order!r})")
            elif tag in (_LOG, _PREVIOUS_LOG):
                self._logs[tag == _PREVIOUS_LOG] = number()
            elif tag in (_NEXT, _SEQUENCE):
                number()
            elif tag == _POINTER:
                number()
                text()
            elif tag == _DELETED:
                self._levels.setdefault(number(), {}).pop(number(), None)
            elif tag == _NEW:
                level, file, _ = number(), number(), number()
                table = _Table(text()[:-_TRAILER], text()[:-_TRAILER], file)
                self._levels.setdefault(level, {})[file] = table
            else:
                raise DataError(f"a change of the kind {tag}", DAMAGED)

    def _content(self, name: str) -> Data:
        try:
            return mapped(self._folder / name)
        except Proto2NetError as error:
            raise self._error(name, error) from None

    def _error(self, name: str, error: Proto2NetError) -> DataError:
        return DataError(error.at(Location(str(self._folder / name), 0)))
