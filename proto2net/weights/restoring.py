"""Reads a .safetensors file of ours, and puts its arrays back into Caffe's layout.

How each was made is learned by rendering the graph for the file's target once more, so that no
target has to say how its layout is undone.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proto2net import backends, limits
from proto2net.backends.base import Array, Convert
from proto2net.backends.statistics import PerScaleFactor
from proto2net.caffe import wire
from proto2net.errors import Issue, Proto2NetError, ShapeError, WeightError
from proto2net.graph import Graph
from proto2net.model import Format, Stored, StoredLayer, Weights, as_float32
from proto2net.shape import check_size, count, dims
from proto2net.weights.safetensors import Tensor, caffe_names

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray

_TYPES = {"F32": "<f4", "F16": "<f2", "F64": "<f8"}
"""Numpy's names of the types that an array can have."""


# ---- reading --------------------------------------------------------------------------------


def read(path: str | Path) -> Weights:
    """The arrays of a file as views on it, each a layer of its own, in the target's layout."""
    from safetensors import SafetensorError, safe_open

    data = wire.mapped(path)
    claimed = int.from_bytes(data[:8], "little")
    if claimed > limits.HEADER_BYTES:
        raise WeightError(
            f"its header claims {claimed:,} bytes; {limits.HEADER_BYTES:,} are the most",
            wire.DAMAGED,
        )
    try:
        safe_open(path, "numpy")  # checks the whole header, and that the file has what it claims
    except SafetensorError as error:
        raise WeightError(str(error), wire.DAMAGED) from None
    start = 8 + claimed
    entries = json.loads(data[8:start], object_pairs_hook=_once)
    metadata = entries.pop("__metadata__", None) or {}
    names = _names(metadata)
    layers = tuple(
        StoredLayer(name, (Stored(_array(data, start, name, entry)),), sources=names[name])
        for name, entry in entries.items()
        if name in names
    )
    return Weights(layers, str(path), Format.SAFETENSORS, metadata["target"])


def _names(metadata: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Caffe's names by the target's."""
    lacking = [f'"{key}"' for key in ("target", "caffe") if key not in metadata]
    if lacking:
        raise WeightError(
            f"its header lacks {' and '.join(lacking)}, which tell what its arrays are to Caffe",
            "of .safetensors files, those are read that proto2net has written",
        )
    try:
        caffe = json.loads(metadata["caffe"], object_pairs_hook=_once)
        names = {name: tuple(found) for name, found in caffe.items()}
    except (ValueError, AttributeError, TypeError, RecursionError):
        names = {"": ()}
    if not all(found and all(map(_is_name, found)) for found in names.values()):
        raise WeightError('"caffe" in its header has no list of names for an array', wire.DAMAGED)
    return names


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON, in which no name may stand twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        (twice, _), *_ = Counter(name for name, _ in pairs).most_common(1)
        raise WeightError(f'its header has "{twice}" twice', wire.DAMAGED)
    return found


def _is_name(value: object) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r".*/[0-9]{1,2}", value, re.DOTALL))


def _array(data: wire.Mapped, start: int, name: str, entry: Mapping[str, Any]) -> Ndarray:
    import numpy as np

    kind, shape, (begin, _) = entry["dtype"], entry["shape"], entry["data_offsets"]
    if kind not in _TYPES:
        raise WeightError(f'"{name}" has the type {kind}', f"these are read: {', '.join(_TYPES)}")
    try:
        check_size(shape, f'"{name}"')
    except ShapeError as error:
        raise WeightError(error.issues) from None
    found: Ndarray = np.frombuffer(data, _TYPES[kind], count(shape), start + begin)
    return as_float32(found.reshape(shape))


# ---- Caffe's layout -------------------------------------------------------------------------


def in_caffe_layout(weights: Weights, arrays: Iterable[Array]) -> Weights:
    """The same weights as a .caffemodel would hold them. Raises one error with all problems.

    `arrays` are those of the target; of layers of one name the first counts.
    """
    by_names: dict[tuple[str, ...], Array] = {}
    for array in arrays:
        by_names.setdefault(tuple(caffe_names(array)), array)
    restored = _Restored(by_names)
    # A scale factor is needed by the statistics that were divided by it.
    for layer in sorted(weights.layers, key=lambda layer: len(layer.sources)):
        restored.add(layer, weights)
    if restored.issues:
        raise WeightError(restored.issues)
    layers = tuple(
        StoredLayer(name, tuple(blobs.get(index) for index in range(max(blobs) + 1)))
        for name, blobs in restored.layers.items()
    )
    return replace(weights, layers=layers, format=Format.CAFFEMODEL)


def arrays_of(graph: Graph, weights: Weights) -> Iterable[Array]:
    """The arrays that the target of a file has for a graph."""
    try:
        target = backends.get(weights.target)
    except Proto2NetError as error:
        raise WeightError(f"{weights.source}: its header says {error}") from None
    if target.weights_suffix != ".safetensors":
        raise WeightError(f'{weights.source}: "{weights.target}" is no target that has weights')
    arrays: dict[str, Array] = target.emit(graph).arrays
    return arrays.values()


class _Restored:
    """Learned blobs by layer and place there."""

    def __init__(self, arrays: Mapping[tuple[str, ...], Array]) -> None:
        self.layers: dict[str, dict[int, Stored]] = {}
        self.issues: list[Issue] = []
        self._arrays = arrays

    def add(self, layer: StoredLayer, weights: Weights) -> None:
        """Put back one array of the file; one that the graph lacks stays as it is."""
        (found,) = [stored.array for stored in layer.arrays if stored]
        array = self._arrays.get(layer.sources)
        if array is None:
            self._put(layer.sources[0], found)
            return
        node = array.sources[0][0]
        outlines = tuple(_outline(node.blobs[blob].shape) for node, blob in array.sources)
        right = Tensor(layer.name, outlines, array.convert).shape
        if found.shape != right:
            message = (
                f'needs "{layer.name}" as {dims(right)}, which {weights.target} has for it; '
                f"found {dims(found.shape)} in {weights.source}"
            )
            self.issues.append(Issue(message, "", node.where, str(node)))
        elif isinstance(array.convert, PerScaleFactor):
            factor = self._factor(layer.sources[1])
            self._put(layer.sources[0], array.convert.undone(found, factor))
        elif len(outlines) > 1:
            message = f'"{layer.name}" is made of {len(outlines)} arrays, and cannot be taken apart'
            self.issues.append(Issue(message, "", node.where, str(node)))
        else:
            shape = outlines[0].shape
            self._put(layer.sources[0], _undone(array.convert, found, shape))

    def _factor(self, name: str) -> Ndarray:
        """A BatchNorm's scale factor: 1, unless the file has it."""
        import numpy as np

        layer, place = _place(name)
        known = self.layers.setdefault(layer, {}).setdefault(place, Stored(np.ones(1, np.float32)))
        return known.array

    def _put(self, name: str, array: Ndarray) -> None:
        layer, place = _place(name)
        self.layers.setdefault(layer, {})[place] = Stored(array)


def _place(name: str) -> tuple[str, int]:
    """The layer and the place in it, of a name such as "conv1/0"."""
    layer, _, place = name.rpartition("/")
    return layer, int(place)


def _outline(shape: tuple[int, ...]) -> Ndarray:
    """An array of a shape, without its memory."""
    import numpy as np

    return np.broadcast_to(np.zeros((), np.float32), shape)


def _undone(convert: Convert | None, array: Ndarray, shape: tuple[int, ...]) -> Ndarray:
    """The array of this shape that `convert` made into the given one, by moving its elements.

    Converting the elements' numbers shows where each has gone.
    """
    import numpy as np

    if convert is None:
        return array
    numbers = np.arange(array.size, dtype=np.int32).reshape(shape)
    undone = np.empty(array.size, np.float32)
    undone[convert(numbers).reshape(-1)] = array.reshape(-1)
    return undone.reshape(shape)
