"""WindowData: windows cut out of images, of objects and of what is beside them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from math import floor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from proto2net.data.decoding import Way, resized
from proto2net.data.draws import Draws
from proto2net.data.images import mean_image
from proto2net.data.lists import read, rows
from proto2net.data.reader import Batch, Job, Reader, Setting, State, batch_size
from proto2net.errors import DataError, Location
from proto2net.shape import check_size, dims, require

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray

_COUNTS = 2**31


class _Window(NamedTuple):
    """A window of an image, whose last column and row are still in it."""

    image: int
    label: int
    overlap: float
    x1: int
    y1: int
    x2: int
    y2: int


class _Place(NamedTuple):
    """Which part of an image goes where in a crop: corner and size of both."""

    x: int
    y: int
    width: int
    height: int
    left: int
    top: int
    wide: int
    high: int


class WindowReader(Reader):
    """Draws windows of the background, then those of objects (window_data_layer.cpp)."""

    ignored = ("mean_file", "crop_size", "mirror")

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        layer = self.layer
        transform = layer.transform_param
        self._batch, self._crop = batch_size(layer), transform.crop_size
        require(self._crop > 0, "crop_size in transform_param is missing or 0")
        require(
            0 <= 2 * layer.context_pad < self._crop,
            f"context_pad is {layer.context_pad} on each side of a crop of {self._crop}",
        )
        check_size((self._batch, 3, self._crop, self._crop), "the batch")
        transform.check(3)
        self._images, windows = _file(setting.places.path(layer.source))
        self._objects = [each for each in windows if each.overlap >= layer.fg_threshold]
        others = (each for each in windows if each.overlap < layer.fg_threshold)
        self._others = [x._replace(label=0) for x in others if x.overlap < layer.bg_threshold]
        require(bool(self._objects), f"no window has an overlap of {layer.fg_threshold:g} or more")
        require(bool(self._others), f"no window has an overlap below {layer.bg_threshold:g}")
        require(all(w.label > 0 for w in self._objects), "a window of an object has the label 0")
        if transform.mirror or setting.entry.phase == "TRAIN":
            setting.seeds.one()  # of its transformer, which it does not use
        self._draws = Draws(setting.seeds.one())
        if transform.mirror or setting.entry.phase == "TRAIN":
            setting.seeds.one()
        setting.seeds.one()
        self._mean = self._cut(mean_image(transform, setting.places))
        self._folder = setting.places.folder(layer.root_folder + self._images[0])

    def _cut(self, mean: Ndarray | None) -> Ndarray | None:
        """The middle of the mean image, which is under each crop."""
        if mean is None:
            return None
        _, height, width = mean.shape
        at = (width - self._crop) // 2  # as in Caffe, for rows too
        fits = len(mean) == 3 and at >= 0 and at + self._crop <= height
        require(fits, f"the mean image is {dims(mean.shape)}, too small for crop_size {self._crop}")
        return mean[:, at : at + self._crop, at : at + self._crop]

    def plan(self) -> Job:
        objects = floor(np.float32(self._batch) * np.float32(self.layer.fg_fraction))
        chosen = []
        for index in range(self._batch):
            windows = self._others if index < self._batch - objects else self._objects
            window = windows[self._draws.one() % len(windows)]
            mirrored = self.layer.transform_param.mirror and self._draws.one() % 2 == 1
            chosen.append((window, mirrored))
        return partial(self._made, chosen)

    def _made(self, chosen: list[tuple[_Window, bool]]) -> Batch:
        images = np.zeros((self._batch, 3, self._crop, self._crop), np.float32)
        for image, (window, mirrored) in zip(images, chosen, strict=True):
            self._fill(image, window, mirrored)
        labels = np.array([window.label for window, _ in chosen], np.float32)
        return dict(zip(self.tops, (images, labels), strict=False))

    def _fill(self, out: Ndarray, window: _Window, mirrored: bool) -> None:
        path = self.layer.root_folder + self._images[window.image]
        image = read(self._folder, path, Way.COLOR)
        place = self._place(window, image.shape[1], image.shape[0], mirrored)
        within = (
            place.x + place.width <= image.shape[1] and place.y + place.height <= image.shape[0]
        )
        if not within or min(place[:2]) < 0 or min(*place[2:4], *place[6:]) < 1:
            raise DataError(f'a window of "{path}" is not in the image: {window[3:]}')
        part = image[place.y : place.y + place.height, place.x : place.x + place.width]
        part = resized(np.ascontiguousarray(part), place.high, place.wide)
        part = part[:, ::-1] if mirrored else part
        rows = slice(place.top, place.top + place.high)
        columns = slice(place.left, place.left + place.wide)
        values = part.transpose(2, 0, 1).astype(np.float32)
        if self._mean is not None:
            values -= self._mean[:, rows, columns]
        if means := self.layer.transform_param.mean_value:
            values -= np.array(means, np.float32)[:, None, None]
        out[:, rows, columns] = values * np.float32(self.layer.scale)

    def _place(self, window: _Window, width: int, height: int, mirrored: bool) -> _Place:
        """Where a window goes: with context around it, as far as that is in the image."""
        crop, pad = self._crop, self.layer.context_pad
        x1, y1, x2, y2 = window[3:]
        if not pad and self.layer.crop_mode != "square":
            return _Place(x1, y1, x2 - x1 + 1, y2 - y1 + 1, 0, 0, crop, crop)
        real = np.float32
        scale = real(crop) / real(crop - 2 * pad)
        half_height, half_width = real(y2 - y1 + 1) / real(2), real(x2 - x1 + 1) / real(2)
        x, y = real(x1) + half_width, real(y1) + half_height
        if self.layer.crop_mode == "square":
            half_height = half_width = max(half_height, half_width)
        x1, x2 = _rounded(x - half_width * scale), _rounded(x + half_width * scale)
        y1, y2 = _rounded(y - half_height * scale), _rounded(y + half_height * scale)
        scale_x, scale_y = real(crop) / real(x2 - x1 + 1), real(crop) / real(y2 - y1 + 1)
        left, top = max(0, -x1), max(0, -y1)
        right, below = max(0, x2 - width + 1), max(0, y2 - height + 1)
        x1, y1, x2, y2 = x1 + left, y1 + top, x2 - right, y2 - below
        wide = _rounded(real(x2 - x1 + 1) * scale_x)
        high = _rounded(real(y2 - y1 + 1) * scale_y)
        left = _rounded(real(right if mirrored else left) * scale_x)
        top = _rounded(real(top) * scale_y)
        wide, high = min(wide, crop - left), min(high, crop - top)
        return _Place(x1, y1, x2 - x1 + 1, y2 - y1 + 1, left, top, wide, high)

    def state(self) -> dict[str, Any]:
        return {"draws": self._draws.state()}

    def restore(self, state: State) -> None:
        self._draws.restore(state.get("draws"))


def _rounded(value: np.float32) -> int:
    """As C rounds: halves away from zero."""
    return int(np.floor(abs(value) + 0.5) * np.sign(value))


def _file(path: Path) -> tuple[list[str], list[_Window]]:
    """The images of a window file, and their windows. Raises DataError."""
    images: list[str] = []
    windows: list[_Window] = []
    words = _words(path)
    line = 0

    def word() -> str:
        nonlocal line
        found, line = next(words)
        return found

    def number() -> int:
        value = float(word())
        if not abs(value) < _COUNTS:
            raise ValueError
        return int(value)

    try:
        for mark, at in words:
            line = at
            index = number()
            if mark != "#" or index != len(images):
                raise ValueError
            images.append(word())
            for _ in range(3):  # the image's sizes, which the image itself has
                number()
            for _ in range(number()):
                label, overlap = number(), float(word())
                windows.append(_Window(index, label, overlap, *(number() for _ in range(4))))
    except (ValueError, StopIteration):
        what = "this is no window file"
        hint = "each image has # and its number, its path, 3 sizes, a number of windows, and these"
        raise DataError(DataError(what, hint).at(Location(str(path), line))) from None
    if not images:
        raise DataError(f"{path}: the window file is empty")
    return images, windows


def _words(path: Path) -> Iterator[tuple[str, int]]:
    """The words of a text, and the line of each."""
    for index, row in enumerate(rows(path), 1):
        for word in row.split():
            yield word.decode(errors="surrogateescape"), index
