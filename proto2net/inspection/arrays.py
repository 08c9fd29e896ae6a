"""What arrays of weights hold, in numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from proto2net.frozen import dataclass
from proto2net.graph import Node
from proto2net.layers import (
    Convolution,
    Deconvolution,
    DeformableConvolution,
    InnerProduct,
    Local,
)
from proto2net.layers.vision import Convolution3DParameter
from proto2net.model import Model, Weights, as_float32, learnable
from proto2net.shape import Shape

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray

_PIECE = 2**20
"""How many numbers are looked at together, so that nothing large is copied."""

_SMALLEST = 2.0**-126
"""The smallest normal number of float32. What is below is computed slowly, or taken for 0."""


@dataclass(frozen=True)
class ArrayFacts:
    """What an array holds. The least, the greatest and the like are those of its finite numbers."""

    layer: str
    blob: str
    """What it is to its layer, such as "weight"; its place there in a file without definition."""
    shape: Shape
    min: float | None
    """None: it has no finite number."""
    max: float | None
    mean: float | None
    std: float | None
    """The standard deviation of all its numbers, as numpy's std has it."""
    zeros: int
    nan: int
    infinite: int
    denormal: int
    """How many are below the normal numbers of float32, and not 0."""
    dead: int
    """How many filters are all 0, each of which makes one channel of the top.

    0 for what is no filters, or where they lie on no axis that is known.
    """
    sha256: str
    """That of its bytes: float32, little-endian, in Caffe's layout."""

    @property
    def size(self) -> int:
        """How many numbers it has."""
        size = 1
        for n in self.shape:
            size *= n
        return size

    @property
    def warnings(self) -> list[str]:
        """What is odd about it, in words."""
        found = []
        if self.nan or self.infinite:
            found.append(f"{self.nan:,} NaN and {self.infinite:,} infinite numbers")
        if self.size and self.zeros == self.size:
            found.append("all zeros")
        elif self.dead:
            found.append(f"{self.dead:,} {_plural('filter', self.dead)} of zeros alone")
        if self.denormal:
            found.append(f"{self.denormal:,} denormal {_plural('number', self.denormal)}")
        return found


def of_model(model: Model) -> tuple[ArrayFacts, ...]:
    """Those of a network, each where it is owned, in Caffe's order."""
    return tuple(
        _facts(node.name, blob, model.values[node, blob], _outputs(node, blob))
        for node, blob in learnable(model.graph)
        if (node, blob) in model.values
    )


def of_weights(weights: Weights) -> tuple[ArrayFacts, ...]:
    """Those of a file, as it has them: of a .npy or .safetensors in the layout of its framework."""
    return tuple(
        _facts(layer.name, str(index), stored.array, None)
        for layer in weights.layers
        for index, stored in enumerate(layer.arrays)
        if stored
    )


def _outputs(node: Node[Any], blob: str) -> int | None:
    """The axis of a blob along which the filters stand; None: it has none, or on no one axis."""
    layer = node.layer
    if blob != "weight":
        return None
    if isinstance(layer, Convolution3DParameter):
        layer = layer.plain()
    if isinstance(layer, Deconvolution):
        channels = layer.split(node.bottoms[0].shape)[1]
        depthwise = layer.group == layer.num_output == channels
        return 0 if depthwise else 1 if layer.group == 1 else None
    if isinstance(layer, InnerProduct):
        return 1 if layer.transpose else 0
    return 0 if isinstance(layer, Convolution | DeformableConvolution | Local) else None


def _facts(layer: str, blob: str, array: Ndarray, outputs: int | None) -> ArrayFacts:
    import numpy as np

    array = as_float32(np.asarray(array))
    zeros = nan = infinite = denormal = 0
    total = squares = 0.0
    low, high = np.inf, -np.inf
    digest = hashlib.sha256()
    for piece in _pieces(array):
        digest.update(piece.astype("<f4", copy=False).data)
        finite = piece[np.isfinite(piece)]
        broken = int(np.isnan(piece).sum())
        nan, infinite = nan + broken, infinite + piece.size - finite.size - broken
        zero = int((finite == 0).sum())
        zeros, denormal = zeros + zero, denormal + int((abs(finite) < _SMALLEST).sum()) - zero
        total += float(finite.sum(dtype=np.float64))
        if finite.size:
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
    number = array.size - nan - infinite
    mean = total / number if number else None
    for piece in _pieces(array) if mean is not None else ():
        finite = piece[np.isfinite(piece)].astype(np.float64)
        squares += float(np.square(finite - mean).sum())
    return ArrayFacts(
        layer,
        blob,
        tuple(array.shape),
        low if number else None,
        high if number else None,
        mean,
        (squares / number) ** 0.5 if number else None,
        zeros,
        nan,
        infinite,
        denormal,
        _dead(array, outputs),
        digest.hexdigest(),
    )


def _plural(what: str, number: int) -> str:
    return what if number == 1 else f"{what}s"


def _pieces(array: Ndarray) -> Iterator[Ndarray]:
    """The numbers in order, some at a time."""
    flat = array.reshape(-1)
    for start in range(0, flat.size, _PIECE):
        yield flat[start : start + _PIECE]


def _dead(array: Ndarray, axis: int | None) -> int:
    """How many parts along an axis are all zeros."""
    if axis is None or array.ndim < 2 or not array.size:
        return 0
    others = tuple(i for i in range(array.ndim) if i != axis)
    return int((~array.any(axis=others)).sum())
