"""Data: the records of an LMDB or a LevelDB."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proto2net.caffe import leveldb, lmdb
from proto2net.data.datum import Datum, Parser, stacked
from proto2net.data.decoding import Way, channels_first, decoded
from proto2net.data.images import IN_TRANSFORM, ImageReader, Labelled
from proto2net.data.reader import Setting, State, about
from proto2net.errors import DataError

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray

_Record = tuple[bytes, "bytes | memoryview"]
"""A key and its value."""


class DataReader(ImageReader[_Record]):
    """Reads the records of an LMDB or a LevelDB in the order of their keys (data_layer.cpp)."""

    ignored = (*IN_TRANSFORM, "rand_skip", "force_encoded_color")

    def _open(self, setting: Setting) -> None:
        transform = self._transformer.transform
        color = Way.COLOR if transform.force_color else Way.AS_IT_IS
        self._way = Way.GRAY if transform.force_gray else color
        self._database = database(setting.places.path(self.layer.source), self.layer.backend)
        self._parser = Parser()
        self._begin()

    def _begin(self, key: bytes = b"") -> None:
        """Go to the first record, or to that of this key."""
        self._records = iter(self._database.records(key))
        record = next(self._records, None)
        if key and (record is None or record[0] != key):
            shown = key[:80].decode(errors="replace")
            raise DataError(f'"{self.layer.source}" has no record "{shown}"', "it has changed")
        if record is None:
            raise DataError(f'"{self.layer.source}" has no records')
        self._record = record

    def _here(self) -> _Record:
        return self._record

    def _take(self, count: int) -> list[_Record]:
        found: list[_Record] = []
        while len(found) < count:
            found += (self._record, *islice(self._records, count - len(found) - 1))
            record = next(self._records, None)
            if record is None:
                self._begin()
            else:
                self._record = record
        return found

    def _loaded(self, places: Sequence[_Record]) -> Labelled:
        datums = list(map(self._datum, places))
        images: Any = stacked(datums)
        if images is None:
            images = map(self._image, places, datums)
        return images, [datum.label for datum in datums]

    def _datum(self, record: _Record) -> Datum:
        try:
            return self._parser.parsed(bytes(record[1]))
        except DataError as error:
            raise about(_called(record), error) from None

    def _image(self, record: _Record, datum: Datum) -> Ndarray:
        try:
            if datum.encoded:
                return channels_first(decoded(datum.data, self._way))
            return datum.image()
        except DataError as error:
            raise about(_called(record), error) from None

    def state(self) -> dict[str, Any]:
        return {**super().state(), "key": self._record[0].decode("latin-1")}

    def restore(self, state: State) -> None:
        super().restore(state)
        self._begin(str(state.get("key")).encode("latin-1", errors="replace"))


def _called(record: _Record) -> str:
    return f'the record "{record[0][:80].decode(errors="replace")}"'


def database(folder: Path, backend: str) -> lmdb.Lmdb | leveldb.LevelDb:
    """The database of a folder, which has to be of the kind that the definition says."""
    found = ""
    if (folder / lmdb.FILE).is_file():
        found = "LMDB"
    elif (folder / leveldb.CURRENT).is_file():
        found = "LEVELDB"
    if not found:
        what = f"{folder} is no database: it has neither {lmdb.FILE} nor {leveldb.CURRENT}"
        raise DataError(what)
    if found != backend:
        hint = f"write backend: {found}; Caffe takes LEVELDB where none is given"
        raise DataError(f"{folder} is of the kind {found}, and backend is {backend}", hint)
    return lmdb.Lmdb(folder) if found == "LMDB" else leveldb.LevelDb(folder)
