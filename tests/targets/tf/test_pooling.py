"""Max pooling as Keras has it, where Caffe's windows are those of images of any size."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from samples.sample import Ndarray, values
from targets import of_any_size

import proto2net
from proto2net import Graph, backends
from proto2net.graph import Entry
from proto2net.layers import Input, Pooling, ReLU
from proto2net.wiring import wire

SIZES = range(1, 41)
WINDOWS = [
    (k, s, p) for k, s in itertools.product(range(1, 5), range(1, 4)) for p in range(min(k, 3))
]
"""Kernel, stride and padding."""


def network(pooling: Pooling, *, rectified: bool) -> Graph:
    """A pooling of what is fed, or of what a ReLU makes of it."""
    entries = [Entry("x", Input(((1, 2, 40, 39),)), (), ("x",))]
    if rectified:
        entries.append(Entry("relu", ReLU(), ("x",), ("x",)))
    return wire("pooled", [*entries, Entry("pool", pooling, ("x",), ("y",))])


def pooled(graph: Graph, to: str, images: list[Ndarray]) -> list[Ndarray]:
    """What the one emitted network makes of each image."""
    net, target = of_any_size(graph, {}, to), backends.get(to)
    return [target.runner.run(net, graph, {"x": image})[0] for image in images]


@pytest.mark.parametrize("pool", ["MAX", "AVE"])
@pytest.mark.parametrize("rectified", [True, False], ids=["behind_a_relu", "of_any_sign"])
@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_pooling_is_right_for_images_of_every_size(
    window: tuple[int, int, int], rectified: bool, pool: str
) -> None:
    kernel, stride, pad = window
    pooling = Pooling(pool, (kernel,), (stride,), (pad,))
    sizes = [(n, 41 - n) for n in SIZES]
    sizes = [n for n in sizes if min(pooling.infer(((1, 2, *n),), 1)[0]) > 0]
    images = [values(1, 2, *n).astype(np.float32) - 0.5 for n in sizes]
    graph = network(pooling, rectified=rectified)
    for size, found, right in zip(
        sizes, pooled(graph, "tf", images), pooled(graph, "numpy", images), strict=True
    ):
        assert found.shape == right.shape, size
        np.testing.assert_allclose(found, right, rtol=1e-6, atol=1e-6, err_msg=str(size))


@pytest.mark.parametrize("window", [(k, s, p) for k, s, p in WINDOWS if s <= k], ids=str)
def test_max_pooling_behind_a_relu_is_keras_own(window: tuple[int, int, int]) -> None:
    kernel, stride, pad = window
    pooling = Pooling("MAX", (kernel,), (stride,), (pad,))
    assert "class " not in proto2net.convert(network(pooling, rectified=True), to="tf")
