"""Expressions and arrays with channels last, in the order of proto2net/layout.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from proto2net.arrays import contiguous
from proto2net.backends.base import bottoms
from proto2net.backends.tree import Expression, call
from proto2net.frozen import dataclass
from proto2net.graph import Node
from proto2net.layout import channels_last, inverse_order, laid_out, order, place
from proto2net.shape import Shape

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray


__all__ = [
    "Broadcast",
    "DepthwiseKernel",
    "FlattenedRows",
    "bottoms_in_order",
    "channels_last",
    "in_caffe_order",
    "in_keras_order",
    "inverse_order",
    "laid_out",
    "moved_axis",
    "order",
    "permuted",
    "place",
    "read_in_order",
    "widened",
]


def moved_axis(axis: int, axes: int) -> int:
    """Where Caffe's axis (counted from the front) lies; the last one is -1, as Keras has it."""
    return -1 if place(axis, axes) == axes - 1 else place(axis, axes)


# ---- expressions ----------------------------------------------------------------------------


def in_caffe_order(value: Expression, axes: int) -> Expression:
    """The expression of a blob of so many axes, put back into Caffe's order."""
    return permuted(value, inverse_order(axes))


def in_keras_order(value: Expression, axes: int) -> Expression:
    """The expression of a value in Caffe's order, put into TensorFlow's."""
    return permuted(value, order(axes))


def bottoms_in_order(node: Node[Any]) -> list[Expression]:
    """The bottoms in Caffe's order."""
    read = zip(bottoms(node), node.bottoms, strict=True)
    return [in_caffe_order(bottom, len(blob.shape)) for bottom, blob in read]


def read_in_order(value: Expression, shape: Shape) -> Expression:
    """The expression of a blob whose elements will be read one by one, in Caffe's order."""
    sizes = shape[1:2], shape[2:]
    return in_caffe_order(value, len(shape)) if all(max(s, default=1) > 1 for s in sizes) else value


def permuted(value: Expression, axes: Sequence[int]) -> Expression:
    """The expression of a value with its axes in another order."""
    if list(axes) == sorted(axes):
        return value
    if axes[0] == 0:
        return call(call("layers.Permute", tuple(axes[1:])), value)
    return call("ops.transpose", value, tuple(axes))


def widened(value: Expression, axes: int, wanted: int) -> Expression:
    """The expression of a blob of so many axes with more of size 1 behind them, if need be."""
    added = list(range(axes, wanted))
    if not added:
        return value
    full = call("ops.expand_dims", in_caffe_order(value, axes), added)
    return in_keras_order(full, wanted)


# ---- arrays ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class FlattenedRows:
    """Converts InnerProduct weights (N, C*H*W) for inputs flattened as H, W, C: (H*W*C, N)."""

    channels: int
    size: Shape
    transposed: bool = False

    def __call__(self, weight: Ndarray) -> Ndarray:
        # reshape would copy too, but slowly
        return contiguous(self.in_order(weight)).reshape(-1, self._rows(weight).shape[0])

    def in_order(self, weight: Ndarray) -> Ndarray:
        """The elements in the order of the result, as a view of other axes."""
        rows = self._rows(weight)
        apart = rows.reshape(rows.shape[0], self.channels, *self.size)
        return apart.transpose(*range(2, apart.ndim), 1, 0)

    def _rows(self, weight: Ndarray) -> Ndarray:
        return weight.T if self.transposed else weight


@dataclass(frozen=True)
class DepthwiseKernel:
    """Converts the filters (C*m, 1, h, w) of one group a channel: (h, w, C, m)."""

    channels: int

    def __call__(self, weight: Ndarray) -> Ndarray:
        apart = weight.reshape(self.channels, -1, *weight.shape[2:])
        return apart.transpose(2, 3, 0, 1)


@dataclass(frozen=True)
class Broadcast:
    """Converts an array of some of a blob's axes, `start` on, to be broadcast over the blob."""

    start: int
    axes: int

    def __call__(self, array: Ndarray) -> Ndarray:
        moved = array.reshape(self._full(array.shape)).transpose(order(self.axes))
        return moved.reshape(self.shape(array.shape))

    def shape(self, shape: Shape) -> Shape:
        """The shape that it gets: 1 for the axes in between and behind, nothing in front."""
        own = range(self.start, self.start + len(shape))
        front = min((place(axis, self.axes) for axis in own), default=self.axes)
        return laid_out(self._full(shape))[front:]

    def _full(self, shape: Shape) -> Shape:
        behind = self.axes - self.start - len(shape)
        return (1,) * self.start + shape + (1,) * behind
