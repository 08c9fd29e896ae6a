"""MemoryData, Input and DummyData: arrays that are there, or are filled."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from proto2net.data.reader import Batch, Job, Reader, Setting, State, batch_size
from proto2net.data.states import number
from proto2net.errors import DataError, ShapeError
from proto2net.layers.base import Filler
from proto2net.layers.data import Input, pick
from proto2net.shape import Shape, check_size, count, dims, require

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray

# ---- arrays of the user's -------------------------------------------------------------------


class FedReader(Reader):
    """Gives the rows of arrays that the user has, batch by batch, and begins anew at their end.

    It reads for Input, and for MemoryData as its Reset does (memory_data_layer.cpp).
    """

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        shapes = self._declared()
        given = {top: setting.feeds.get(top) for top in self.tops}
        if missing := [top for top, value in given.items() if value is None]:
            what = f"nothing is given for {', '.join(missing)}"
            shown = ", ".join(f'"{top}": array' for top in self.tops)
            raise DataError(what, f"give rows for each top: feeds={{{shown}}}")
        self._values = {
            top: _fed(top, given[top], shape) for top, shape in zip(self.tops, shapes, strict=True)
        }
        self._at = 0
        self._shapes = dict(zip(self.tops, self._given_as(shapes), strict=True))
        sizes = {len(v) // shape[0] for v, shape in zip(self._values.values(), shapes, strict=True)}
        if len(sizes) > 1:
            raise DataError(
                "the arrays give different numbers of batches",
                "give the same number of rows for each top",
            )
        self._count = sizes.pop()

    def _declared(self) -> tuple[Shape, ...]:
        if isinstance(self.layer, Input):
            return pick("shape", self.layer.shape, len(self.tops))
        layer = self.layer
        size = batch_size(layer)
        return ((size, layer.channels, layer.height, layer.width), (size,))

    def _given_as(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        """The shapes of a batch: MemoryData's labels get four axes, whatever is declared."""
        if isinstance(self.layer, Input):
            return shapes
        return (shapes[0], (shapes[0][0], 1, 1, 1))

    def plan(self) -> Job:
        batch = {}
        for top, shape in self._shapes.items():
            start = self._at * shape[0]
            batch[top] = self._values[top][start : start + shape[0]].reshape(shape).copy()
        self._at = (self._at + 1) % self._count
        return partial(Batch, batch)

    def state(self) -> dict[str, Any]:
        return {"batch": self._at}

    def restore(self, state: State) -> None:
        self._at = number(state, "batch", self._count)


def _fed(top: str, value: Any, shape: Shape) -> Ndarray:
    """The rows that are given for a top."""
    require(bool(shape) and min(shape) > 0, f'the shape of "{top}" is {dims(shape)}')
    try:
        array = np.asarray(value)
        if array.dtype.kind not in "fiub":
            raise DataError(f'what is given for "{top}" is of {array.dtype}; numbers are needed')
        rows = len(array) if array.ndim else 0
        fits = array.size == rows * count(shape[1:]) and rows and rows % shape[0] == 0
    except (TypeError, ValueError) as error:
        raise DataError(f'what is given for "{top}" is no array: {error}') from None
    if not fits:
        what = f'what is given for "{top}" is {dims(array.shape)}; a batch is {dims(shape)}'
        raise DataError(what, f"give {shape[0]} rows, or a multiple of that")
    return array.astype(np.float32, copy=False)


# ---- arrays of fillers ----------------------------------------------------------------------


class DummyReader(Reader):
    """Fills arrays: constants once, what is random anew for each batch (dummy_data_layer.cpp)."""

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        tops = len(self.tops)
        self._shapes = self.layer.infer((), tops)
        for shape in self._shapes:
            check_size(shape)
        self._fillers = self.layer.fillers(tops)
        self._seed = setting.own.one()
        self._at = 0

    def plan(self) -> Job:
        rng = np.random.default_rng([self._seed, self._at])
        self._at += 1
        rows = zip(self.tops, self._fillers, self._shapes, strict=True)
        return partial(Batch, {top: _filled(filler, shape, rng) for top, filler, shape in rows})

    def state(self) -> dict[str, Any]:
        return {"batch": self._at}

    def restore(self, state: State) -> None:
        self._at = number(state, "batch", 2**62)


def _filled(filler: Filler, shape: Shape, rng: np.random.Generator) -> Ndarray:
    from proto2net.backends.numpy.helpers import fillers

    made: Mapping[str, Any] = {
        "constant": lambda: np.full(shape, filler.value, np.float32),
        "uniform": lambda: fillers.uniform(rng, shape, filler.min, filler.max),
        "gaussian": lambda: fillers.gaussian(rng, shape, filler.mean, filler.std, filler.sparse),
        "positive_unitball": lambda: fillers.positive_unitball(rng, shape),
        "xavier": lambda: fillers.xavier(rng, shape, filler.variance_norm),
        "msra": lambda: fillers.msra(rng, shape, filler.variance_norm),
        "bilinear": lambda: fillers.bilinear(shape),
    }
    if filler.type not in made:
        raise ShapeError(f'data of the filler "{filler.type}" are not known')
    found: Ndarray = made[filler.type]()
    return found
