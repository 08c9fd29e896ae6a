"""A layer as OpenCV shows it: its name, its type, its arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from proto2net.graph import Node
from proto2net.layers import InnerProduct

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray

Set = Callable[[int, Any], None]
"""Gives a layer another array, by its place."""


class Layer:
    """What getLayer answers. Setting `blobs` changes the network, as in OpenCV."""

    def __init__(self, name: str, type: str, arrays: Sequence[Ndarray], put: Set) -> None:
        self.name = name
        self.type = type
        self.preferableTarget = 0
        self._arrays = tuple(arrays)
        self._put = put

    @property
    def blobs(self) -> tuple[Ndarray, ...]:
        """The arrays that it has learned."""
        return self._arrays

    @blobs.setter
    def blobs(self, arrays: Sequence[Any]) -> None:
        for index, array in enumerate(arrays):
            self._put(index, array)
        self._arrays = tuple(arrays)

    def outputNameToIndex(self, outputName: str) -> int:
        """0 for every name, as OpenCV's layers of Caffe say."""
        return 0 if self.type else -1

    def __repr__(self) -> str:
        return f"< proto2net.cv.Layer {self.name} ({self.type})>"


def shown(node: Node[Any], array: Ndarray) -> Ndarray:
    """An array in the shape that OpenCV 4 shows: it has two axes at least."""
    if array.ndim > 1:
        return array
    row = isinstance(node.layer, InnerProduct)
    return array.reshape((1, -1) if row else (-1, 1))
