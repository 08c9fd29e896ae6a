"""ImageData: the images of a list of files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from proto2net import limits, plain
from proto2net.data.decoding import Way, channels_first, decoded, resized
from proto2net.data.draws import Draws
from proto2net.data.images import IN_TRANSFORM, ImageReader, Labelled
from proto2net.data.reader import Setting, State, about
from proto2net.data.states import number, order
from proto2net.errors import DataError, Location
from proto2net.shape import check_size, require

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray

_LABEL = re.compile(rb"\s*([+-]?[0-9]{1,18})")


class _Line(NamedTuple):
    """A line of a list."""

    path: str
    label: int


class ImageDataReader(ImageReader[_Line]):
    """Reads the images of a list, each with its label (image_data_layer.cpp)."""

    ignored = IN_TRANSFORM

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
