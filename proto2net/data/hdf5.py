"""HDF5Data: rows of the datasets of files."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from proto2net import limits
from proto2net.data.draws import Draws
from proto2net.data.lists import rows
from proto2net.data.reader import Batch, Job, Reader, Setting, State, batch_size
from proto2net.data.states import number, order
from proto2net.errors import DataError, Location
from proto2net.shape import MAX_COUNT, check_size, count, dims, require

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray


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
        self._shuffles = Draws(setting.own.one()) if layer.shuffle else None
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
            raise DataError(
                f"{path}: all datasets must have the same number of rows, but they have {found}"
            )
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
        raise DataError(what, "`pip install h5py` installs it") from None
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
