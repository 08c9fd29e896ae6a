"""Channels last: how Caffe's axes lie in TensorFlow, and in networks written in its order.

A blob of 4 or 5 axes is kept with its channels last (N, H, W, C); one of fewer or more axes
keeps Caffe's order. The number of axes alone decides, so no layer has to know what another did.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from proto2net.shape import Shape

T = TypeVar("T")


def channels_last(axes: int) -> bool:
    """Whether a blob of so many axes has its channels moved to the end."""
    return axes in (4, 5)


def order(axes: int) -> tuple[int, ...]:
    """Caffe's axes in TensorFlow's order: (0, 2, 3, 1) for 4."""
    return (0, *range(2, axes), 1) if channels_last(axes) else tuple(range(axes))


def inverse_order(axes: int) -> tuple[int, ...]:
    """TensorFlow's axes in Caffe's order: (0, 3, 1, 2) for 4."""
    return tuple(order(axes).index(axis) for axis in range(axes))


def place(axis: int, axes: int) -> int:
    """Where Caffe's axis (counted from the front) lies."""
    return order(axes).index(axis)


def laid_out(shape: Sequence[T]) -> tuple[T, ...]:
    """A shape in TensorFlow's order."""
    return tuple(shape[axis] for axis in order(len(shape)))


def in_caffe_order(shape: Shape) -> Shape:
    """A shape in TensorFlow's order, put back into Caffe's."""
    return tuple(shape[axis] for axis in inverse_order(len(shape)))
