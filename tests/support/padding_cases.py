"""One layer with padding that only a program can give, as a network, with its values."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
from samples.sample import Ndarray, values
from targets import of_any_size

from proto2net import Graph, backends
from proto2net.graph import Entry
from proto2net.layers import Convolution, Deconvolution, Im2col, Input, Layer, Pooling
from proto2net.shape import Shape
from proto2net.wiring import wire

STEPS = [*itertools.product(range(1, 6), range(1, 4), range(1, 3))]
"""Kernel, stride and dilation of an axis."""


def graph(layer: Layer, shape: Shape) -> Graph:
    """The network of this layer alone."""
    given = Entry("x", Input((shape,)), (), ("x",))
    return wire("padded", [given, Entry("layer", layer, ("x",), ("y",))])


def weights(net: Graph) -> dict[str, list[Ndarray]]:
    """The values that the layer has learned."""
    blobs = net.nodes[1].blobs.values()
    learned = [values(*blob.shape, start=7).astype(np.float32) for blob in blobs]
    return {"layer": learned} if learned else {}


def computed(net: Graph, to: str, images: list[Ndarray]) -> list[Ndarray]:
    """What the one emitted network computes of each of the images, whatever their size."""
    network = of_any_size(net, weights(net), to)
    return [backends.get(to).runner.run(network, net, {"x": image})[0] for image in images]


def images(shape: Shape) -> list[Ndarray]:
    """An image of this shape, and others that are larger by one and by two on each axis."""
    batch, channels, *size = shape
    grown = ([n + more for n in size] for more in range(3))
    return [values(batch, channels, *each).astype(np.float32) for each in grown]


def convolutions() -> Iterator[tuple[Convolution, Shape]]:
    """Convolutions with SAME, each axis with a window of its own, and bottoms for them."""
    for index, (k, s, d) in enumerate(STEPS):
        kernel, stride = (k, (k + index) % 5 + 1), (s, (s + index) % 3 + 1)
        shape = (2, 3, 5 + index % 3, 9 - index % 4)
        if d == 1:
            yield Convolution(4, kernel, stride, pad_type=1), shape
        else:
            yield Convolution(4, kernel, dilation=(d, s), pad_type=1), shape
    one, three = (2, 3, 10), (1, 2, 5, 6, 7)
    yield Convolution(4, (4,), (3,), pad_type=1), one
    yield Convolution(4, (2, 3, 4), (2, 1, 3), pad_type=1), three
    yield Convolution(4, (2, 3, 4), dilation=(2, 1, 2), pad_type=1), three
    yield Convolution(6, (3, 2), (2,), group=2, pad_type=1), (2, 4, 6, 7)
    yield Convolution(3, (3, 4), (2,), group=3, pad_type=1), (2, 3, 6, 7)
    yield Convolution(6, (3, 4), (2, 3), group=3, pad_type=1), (2, 3, 6, 7)
    yield Convolution(6, (3, 2), dilation=(2,), group=3, pad_type=1), (2, 3, 6, 7)


def poolings() -> Iterator[tuple[Pooling, Shape]]:
    """Poolings with SAME, each axis with a window of its own, and bottoms for them."""
    for pool in ("MAX", "AVE", "AVE_EXC_PAD"):
        for index, (k, s) in enumerate(itertools.product(range(1, 6), range(1, 4))):
            kernel, stride = (k, (k + index) % 5 + 1), (s, (s + index) % 3 + 1)
            shape = (2, 3, 5 + index % 3, 9 - index % 4)
            yield Pooling(pool, kernel, stride, pad_type=1), shape
            yield Pooling(pool, (k,), (s,), pad_type=1), shape


_IMAGE = (2, 3, 8, 10)
UNEVEN: dict[str, tuple[Layer, Shape]] = {
    "convolution": (Convolution(4, (3,), (2,), pad_l=1, pad_b=2), _IMAGE),
    "convolution at stride 1": (Convolution(4, (2,), pad_r=1, pad_b=1), _IMAGE),
    "depthwise convolution": (Convolution(3, (3,), (2,), group=3, pad_r=1, pad_b=1), _IMAGE),
    "dilated convolution": (Convolution(4, (3,), (2,), dilation=(2,), pad_t=3, pad_r=1), _IMAGE),
    "kernel that hangs off": (Convolution(4, (12, 11), (5, 4), pad_t=1), _IMAGE),
    "deconvolution": (Deconvolution(4, (4,), (2,), pad_l=1, pad_b=2), _IMAGE),
    "deconvolution in groups": (Deconvolution(6, (4,), (2,), group=3, pad_l=1, pad_b=2), _IMAGE),
    "im2col": (Im2col(kernel=(3, 2), stride=(2,), pad_l=1, pad_b=2), _IMAGE),
    "max": (Pooling("MAX", (3,), (2,), pad_r=1, pad_b=1), _IMAGE),
    "max whose last window may be dropped": (Pooling("MAX", (2,), (2,), pad_r=1), _IMAGE),
    "max rounded down": (Pooling("MAX", (3,), (2,), pad_b=1, ceil_mode=False), _IMAGE),
    "max of wide padding": (Pooling("MAX", (3,), (3,), pad_t=2, pad_r=2), _IMAGE),
    "mean": (Pooling("AVE", (3,), (2,), pad_r=1, pad_b=1), _IMAGE),
    "mean whose last window may be dropped": (Pooling("AVE", (3,), (3,), pad_r=1), _IMAGE),
    "mean rounded down": (Pooling("AVE", (3,), (2,), pad_l=2, ceil_mode=False), _IMAGE),
    "mean with gaps": (Pooling("AVE", (2,), (3,), pad_l=1, pad_b=1), _IMAGE),
}
"""Padding as some forks have it, which need not be the same on all sides."""
