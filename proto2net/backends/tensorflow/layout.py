"""Channels last: how Caffe's axes and arrays lie in TensorFlow.

A blob of 4 or 5 axes is kept with its channels last (N, H, W, C); one of fewer or more axes
keeps Caffe's order. The number of axes alone decides, so no layer has to know what another did.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from proto2net.shape import Shape

if TYPE_CHECKING:
    from proto2net.backends.base import Ndarray


def channels_last(axes: int) -> bool:
    """Whether a blob of so many axes has its channels moved to the end."""
    return axes in (4, 5)


def order(axes: int) -> tuple[int, ...]:
    """Caffe's axes in TensorFlow's order: (0, 2, 3, 1) for 4."""
    return (0, *range(2, axes), 1) if channels_last(axes) else tuple(range(axes))


def inverse_order(axes: int) -> tuple[int, ...]:
    """TensorFlow's axes in Caffe's order: (0, 3, 1, 2) for 4."""
    return tuple(order(axes).index(axis) for axis in range(axes))


def moved_axis(axis: int, axes: int) -> int:
    """Where Caffe's axis (counted from the front) lies; the last one is -1, as Keras has it."""
    place = order(axes).index(axis)
    return -1 if place == axes - 1 else place


def laid_out(shape: Shape) -> Shape:
    """A shape in TensorFlow's order."""
    return tuple(shape[axis] for axis in order(len(shape)))


@dataclass(frozen=True)
class FlattenedRows:
    """Converts InnerProduct weights (N, C*H*W) for inputs flattened as H, W, C: (H*W*C, N)."""

    channels: int
    size: Shape
    transposed: bool = False

    def __call__(self, weight: Ndarray) -> Ndarray:
        rows = weight.T if self.transposed else weight
        apart = rows.reshape(rows.shape[0], self.channels, *self.size)
        axes = tuple(range(2, apart.ndim))
        return apart.transpose(*axes, 1, 0).reshape(-1, rows.shape[0])


@dataclass(frozen=True)
class DepthwiseKernel:
    """Converts the filters (C*m, 1, h, w) of one group a channel: (h, w, C, m)."""

    channels: int

    def __call__(self, weight: Ndarray) -> Ndarray:
        apart = weight.reshape(self.channels, -1, *weight.shape[2:])
        return apart.transpose(2, 3, 0, 1)
