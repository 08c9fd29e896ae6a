"""Data and ImageData: images from a database, or from the files of a list."""

from __future__ import annotations

import logging
import os
import re
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

import numpy as np

from proto2net import limits, plain
from proto2net.caffe import binaryproto
from proto2net.data import leveldb, lmdb
from proto2net.data.datum import Datum, Parser, stacked
from proto2net.data.decoding import Way, channels_first, decoded, resized
from proto2net.data.draws import Draws
from proto2net.data.places import Places
from proto2net.data.reader import (
    Batch,
    Job,
    Reader,
    Setting,
    State,
    about,
    batch_size,
    number,
    order,
)
from proto2net.data.transforming import Transformer
from proto2net.errors import DataError, Location
from proto2net.layers.data import TransformationParameter
from proto2net.shape import check_size, require

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray

T = TypeVar("T")
Labelled = tuple["Iterable[Ndarray]", list[int]]
"""Images (channels, height, width), and their labels."""


class ImageReader(Reader, Generic[T]):
    """Reads images that are transformed. T is where one is to be found."""

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._batch = batch_size(self.layer)
        self.layer.check()
        transform: TransformationParameter = self.layer.transform_param
        of_a_fork = transform.crop_h or transform.crop_w or transform.resize_param
        require(not of_a_fork, "crop_h, crop_w and resize_param are SSD's: its data are not read")
        mean = mean_image(transform, setting.places)
        self._transformer = Transformer(transform, setting.entry.phase, mean)
        random = self._transformer.draws > 0
        if random:
            setting.seeds.one()  # Caffe seeds its transformer twice
        self._open(setting)
        self._draws = Draws(setting.seeds.one() if random else 0)
        setting.seeds.one()  # of the thread that prefetches
        images, _ = self._loaded([self._here()])
        check_size((self._batch, *self._transformer.shape(next(iter(images)))), "the batch")

    @abstractmethod
    def _open(self, setting: Setting) -> None:
        """Find the data."""

    @abstractmethod
    def _here(self) -> T:
        """Where the next image is."""

    @abstractmethod
    def _take(self, count: int) -> list[T]:
        """Where the next images are, over which it steps."""

    @abstractmethod
    def _loaded(self, places: Sequence[T]) -> Labelled:
        """The images of these places, and their labels."""

    def plan(self) -> Job:
        drawn = self._draws.next(self._batch * self._transformer.draws)
        places = self._take(self._batch)
        return partial(self._made, places, drawn.reshape(self._batch, -1))

    def _made(self, places: Sequence[T], drawn: Ndarray) -> Batch:
        images, labels = self._loaded(places)
        found = (self._transformer.batch(images, drawn), np.array(labels, np.float32))
        return dict(zip(self.tops, found, strict=False))

    def state(self) -> dict[str, Any]:
        return {"draws": self._draws.state()} if self._transformer.draws else {}

    def restore(self, state: State) -> None:
        if self._transformer.draws:
            self._draws.restore(state.get("draws"))


def mean_image(transform: TransformationParameter, places: Places) -> Ndarray | None:
    """The image of a transformation's mean_file, if it has one."""
    return binaryproto.mean(places.path(transform.mean_file)) if transform.mean_file else None


# ---- a database -----------------------------------------------------------------------------


_Record = tuple[bytes, "bytes | memoryview"]
"""A key and its value."""


class DataReader(ImageReader[_Record]):
    """Reads the records of an LMDB or a LevelDB in the order of their keys (data_layer.cpp)."""

    def _open(self, setting: Setting) -> None:
        transform = self._transformer.transform
        color = Way.COLOR if transform.force_color else Way.AS_IT_IS
        self._way = Way.GRAY if transform.force_gray else color
        if self.layer.rand_skip:
            note = f"{setting.entry.where}: {setting.entry}: rand_skip is ignored, as in Caffe"
            logging.getLogger("proto2net").info(note)
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


# ---- a list of files ------------------------------------------------------------------------

_LABEL = re.compile(rb"\s*([+-]?[0-9]{1,18})")


class _Line(NamedTuple):
    """A line of a list."""

    path: str
    label: int


class ImageDataReader(ImageReader[_Line]):
    """Reads the images of a list, each with its label (image_data_layer.cpp)."""

    def _open(self, setting: Setting) -> None:
        layer, seeds = self.layer, setting.seeds
        self._lines = list(_lines(setting.places.path(layer.source)))
        require(bool(self._lines), f'"{layer.source}" has no lines')
        self._way = Way.COLOR if layer.is_color else Way.GRAY
        check_size((3, layer.new_height, layer.new_width), "an image")
        self._order = np.arange(len(self._lines), dtype=np.uint32)
        self._shuffles = Draws(seeds.one() if layer.shuffle else 0)
        if layer.shuffle:
            self._order = self._shuffles.shuffled(self._order)
        skip = seeds.one() % layer.rand_skip if layer.rand_skip else 0
        require(skip < len(self._lines), f"{skip} of {len(self._lines)} images are to be skipped")
        self._at = skip
        self._folder = setting.places.folder(layer.root_folder + self._here().path)

    def _here(self) -> _Line:
        return self._lines[int(self._order[self._at])]

    def _take(self, count: int) -> list[_Line]:
        found = []
        for _ in range(count):
            found.append(self._here())
            self._at += 1
            if self._at == len(self._lines):
                self._at = 0
                if self.layer.shuffle:
                    self._order = self._shuffles.shuffled(self._order)
        return found

    def _loaded(self, places: Sequence[_Line]) -> Labelled:
        return map(self._image, places), [line.label for line in places]

    def _image(self, line: _Line) -> Ndarray:
        image = read(self._folder, self.layer.root_folder + line.path, self._way)
        if self.layer.new_height:
            image = resized(image, self.layer.new_height, self.layer.new_width)
        return channels_first(image)

    def state(self) -> dict[str, Any]:
        shuffled = {"order": self._order, "shuffles": self._shuffles.state()}
        return {**super().state(), "at": self._at, **(shuffled if self.layer.shuffle else {})}

    def restore(self, state: State) -> None:
        super().restore(state)
        self._at = number(state, "at", len(self._lines))
        if self.layer.shuffle:
            self._order = order(state, "order", len(self._lines))
            self._shuffles.restore(state.get("shuffles"))


def _lines(path: Path) -> Iterator[_Line]:
    """The path and the label of each line, between which the last space is."""
    for row in rows(path):
        name, _, label = row.rpartition(b" ")
        found = _LABEL.match(label)
        yield _Line(os.fsdecode(name or row), int(found[1]) if found else 0)


def rows(path: Path) -> Iterator[bytes]:
    """The lines of a text, none of which is too long. Raises DataError."""
    try:
        with path.open("rb") as file:
            number = 0
            while row := file.readline(limits.STRING + 1):
                number += 1
                if len(row) > limits.STRING:
                    what = f"this line has more than {limits.STRING:,} bytes"
                    raise DataError(DataError(what).at(Location(str(path), number)))
                yield row.rstrip(b"\n")
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from None


def read(folder: Path, path: str, way: Way) -> Ndarray:
    """The image of a file: (height, width, channels)."""
    place = folder / path
    try:
        if plain.is_special(place):
            raise DataError(plain.SPECIAL)
        return decoded(place.read_bytes(), way)
    except (OSError, ValueError) as error:
        raise DataError(f'the image "{path}": {getattr(error, "strerror", error)}') from None
    except DataError as error:
        raise about(f'the image "{path}"', error) from None
