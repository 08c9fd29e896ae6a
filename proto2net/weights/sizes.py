"""The size of images that a definition does not state, from the weights that it has to fit.

An InnerProduct has as many weights as its bottom has values, and that grows with the image.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from proto2net.errors import Issue, Proto2NetError, ShapeError
from proto2net.graph import Graph
from proto2net.layers import Convolution, InnerProduct, Pooling
from proto2net.model import StoredLayer, Weights
from proto2net.notes import quiet
from proto2net.rewrites.feeding import ASKS, UNSTATED
from proto2net.shape import Sizes, dims

Parse = Callable[[Mapping[str, Sizes] | None], Graph]
"""Reads a definition with these shapes of inputs, or with what it states."""

Read = Callable[[tuple[int, ...]], Graph]
"""The same with this shape for its images."""

LARGEST = 2048
"""No image that is looked for has a larger side."""

USUAL = (224, 227, 299, 32, 28, 96, 112, 128, 64, 256, 300, 321, 331, 448, 512)
"""Sides that many networks have, which are taken where others would fit too."""

_TRIED = 64
"""Of so many sizes it is looked how the windows end."""

OBLONG = ((112, 96), (96, 112), (128, 64), (64, 128), (60, 160), (480, 640))
"""Images that are no squares, as of faces and of people."""


def names_of(layer: StoredLayer) -> list[str]:
    """What Caffe calls a layer of a file; in a file of ours, those that an array is made from."""
    return [name.rpartition("/")[0] for name in layer.sources] or [layer.name]


def graph_of(parse: Parse, weights: Weights) -> tuple[Graph, str]:
    """The graph of a definition, and the messages about its images if it states no size."""
    try:
        return parse(None), ""
    except Proto2NetError as error:
        if not all(issue.hint.startswith(ASKS) for issue in error.issues):
            raise
    with quiet():
        return _found(lambda shape: parse({UNSTATED: shape}), weights)


def _found(read: Read, weights: Weights) -> tuple[Graph, str]:
    """The graph of a definition for images of a size that fits, and the messages about that.

    Raises ShapeError if no size fits, or any does.
    """
    for channels in _channels(weights):
        sizes = _Sizes(read, weights, channels)
        if sizes.any_fits:
            raise ShapeError(
                [
                    Issue(
                        f"images of {channels} channels fit the weights, whatever their size",
                        f"state the size: --input 1,{channels},HEIGHT,WIDTH",
                    )
                ]
            )
        low, high = sizes.least(0), sizes.least(1) - 1
        if low <= high:
            side = sizes.likely(low, high)
            also = f", as do all of {low} to {high} pixels a side" if low < high else ""
            return sizes.graph((side, side)), _told(channels, (side, side), also)
        for size in OBLONG:
            if sizes.compared(size) == 0:
                return sizes.graph(size), _told(channels, size, "")
    raise ShapeError(
        [Issue("no square image fits the weights", "state its size: --input 1,3,HEIGHT,WIDTH")]
    )


def _told(channels: int, size: tuple[int, int], also: str) -> str:
    shape = (1, channels, *size)
    return f"took images of {dims(shape)}: that fits the weights{also}; --input states another"


def _channels(weights: Weights) -> Iterator[int]:
    """How many channels an image may have: what the first filters read, and what is usual."""
    shapes = (stored.array.shape for x in weights.layers for stored in x.arrays[:1] if stored)
    filters = next((shape for shape in shapes if len(shape) == 4 and shape[2] > 1), ())
    yield from dict.fromkeys([*filters[1:2], 3, 1])


class _Sizes:
    """What the graph would be for each size, of which the weights tell whether it is too small."""

    def __init__(self, read: Read, weights: Weights, channels: int) -> None:
        self._read, self._channels = read, channels
        self._graphs: dict[tuple[int, int], Graph | None] = {}
        self._inputs = {
            names_of(layer)[0]: stored.array.size
            for layer in weights.layers
            for stored in layer.arrays[:1]
            if stored and layer.sources[:1] in ((), (f"{names_of(layer)[0]}/0",))
        }

    def graph(self, size: tuple[int, int]) -> Graph:
        """The graph for images of this size, which is known to fit."""
        graph = self._graphs[size]
        assert graph is not None  # noqa: S101  # or it would not fit
        return graph

    def compared(self, size: tuple[int, int]) -> int:
        """-1 if an image of this size is too small for the weights, 0 if it fits, 1 if too large.

        A layer that refuses what it gets mostly has a kernel that is larger.
        """
        if size not in self._graphs:
            try:
                self._graphs[size] = self._read((1, self._channels, *size))
            except Proto2NetError:
                self._graphs[size] = None
        graph = self._graphs[size]
        if graph is None:
            return -1
        for node in graph.nodes:
            if isinstance(node.layer, InnerProduct) and node.name in self._inputs and node.blobs:
                needed = node.layer.blobs((node.bottoms[0].shape,))["weight"].shape
                size_of = needed[0] * needed[1]
                if size_of != self._inputs[node.name]:
                    return 1 if size_of > self._inputs[node.name] else -1
        return 0

    def likely(self, low: int, high: int) -> int:
        """The side that was meant, of those that fit.

        Who draws up a network mostly has windows that end with the image; or else takes the size
        that others have.
        """
        usual = [side for side in USUAL if low <= side <= high]
        every: list[int] = [*usual, *range(low, min(high, low + _TRIED) + 1)]
        return next((side for side in every if self._is_exact(side)), every[0])

    def _is_exact(self, side: int) -> bool:
        """Whether the windows of a network end where its square images of this side do."""
        self.compared((side, side))
        for node in self.graph((side, side)).nodes:
            if not isinstance(node.layer, Convolution | Pooling) or len(node.tops[0].shape) != 4:
                continue
            window = node.layer.window(node.bottoms[0].shape)
            axes = zip(
                node.bottoms[0].shape[2:], window.sides, window.extent, window.stride, strict=True
            )
            if any((size + sum(pads) - extent) % stride for size, pads, extent, stride in axes):
                return False
        return True

    @property
    def any_fits(self) -> bool:
        """Whether small and large images fit."""
        return self.compared((LARGEST // 4, LARGEST // 4)) == self.compared((320, 320)) == 0

    def least(self, wanted: int) -> int:
        """The least side of a square of which `compared` is this or more."""
        low, high = 1, LARGEST + 1
        while low < high:
            middle = (low + high) // 2
            if self.compared((middle, middle)) >= wanted:
                high = middle
            else:
                low = middle + 1
        return low
