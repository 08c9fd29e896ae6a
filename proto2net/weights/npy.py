"""Reads .npy dictionaries of weights, as ethereon's caffe-tensorflow wrote them.

They are pickles, which can ask for anything to be called. Here nothing is: what a pickle asks for
is noted, and the notes that describe arrays are read afterwards.
"""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from mmap import mmap
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from proto2net import limits
from proto2net.errors import WeightError
from proto2net.graph import Graph, Node
from proto2net.layers import BatchNorm, Convolution, InnerProduct
from proto2net.model import Format, Stored, StoredLayer, Weights, as_float32
from proto2net.shape import Shape, canonical_axis, count

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray

_KEYS = ("weights", "biases", "mean", "variance", "scale", "offset")
"""What ethereon calls the arrays of a layer, in the order of a layer's list of them."""

_ARRAYS = "weights need nothing but arrays; do not open this file with other programs"

_GLOBALS = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy.core.multiarray", "_reconstruct"),  # an array, in a pickle of numpy 1
    ("numpy._core.multiarray", "_reconstruct"),  # and of numpy 2
    ("_codecs", "encode"),  # the bytes of an array, which protocol 2 can write as text only
}


# ---- reading --------------------------------------------------------------------------------


def layers(data: mmap | bytes) -> Iterator[StoredLayer]:
    """The layers of the dictionary, in ethereon's layout."""
    found = _Arrays(len(data))
    for key, value in _dictionary(data).items():
        name = _text(key)
        try:
            arrays = [Stored(found.array(each)) for each in _listed(value)]
        except WeightError as error:
            raise WeightError(error.at(None, f'layer "{name}"')) from None
        yield StoredLayer(name, tuple(arrays))


def _dictionary(data: mmap | bytes) -> dict[Any, Any]:
    """What the file pickles: an array without axes, whose one element is the dictionary."""
    wide = data[6:7] > b"\x01"  # the format's version, which says how long the header's length is
    header = int.from_bytes(data[8 : 12 if wide else 10], "little")
    start = header + (12 if wide else 10)
    if b"O'" not in data[: min(start, 4096)]:
        raise WeightError(
            "it holds one array, and no dictionary of layers",
            "weights are a dictionary, as np.save writes it: {layer: {name: array}}",
        )
    try:
        root = _Unpickler(_Reader(data, start)).load()
        *_, (content,) = root.state
    except WeightError:
        raise
    except Exception as error:  # the unpickler meets damage with errors of many kinds
        raise WeightError(f"the pickle in it is damaged: {error}") from None
    if not isinstance(content, dict):
        raise WeightError(f"the pickle in it is a {type(content).__name__}, and no dictionary")
    return content


class _Reader:
    """The file from a position on. Asked for more than there is, it gives what there is."""

    def __init__(self, data: mmap | bytes, at: int) -> None:
        self.data, self.at = data, at
        self._steps = 0

    def read(self, size: int) -> bytes:
        self._steps += 1
        if self._steps > limits.PICKLE_STEPS:
            raise WeightError(f"its pickle has more than {limits.PICKLE_STEPS:,} steps", _ARRAYS)
        start = self.at
        self.at = min(start + size, len(self.data))
        return self.data[start : self.at]

    def readline(self) -> bytes:
        end = self.data.find(b"\n", self.at)
        return self.read((end + 1 or len(self.data)) - self.at)


class _Global(NamedTuple):
    """A name that a pickle asks for; calling it is noted. (A tuple: nothing can be set on it.)"""

    name: str

    def __call__(self, *arguments: Any) -> _Call:
        return _Call(self.name, arguments)


class _Call:
    """What a pickle wanted to call, and the state that it gave to what came back."""

    __slots__ = ("arguments", "name", "state")

    def __init__(self, name: str, arguments: tuple[Any, ...]) -> None:
        self.name, self.arguments, self.state = name, arguments, ()

    def __setstate__(self, state: Any) -> None:
        self.state = state


def _refuse(unpickler: Any) -> None:
    """What no dictionary of arrays has: sets, objects from elsewhere, memory to be filled."""
    raise WeightError("its pickle holds something else than arrays", _ARRAYS)


def _skip_frame(unpickler: Any) -> None:
    """Read what is in a frame where it lies, so that its steps are counted too."""
    unpickler.read(8)


def _with_names(opcode: bytes, keys: slice) -> Callable[[Any], None]:
    """The opcode, which puts values into a dictionary, for keys that are names.

    To look up another key, such as a tuple of tuples, may take forever.
    """
    put = pickle._Unpickler.dispatch[opcode[0]]

    def put_by_name(unpickler: Any) -> None:
        if not all(isinstance(key, str | bytes) for key in unpickler.stack[keys]):
            raise WeightError("its pickle has a dictionary whose keys are no names", _ARRAYS)
        put(unpickler)

    return put_by_name


_REFUSED = (
    *(pickle.EMPTY_SET, pickle.ADDITEMS, pickle.FROZENSET, pickle.BYTEARRAY8),
    *(pickle.EXT1, pickle.EXT2, pickle.EXT4, pickle.PERSID, pickle.BINPERSID),
    *(pickle.NEXT_BUFFER, pickle.READONLY_BUFFER),
)


class _Unpickler(pickle._Unpickler):
    """The one written in Python: the other allocates what a pickle claims before it reads it."""

    dispatch: ClassVar = {
        **pickle._Unpickler.dispatch,
        **{opcode[0]: _refuse for opcode in _REFUSED},
        pickle.FRAME[0]: _skip_frame,
        pickle.SETITEM[0]: _with_names(pickle.SETITEM, slice(-2, -1)),
        pickle.SETITEMS[0]: _with_names(pickle.SETITEMS, slice(None, None, 2)),
        pickle.DICT[0]: _with_names(pickle.DICT, slice(None, None, 2)),
    }

    def __init__(self, file: _Reader) -> None:
        super().__init__(file, encoding="bytes")  # strings of Python 2 hold bytes and text

    def find_class(self, module: str, name: str) -> _Global:
        if (module, name) not in _GLOBALS:
            raise WeightError(f"it asks for {module}.{name}"[:100], _ARRAYS)
        return _Global(name)


class _Arrays:
    """Makes arrays of what the unpickler noted, never more than the file can hold."""

    def __init__(self, size: int) -> None:
        self._left = size
        self._number = 0

    def array(self, noted: Any) -> Ndarray:
        """The array that a pickle describes, in 32 bits."""
        import numpy as np

        self._number += 1
        if self._number > limits.LAYERS:
            raise WeightError(f"more than {limits.LAYERS:,} arrays")
        try:
            _, shape, dtype, fortran, content = noted.state
            order, code = _text(dtype.state[1]), _text(dtype.arguments[0])
            if not re.fullmatch("[<>|=] [fiu][1248]", f"{order} {code}"):
                raise WeightError(f"an array of the type {order}{code}; numbers are needed")
            if isinstance(content, _Call):
                content = content.arguments[0].encode("latin1")
            self._left -= len(content)
            if self._left < 0:
                raise WeightError("its arrays have more bytes than the file")
            array: Ndarray = np.frombuffer(content, order + code)
            array = array.reshape(shape, order="F" if fortran else "C")
            return as_float32(array)
        except (AttributeError, TypeError, ValueError, IndexError, OverflowError) as error:
            raise WeightError(f"something that is no array: {error}") from None


def _listed(value: Any) -> list[Any]:
    """The arrays of a layer in order, from a list or a dictionary of them."""
    if not isinstance(value, dict):
        found = list(value) if isinstance(value, list | tuple) else [value]
        if len(found) > limits.ARRAYS:
            raise WeightError(f"{len(found):,} arrays; {limits.ARRAYS} are the most")
        return found
    by_name = {_text(key): array for key, array in value.items()}
    unknown = [name for name in by_name if name not in _KEYS]
    if unknown:
        raise WeightError(f'an array called "{unknown[0]}"', f"there are {', '.join(_KEYS)}")
    return [by_name[name] for name in _KEYS if name in by_name]


def _text(value: Any) -> str:
    if not isinstance(value, str | bytes):
        raise TypeError(f"a {type(value).__name__} where text should be")
    return value.decode(errors="replace") if isinstance(value, bytes) else value


# ---- Caffe's layout -------------------------------------------------------------------------


def in_caffe_layout(graph: Graph, weights: Weights) -> Weights:
    """The same weights as a .caffemodel would hold them for this graph.

    Slashes in names had become underscores. A BatchNorm has four arrays where it had taken in the
    Scale behind it; here it gets the five that forks of Caffe write in that case.
    """
    nodes = {node.name.replace("/", "_"): node for node in reversed(graph.nodes)}
    nodes |= {node.name: node for node in reversed(graph.nodes)}
    layers = tuple(
        _in_caffe_layout(nodes[layer.name], layer) if layer.name in nodes else layer
        for layer in weights.layers
    )
    return replace(weights, layers=layers, format=Format.CAFFEMODEL)


def _in_caffe_layout(node: Node[Any], layer: StoredLayer) -> StoredLayer:
    arrays = [stored.array for stored in layer.arrays if stored]
    if arrays and isinstance(node.layer, Convolution):
        arrays[0] = _convolution(arrays[0], node.blobs["weight"].shape)
    elif arrays and isinstance(node.layer, InnerProduct):
        arrays[0] = _inner_product(arrays[0], node)
    elif len(arrays) in (2, 4) and isinstance(node.layer, BatchNorm):
        arrays.insert(2, _one())
    return StoredLayer(node.name, tuple(map(Stored, arrays)))


def _one() -> Ndarray:
    """The scale factor of statistics that have been divided by it."""
    import numpy as np

    return np.ones(1, np.float32)


def _convolution(array: Ndarray, shape: Shape) -> Ndarray:
    """From (height, width, in, out). Axes of size 1 are missing in the oldest files."""
    stored = (*shape[2:], shape[1], shape[0])
    if array.squeeze().shape != tuple(size for size in stored if size != 1):
        return array
    return array.reshape(stored).transpose(-1, -2, *range(len(shape) - 2))


def _inner_product(array: Ndarray, node: Node[Any]) -> Ndarray:
    """From (in, out), where an image had been flattened as height, width, channels."""
    bottom = node.bottoms[0].shape
    outputs = node.layer.num_output
    if array.shape != (count(bottom[canonical_axis(node.layer.axis, bottom) :]), outputs):
        return array
    if len(bottom) == 4 and node.layer.axis == 1:
        _, channels, height, width = bottom
        array = array.reshape(height, width, channels, outputs).transpose(2, 0, 1, 3)
        array = array.reshape(-1, outputs)
    return array if node.layer.transpose else array.T
