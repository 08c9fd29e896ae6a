"""Reads and writes .caffemodel.h5: in /data a group for each layer, with its arrays 0, 1, …

What is plain in these files is so in a .solverstate.h5 too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from proto2net import limits
from proto2net.errors import Issue, UnsupportedError, WeightError
from proto2net.graph import Graph
from proto2net.model import Stored, StoredLayer, as_float32
from proto2net.shape import count, dims

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray
    from proto2net.model import Slot

_INSTALL = "`pip install h5py` installs it"
_PLAIN = "Caffe itself writes plain arrays only"
_REPACK = f"{_PLAIN}; `h5repack -f NONE -l CONTI` makes them of others"
NUMBERS, WHOLE, TEXT = "fiu", "iu", "S"
"""The kinds of types that an array may have."""

_NEEDED = {NUMBERS: "numbers are needed", WHOLE: "whole numbers are needed", TEXT: "text is needed"}

# ---- reading --------------------------------------------------------------------------------


def layers(path: str | Path) -> Iterator[StoredLayer]:
    """The layers of a file with their arrays. Raises WeightError."""
    with opened(path) as reader:
        if reader.has("history") and not reader.has("data"):
            what = "this is a .solverstate.h5, the state of a solver, and no file of weights"
            raise WeightError(what, "the .caffemodel.h5 beside it has them")
        yield from reader.layers(reader.group("data", "is it a .caffemodel.h5?"))


@contextmanager
def opened(path: str | Path) -> Iterator[Reader]:
    """A reader of a file. Raises WeightError, for what is wrong with the file as it is read too."""
    try:
        import h5py  # type: ignore[import-untyped]  # it has no stubs
    except ImportError:
        raise WeightError("it is an HDF5 file, and h5py is not installed", _INSTALL) from None
    try:
        with h5py.File(path, "r") as file:
            yield Reader(h5py, file, Path(path).stat().st_size)
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise WeightError(f"the HDF5 file is damaged: {error}") from None


class Reader:
    """Meets each group and array once, by its own name, and reads no more than the file holds."""

    def __init__(self, h5py: Any, file: Any, size: int) -> None:
        self._h5py = h5py
        self._file = file
        self._bytes_left = size
        self._met: set[int] = set()

    def has(self, key: str) -> bool:
        """Whether something has this name in the file itself."""
        return key in self._file

    def group(self, key: str, hint: str) -> Any:
        """The group of this name. Raises WeightError if there is none."""
        member = self.member(self._file, key) if self.has(key) else None
        if not self._is_group(member):
            raise WeightError(f'it has no group "{key}"', hint)
        return member

    def single(self, key: str, kinds: str, hint: str) -> Any:
        """The one value of the array of this name. Raises WeightError if there is none."""
        if not self.has(key):
            raise WeightError(f'it has no array "{key}"', hint)
        values = self.named(self._file, key, kinds)
        if values.size != 1:
            raise WeightError(f'"{key}" is {dims(values.shape)}, but should be one value', hint)
        return values.reshape(-1)[0]

    def named(self, group: Any, key: str, kinds: str = NUMBERS) -> Ndarray:
        """What the array of this name in a group holds."""
        try:
            return self.values(self.member(group, key), kinds)
        except WeightError as error:
            raise WeightError(error.at(None, f'array "{key}"')) from None

    def _is_group(self, member: Any) -> bool:
        return isinstance(member, self._h5py.Group)

    def layers(self, group: Any, name: str = "") -> Iterator[StoredLayer]:
        """The layer that a group is, and those in it: HDF5 takes a slash in a name for a group."""
        if name.count("/") >= limits.DEPTH:
            raise WeightError(f"more than {limits.DEPTH} nested groups")
        arrays: dict[int, Stored] = {}
        inner: dict[str, Any] = {}
        try:
            for key in group:
                member = self.member(group, key)
                if self._is_group(member):
                    inner[key.encode(errors="replace").decode()] = member
                else:
                    arrays[_index(key)] = Stored(as_float32(self.values(member)))
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
            raise WeightError(f'"{key}" is a second name of the same data', _PLAIN)
        self._met.add(address)
        if len(self._met) > limits.LAYERS:
            raise WeightError(f"more than {limits.LAYERS:,} groups and arrays")
        return member

    def values(self, dataset: Any, kinds: str = NUMBERS) -> Ndarray:
        """What an array holds, as it is. Raises WeightError if its type is of none of the kinds."""
        import numpy as np

        if not isinstance(dataset, self._h5py.Dataset):  # a type that has a name
            raise WeightError(f'"{dataset.name}" is no array', _PLAIN)
        shape, dtype = dataset.shape, dataset.dtype
        if shape is None or dtype.kind not in kinds:
            raise WeightError(f"an array of the type {dtype}; {_NEEDED[kinds]}")
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
        return np.asarray(dataset[()])


def _index(key: str) -> int:
    if not (key.isascii() and key.isdecimal()) or len(key) > 3 or int(key) >= limits.ARRAYS:
        raise WeightError(f'an array called "{key}"', "arrays are called 0, 1, …")
    return int(key)


# ---- writing --------------------------------------------------------------------------------


def write_model(stream: BinaryIO, graph: Graph, values: Mapping[Slot, Ndarray]) -> None:
    """Write a .caffemodel.h5, array by array, to an unbuffered stream.

    Every layer has a group, and an array stands only where it is owned. The names are those that
    `check_writable` lets pass.
    """
    with created(stream) as file:
        data = file.create_group("data")
        for node in graph.nodes:
            group = data.create_group(node.name)
            for index, blob in enumerate(node.blobs):
                if graph.owner(node, blob) == (node, blob):
                    put(group, str(index), values[node, blob])


def check_writable(graph: Graph) -> None:
    """Refuse layers that HDF5 has no name for, and all without h5py. Raises UnsupportedError."""
    _h5py()
    met: set[str] = set()
    issues = []
    for node in graph.nodes:
        what = ""
        if "/" in node.name:
            what = "HDF5 takes what is before a slash for a group, so Caffe cannot read this layer"
        elif node.name in ("", "."):
            what = "HDF5 has no group of this name"
        elif node.name in met:
            what = "two layers have this name, and HDF5 has one group for it"
        met.add(node.name)
        if what:
            issues.append(Issue(what, "take snapshot_format: BINARYPROTO", node.where, str(node)))
    if issues:
        raise UnsupportedError(issues)


@contextmanager
def created(stream: BinaryIO) -> Iterator[Any]:
    """An HDF5 file of h5py that is written to a stream."""
    with _h5py().File(stream, "w") as file:
        yield file


def _h5py() -> Any:
    try:
        import h5py
    except ImportError:
        raise UnsupportedError("HDF5 is written with h5py, which is missing", _INSTALL) from None
    return h5py


def put(group: Any, name: str, values: Any, dtype: str = "<f4") -> None:
    """Add an array as Caffe stores it."""
    import numpy as np

    group.create_dataset(name, data=np.asarray(values, dtype))


def put_text(group: Any, name: str, content: bytes) -> None:
    """Add a text as Caffe stores it: of fixed length, with a zero at its end."""
    import h5py
    import numpy as np

    kind = h5py.h5t.C_S1.copy()
    kind.set_size(len(content) + 1)
    place = h5py.h5s.create(h5py.h5s.SCALAR)
    dataset = h5py.h5d.create(group.id, name.encode(), kind, place)
    dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, np.array(content, f"S{len(content) + 1}"), kind)
