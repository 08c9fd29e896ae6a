"""Reads .caffemodel.h5 files: in /data a group for each layer, with its arrays named 0, 1, …"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from proto2net import limits
from proto2net.errors import WeightError
from proto2net.model import Stored, StoredLayer, as_float32
from proto2net.shape import count, dims

_PLAIN = "Caffe itself writes plain arrays only"
_REPACK = f"{_PLAIN}; `h5repack -f NONE -l CONTI` makes them of others"


def layers(path: str | Path) -> Iterator[StoredLayer]:
    """The layers of a file with their arrays. Raises WeightError."""
    try:
        import h5py  # type: ignore[import-untyped]  # it has no stubs
    except ImportError:
        raise WeightError(
            "it is an HDF5 file, and h5py is not installed", 'pip install "proto2net[hdf5]"'
        ) from None
    try:
        with h5py.File(path, "r") as file:
            reader = _Reader(h5py, Path(path).stat().st_size)
            root = reader.member(file, "data") if "data" in file else None
            if not isinstance(root, h5py.Group):
                raise WeightError('it has no group "data"', "is it a .caffemodel.h5?")
            yield from reader.layers(root)
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise WeightError(f"the HDF5 file is damaged: {error}") from None


class _Reader:
    """Meets each group and array once, by its own name, and reads no more than the file holds."""

    def __init__(self, h5py: Any, size: int) -> None:
        self._h5py = h5py
        self._bytes_left = size
        self._met: set[int] = set()

    def layers(self, group: Any, name: str = "") -> Iterator[StoredLayer]:
        """The layer that a group is, and those in it: HDF5 takes a slash in a name for a group."""
        if name.count("/") >= limits.DEPTH:
            raise WeightError(f"more than {limits.DEPTH} groups in each other")
        arrays: dict[int, Stored] = {}
        inner: dict[str, Any] = {}
        try:
            for key in group:
                member = self.member(group, key)
                if isinstance(member, self._h5py.Group):
                    inner[key.encode(errors="replace").decode()] = member
                else:
                    arrays[_index(key)] = self._array(member)
        except WeightError as error:
            raise WeightError(error.at(None, f'layer "{name}"')) from None
        if name and (arrays or not inner):
            most = max(arrays, default=-1) + 1
            yield StoredLayer(name, tuple(arrays.get(index) for index in range(most)))
        for key, member in inner.items():
            yield from self.layers(member, f"{name}/{key}" if name else key)

    def member(self, group: Any, key: str) -> Any:
        """What is behind a link, which must be a plain one, and the only one to it."""
        link = group.get(key, getlink=True)
        if not isinstance(link, self._h5py.HardLink):
            raise WeightError(f'"{key}" is a link to somewhere else, which is not followed', _PLAIN)
        member = group[key]
        address = self._h5py.h5o.get_info(member.id).addr
        if address in self._met:
            raise WeightError(f'"{key}" is a second link to what has another name too', _PLAIN)
        self._met.add(address)
        if len(self._met) > limits.LAYERS:
            raise WeightError(f"more than {limits.LAYERS:,} groups and arrays")
        return member

    def _array(self, dataset: Any) -> Stored:
        import numpy as np

        if not isinstance(dataset, self._h5py.Dataset):  # a type that has a name
            raise WeightError(f'"{dataset.name}" is no array', _PLAIN)
        shape, dtype = dataset.shape, dataset.dtype
        if shape is None or dtype.kind not in "fiu":
            raise WeightError(f"an array of the type {dtype}; numbers are needed")
        if dataset.is_virtual or dataset.external:
            raise WeightError("an array whose values are in other files", _PLAIN)
        if dataset.id.get_create_plist().get_nfilters():
            raise WeightError("an array that is compressed, or filtered otherwise", _REPACK)
        held = dataset.id.get_storage_size()
        self._bytes_left -= held
        # A chunk is read whole, however little of the array is in it.
        needed = max(dataset.nbytes, dataset.dtype.itemsize * count(dataset.chunks or (0,)))
        if needed > held or self._bytes_left < 0:
            found = f"{needed:,} bytes, but {held:,} are there"
            raise WeightError(f"an array of {dims(shape)} needs {found}", _REPACK)
        return Stored(as_float32(np.asarray(dataset[()])))


def _index(key: str) -> int:
    if not (key.isascii() and key.isdecimal()) or len(key) > 3 or int(key) >= limits.ARRAYS:
        raise WeightError(f'an array called "{key}"', "arrays are called 0, 1, …")
    return int(key)
