"""HDF5Data, MemoryData, Input and DummyData: arrays that are there, or are filled."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from proto2net import limits
from proto2net.data.draws import Draws
from proto2net.data.images import rows
from proto2net.data.reader import Batch, Job, Reader, Setting, State, batch_size, number, order
from proto2net.errors import DataError, Location, ShapeError
from proto2net.layers.base import Filler
from proto2net.layers.data import Input, pick
from proto2net.shape import MAX_COUNT, Shape, check_size, count, dims, require

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray

# ---- files ----------------------------------------------------------------------------------


class Hdf5Reader(Reader):
    """Reads rows of the datasets that have the tops' names (hdf5_data_layer.cpp)."""

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        layer = self.layer
        require(layer.transform_param is None, "transform_param is given, and HDF5 has none")
        self._batch = batch_size(layer)
        source = setting.places.path(layer.source)
        names = [word for row in rows(source) for word in row.decode(errors="replace").split()]
        require(bool(names), f'"{layer.source}" names no files')
        self._files = [setting.places.path(name) for name in names]
        # Caffe shuffles these with the C library's rand(), which no seed of Caffe's reaches.
        self._shuffles = Draws(setting.seeds.one()) if layer.shuffle else None
        self._of_files = self._shuffled(np.arange(len(names), dtype=np.uint32))
        self._open(0)
        self._shape = {top: array.shape[1:] for top, array in self._arrays.items()}
        for shape in self._shape.values():
            check_size((self._batch, *shape), "the batch")

    def _shuffled(self, order: Ndarray) -> Ndarray:
        return self._shuffles.shuffled(order) if self._shuffles else order

    def _open(self, index: int) -> None:
        """Go to the first row of a file."""
        self._file = index
        path = self._files[self._of_files[index]]
        self._arrays = _datasets(path, self.tops)
        sizes = {len(array) for array in self._arrays.values()}
        if len(sizes) > 1 or 0 in sizes:
            found = ", ".join(f"{top} {len(array):,}" for top, array in self._arrays.items())
            raise DataError(f"{path}: datasets need as many rows, of which there are {found}")
        self._of_rows = self._shuffled(np.arange(sizes.pop(), dtype=np.uint32))
        self._row = 0

    def plan(self) -> Job:
        """Read at once: the library of HDF5 does not read in two threads."""
        batch = {
            top: np.empty((self._batch, *shape), np.float32) for top, shape in self._shape.items()
        }
        done = 0
        while done < self._batch:
            size = min(self._batch - done, len(self._of_rows) - self._row)
            chosen = self._of_rows[self._row : self._row + size]
            for top, array in self._arrays.items():
                if array.shape[1:] != self._shape[top]:
                    found = f'rows of "{top}" are {dims(array.shape[1:])}'
                    raise DataError(f"{found}, and {dims(self._shape[top])} in the first file")
                batch[top][done : done + size] = self._taken(array, chosen)
            done += size
            self._row += size
            if self._row == len(self._of_rows):
                self._next_file()
        return partial(Batch, batch)

    def _taken(self, array: Any, chosen: Ndarray) -> Ndarray:
        """Rows of an array, which may be one in a file."""
        if not self._shuffles:
            found: Ndarray = array[int(chosen[0]) : int(chosen[-1]) + 1]
        elif isinstance(array, np.ndarray):
            found = array[chosen]
        else:  # of which a file takes rising ones only
            places = np.argsort(chosen)
            found = array[chosen[places]][np.argsort(places)]
        return found

    def _next_file(self) -> None:
        if len(self._files) == 1:
            self._row, self._of_rows = 0, self._shuffled(self._of_rows)
            return
        if self._file + 1 == len(self._files):
            self._of_files = self._shuffled(self._of_files)
        self._open((self._file + 1) % len(self._files))

    def state(self) -> dict[str, Any]:
        known = {"file": self._file, "row": self._row}
        if not self._shuffles:
            return known
        orders = {"files": self._of_files, "rows": self._of_rows}
        return {**known, **orders, "shuffles": self._shuffles.state()}

    def restore(self, state: State) -> None:
        if self._shuffles:
            self._of_files = order(state, "files", len(self._files))
        self._open(number(state, "file", len(self._files)))
        self._row = number(state, "row", len(self._of_rows))
        if self._shuffles:
            self._of_rows = order(state, "rows", len(self._of_rows))
            self._shuffles.restore(state.get("shuffles"))


def _datasets(path: Path, tops: tuple[str, ...]) -> dict[str, Any]:
    """The dataset of each top: an array, or one in the file if it is large."""
    try:
        import h5py  # type: ignore[import-untyped]  # it has no stubs
    except ImportError:
        what = f"{path}: it is an HDF5 file, and h5py is not installed"
        raise DataError(what, 'pip install "proto2net[data]"') from None
    try:
        file = h5py.File(path, "r")
        return {top: _dataset(h5py, file, top) for top in tops}
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise DataError(f"{path}: the HDF5 file is damaged: {error}") from None
    except DataError as error:
        raise DataError(error.at(Location(str(path), 0))) from None


def _dataset(h5py: Any, file: Any, top: str) -> Any:
    found = file.get(top)
    if not isinstance(found, h5py.Dataset):
        known = ", ".join(sorted(file)[:20])
        raise DataError(f'no dataset "{top}", which a top is called', f"it has {known}")
    if found.file.filename != file.filename or found.is_virtual or found.external:
        raise DataError(f'the values of "{top}" are in other files', "put them into this one")
    shape, kind = found.shape, found.dtype.kind
    if kind not in "fiu":
        raise DataError(f'"{top}" is of the type {found.dtype}; numbers are needed')
    if not shape or count(shape) > MAX_COUNT:
        raise DataError(f'"{top}" is {dims(shape or ())}; rows are needed that Caffe can hold')
    if (chunk := count(found.chunks or ())) > limits.LOADED:  # it is read whole
        what = f'"{top}" has chunks of {chunk:,} numbers; {limits.LOADED:,} are the most'
        raise DataError(what, "h5repack makes others")
    return np.asarray(found[()], np.float32) if count(shape) <= limits.LOADED else found


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
            raise DataError("the arrays have not as many batches", "give as many rows for each top")
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
        self._seed = setting.seeds.one()
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
