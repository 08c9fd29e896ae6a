"""Data and ImageData: images from a database, or from the files of a list."""

from __future__ import annotations

import os
import re
from abc import abstractmethod
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

import numpy as np

from proto2net import limits, plain
from proto2net.caffe import binaryproto
from proto2net.data import leveldb, lmdb
from proto2net.data.datum import parsed
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
from proto2net.shape import require

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray

T = TypeVar("T")
Labelled = tuple["Ndarray", int]
"""An image (channels, height, width), and its label."""


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
        self._transformer.shape(self._load(self._here())[0])

    @abstractmethod
    def _open(self, setting: Setting) -> None:
        """Find the data."""

    @abstractmethod
    def _here(self) -> T:
        """Where the next image is."""

    @abstractmethod
    def _step(self) -> None:
        """Go on to the image behind it."""

    @abstractmethod
    def _load(self, place: T) -> Labelled:
        """The image of a place."""

    def plan(self) -> Job:
        places = []
        for _ in range(self._batch):
            places.append(self._here())
            self._step()
        drawn = self._draws.next(self._batch * self._transformer.draws)
        return partial(self._made, places, drawn.reshape(self._batch, -1))

    def _made(self, places: list[T], drawn: Ndarray) -> Batch:
        loaded = list(map(self._load, places))
        images = self._transformer.batch([image for image, _ in loaded], drawn)
        labels = np.array([label for _, label in loaded], np.float32)
        return dict(zip(self.tops, (images, labels), strict=False))

    def state(self) -> dict[str, Any]:
        return {"draws": self._draws.state()} if self._transformer.draws else {}

    def restore(self, state: State) -> None:
        if self._transformer.draws:
            self._draws.restore(state.get("draws"))


def mean_image(transform: TransformationParameter, places: Places) -> Ndarray | None:
    """The image of a transformation's mean_file, if it has one."""
    return binaryproto.mean(places.path(transform.mean_file)) if transform.mean_file else None


# ---- a database -----------------------------------------------------------------------------


class _Record(NamedTuple):
    key: bytes
    value: bytes | memoryview


class DataReader(ImageReader[_Record]):
    """Reads the records of an LMDB or a LevelDB in the order of their keys (data_layer.cpp)."""

    def _open(self, setting: Setting) -> None:
        transform = self._transformer.transform
        color = Way.COLOR if transform.force_color else Way.AS_IT_IS
        self._way = Way.GRAY if transform.force_gray else color
        self._database = database(setting.places.path(self.layer.source), self.layer.backend)
        self._begin()

    def _begin(self, key: bytes = b"") -> None:
        """Go to the first record from this key on."""
        self._records = iter(self._database.records(key))
        record = next(self._records, None)
        if record is None:
            raise DataError(f'"{self.layer.source}" has no records')
        self._record = _Record(*record)

    def _here(self) -> _Record:
        return self._record

    def _step(self) -> None:
        record = next(self._records, None)
        if record is None:
            self._begin()
        else:
            self._record = _Record(*record)

    def _load(self, place: _Record) -> Labelled:
        try:
            datum = parsed(bytes(place.value))
            if datum.encoded:
                return channels_first(decoded(datum.data, self._way)), datum.label
            return datum.image(), datum.label
        except DataError as error:
            raise about(f'the record "{place.key[:80].decode(errors="replace")}"', error) from None

    def state(self) -> dict[str, Any]:
        return {**super().state(), "key": self._record.key.decode("latin-1")}

    def restore(self, state: State) -> None:
        super().restore(state)
        key = str(state.get("key")).encode("latin-1", errors="replace")
        self._begin(key)
        if self._record.key != key:
            raise DataError(f'"{self.layer.source}" has no record "{key[:80]!r}"', "it has changed")


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

    def _step(self) -> None:
        self._at += 1
        if self._at == len(self._lines):
            self._at = 0
            if self.layer.shuffle:
                self._order = self._shuffles.shuffled(self._order)

    def _load(self, place: _Line) -> Labelled:
        image = read(self._folder, self.layer.root_folder + place.path, self._way)
        if self.layer.new_height:
            image = resized(image, self.layer.new_height, self.layer.new_width)
        return channels_first(image), place.label

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
