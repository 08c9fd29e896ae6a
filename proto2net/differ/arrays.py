"""Learned arrays of two networks, or of two files: how far they are from each other."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from proto2net.differ.comparing import Pairing
from proto2net.differ.sequence import align
from proto2net.frozen import dataclass
from proto2net.graph import Graph
from proto2net.model import Slot, Stored, StoredLayer, Weights, as_float32
from proto2net.shape import Shape

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray

_AT_ONCE = 2**20
"""How many numbers are compared at once: in 64 bits they stay in the cache."""


@dataclass(frozen=True)
class ArrayDifference:
    """Two arrays, or one that only one network has; the other's facts are None then."""

    layer_a: str | None
    layer_b: str | None
    blob: str
    """What the layer calls it, such as weight; a number where only files are known."""
    shape_a: Shape | None
    shape_b: Shape | None
    equal: bool
    """Whether both are the same to the bit."""
    norm_a: float | None
    """The root of the sum of squares."""
    norm_b: float | None
    lost_a: int | None
    """How many numbers are NaN or infinite."""
    lost_b: int | None
    largest: float | None = None
    """The largest difference of two numbers, where both are finite."""
    relative: float | None = None
    """The same, in units of the largest magnitude in both arrays."""
    cosine: float | None = None
    """Of the angle between both: 1 for one direction, 0 for none in common."""


def of_graphs(
    pairings: Sequence[Pairing],
    a: tuple[Graph, Mapping[Slot, Ndarray]],
    b: tuple[Graph, Mapping[Slot, Ndarray]],
) -> list[ArrayDifference]:
    """The arrays of layers that are pairs, and of those that one network alone has."""
    found = []
    for each in pairings:
        left = _owned(a[0], a[1], each.a.node) if each.a else {}
        right = _owned(b[0], b[1], each.b.node) if each.b else {}
        names = each.a.name if each.a else None, each.b.name if each.b else None
        for blob in [*left, *(blob for blob in right if blob not in left)]:
            found.append(_difference(names, blob, left.get(blob), right.get(blob)))
    return found


def _owned(graph: Graph, values: Mapping[Slot, Ndarray], node: Any) -> dict[str, Ndarray]:
    """The arrays of a layer, without those that it shares with one above."""
    slots = [(node, blob) for blob in node.blobs if graph.owner(node, blob) == (node, blob)]
    return {slot[1]: values[slot] for slot in slots if slot in values}


def of_files(a: Weights, b: Weights) -> list[ArrayDifference]:
    """The arrays of files: layers by name, and what is left in order, by their arrays' shapes."""
    found: list[ArrayDifference] = []
    for left, right in _layers(a, b):
        names = left.name if left else None, right.name if right else None
        first, second = (list(each.arrays) if each else [] for each in (left, right))
        for index in range(max(len(first), len(second))):
            pair = (_array(arrays, index) for arrays in (first, second))
            found.append(_difference(names, str(index), *pair))
    return found


def _layers(a: Weights, b: Weights) -> Iterator[tuple[StoredLayer | None, StoredLayer | None]]:
    """The layers of two files that have arrays, in order."""
    left, right = ([layer for layer in each.layers if layer.arrays] for each in (a, b))
    names = {layer.name: layer for layer in reversed(right)}
    mates = {index: names.pop(x.name) for index, x in enumerate(left) if x.name in names}
    taken = set(map(id, mates.values()))
    rest = [index for index in range(len(left)) if index not in mates]
    others = [layer for layer in right if id(layer) not in taken]
    numbers: dict[object, int] = {}
    first, second = (
        [[numbers.setdefault(_shapes(layer), len(numbers))] for layer in side]
        for side in ([left[index] for index in rest], others)
    )
    mates |= {rest[i]: others[j] for i, j in align(first, second, ((1,), 1))}
    taken = set(map(id, mates.values()))
    yield from ((layer, mates.get(index)) for index, layer in enumerate(left))
    yield from ((None, layer) for layer in right if id(layer) not in taken)


def _shapes(layer: StoredLayer) -> tuple[object, ...]:
    return tuple(None if x is None else _plain(x).shape for x in layer.arrays)


def _array(arrays: Sequence[Stored | None], index: int) -> Ndarray | None:
    stored = arrays[index] if index < len(arrays) else None
    return None if stored is None else _plain(stored)


def _plain(stored: Stored) -> Ndarray:
    """The array, without the ones that an old file puts in front."""
    array = stored.array
    while stored.legacy and array.ndim > 1 and array.shape[0] == 1:
        array = array[0]
    return array


# ---- numbers --------------------------------------------------------------------------------


def _difference(
    names: tuple[str | None, str | None], blob: str, a: Ndarray | None, b: Ndarray | None
) -> ArrayDifference:
    """The comparison of two arrays."""
    left, right = (None if array is None else _measured(array) for array in (a, b))
    told: dict[str, Any] = {"equal": False}
    if a is not None and b is not None and left and right and a.shape == b.shape:
        told = _compared(a, b, left, right)
    return ArrayDifference(
        layer_a=names[0],
        layer_b=names[1],
        blob=blob,
        shape_a=None if a is None else a.shape,
        shape_b=None if b is None else b.shape,
        norm_a=left.norm if left else None,
        norm_b=right.norm if right else None,
        lost_a=left.lost if left else None,
        lost_b=right.lost if right else None,
        **told,
    )


class _Measured(NamedTuple):
    """What is known of an array. Only what is finite is in its norm."""

    norm: float
    most: float
    """The largest magnitude."""
    lost: int
    """How many numbers are NaN or infinite."""


def _measured(array: Ndarray) -> _Measured:
    squares, most, lost = 0.0, 0.0, 0
    for (piece,) in _pieces(array):
        finite = _finite(piece)
        lost += piece.size - finite.size
        squares += float(finite @ finite)
        most = max(most, float(abs(finite).max(initial=0.0)))
    return _Measured(math.sqrt(squares), most, lost)


def _compared(a: Ndarray, b: Ndarray, left: _Measured, right: _Measured) -> dict[str, Any]:
    """The comparison of arrays of one shape: equal, largest, relative and cosine."""
    import numpy as np

    equal, largest, product = True, 0.0, 0.0
    for first, second in _pieces(a, b):
        equal = equal and first.tobytes() == second.tobytes()
        both = np.isfinite(first) & np.isfinite(second)
        x, y = (each[both].astype(np.float64) for each in (first, second))
        largest = max(largest, float(abs(x - y).max(initial=0.0)))
        product += float(x @ y)
    most, length = max(left.most, right.most), left.norm * right.norm
    return {
        "equal": equal,
        "largest": largest,
        "relative": largest / most if most else 0.0,
        "cosine": max(-1.0, min(1.0, product / length)) if length else None,
    }


def _pieces(*arrays: Ndarray) -> Iterator[list[Ndarray]]:
    """Arrays of one shape as rows of numbers in Caffe's type, not too long."""
    flat = [array.reshape(-1) for array in arrays]
    for start in range(0, flat[0].size, _AT_ONCE):
        yield [as_float32(array[start : start + _AT_ONCE]) for array in flat]


def _finite(piece: Ndarray) -> Ndarray:
    """The finite numbers of a row, in 64 bits."""
    import numpy as np

    found: Ndarray = piece[np.isfinite(piece)].astype(np.float64)
    return found
