"""What reads images that are transformed: the base of Data and ImageData."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from proto2net.caffe import binaryproto
from proto2net.data.draws import Draws
from proto2net.data.memory import Memory
from proto2net.data.places import Places
from proto2net.data.reader import Batch, Job, Reader, Setting, State, batch_size
from proto2net.data.transforming import Transformer
from proto2net.layers.data import TransformationParameter
from proto2net.shape import check_size, require

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray

T = TypeVar("T")
Labelled = tuple["Iterable[Ndarray]", list[int]]
"""Images (channels, height, width), and their labels."""


IN_TRANSFORM = ("scale", "mean_file", "crop_size", "mirror")
"""The parameters of old that stand in transform_param now; beside it they mean nothing."""


class ImageReader(Reader, Generic[T]):
    """Reads images that are transformed. T is where one is to be found."""

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._batch = batch_size(self.layer)
        self.layer.check()
        transform: TransformationParameter = self.layer.transform_param
        of_a_fork = transform.crop_h or transform.crop_w or transform.resize_param
        require(not of_a_fork, "crop_h, crop_w and resize_param are SSD's, whose data are not read")
        mean = mean_image(transform, setting.places)
        self._transformer = Transformer(transform, setting.entry.phase, mean, Memory())
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
