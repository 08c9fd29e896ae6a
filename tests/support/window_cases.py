"""Layers with windows that are larger than the image, or that reach far beyond it."""

from __future__ import annotations

import numpy as np
from places import TESTS
from samples.sample import Ndarray, layer, sample, values

import proto2net
from proto2net import Graph, backends

WILD = TESTS / "wild"
IMAGE = (2, 3, 4, 6)
LINE = (2, 3, 4)
VOLUME = (2, 3, 2, 4, 6)

Networks = dict[str, tuple[tuple[int, ...], str]]


def _filters(kind: str, kernel: int, options: str = "") -> str:
    text = f"convolution_param {{ num_output: 2 kernel_size: {kernel} {options} }}"
    return layer(kind, "x", "y", text)


def _pooling(options: str, tops: str = "y") -> str:
    return layer("Pooling", "x", tops, f"pooling_param {{ {options} }}")


LARGE: Networks = {
    "convolution": (IMAGE, _filters("Convolution", 5)),
    "convolution_of_a_line": (LINE, _filters("Convolution", 6, "stride: 2")),
    "convolution_of_a_volume": (VOLUME, _filters("Convolution", 2, "dilation: 2")),
    "convolution_hanging_over": (IMAGE, _filters("Convolution", 6, "stride: 3 pad: 0")),
    "convolution_strided_and_dilated": (IMAGE, _filters("Convolution", 3, "stride: 3 dilation: 3")),
    "im2col": (IMAGE, _filters("Im2col", 7, "pad: 1")),
    "im2col_of_a_volume": (VOLUME, _filters("Im2col", 4, "stride: 2")),
    "deconvolution": (IMAGE, _filters("Deconvolution", 3, "pad: 3")),
    "deconvolution_in_groups": (
        LINE,
        layer(
            "Deconvolution",
            "x",
            "y",
            "convolution_param { num_output: 3 group: 3 kernel_size: 1 pad: 2 }",
        ),
    ),
    "max_pooling": (IMAGE, _pooling("kernel_size: 5")),
    "max_pooling_with_mask": (IMAGE, _pooling("kernel_size: 6 stride: 2", "y mask")),
    "max_pooling_hanging_over": (IMAGE, _pooling("kernel_size: 6 stride: 3")),
    "average_pooling": (IMAGE, _pooling("pool: AVE kernel_size: 7 pad: 1")),
    "stochastic_pooling": (IMAGE, _pooling("pool: STOCHASTIC kernel_size: 7 stride: 2")),
}

FAR: Networks = {
    "max_pooling": (IMAGE, _pooling("kernel_size: 3 stride: 65536")),
    "max_pooling_with_mask": (IMAGE, _pooling("kernel_size: 2 stride: 65536", "y mask")),
    "average_pooling": (IMAGE, _pooling("pool: AVE kernel_size: 3 stride: 65536")),
    "stochastic_pooling": (IMAGE, _pooling("pool: STOCHASTIC kernel_size: 3 stride: 65536")),
    "convolution": (IMAGE, _filters("Convolution", 3, "stride: 65536 pad: 1")),
    "im2col": (IMAGE, _filters("Im2col", 2, "stride: 65536 pad: 1")),
    "lrn": (IMAGE, layer("LRN", "x", "y", "lrn_param { local_size: 2147483647 alpha: 3 }")),
    "lrn_within_channel": (
        IMAGE,
        layer(
            "LRN",
            "x",
            "y",
            "lrn_param { norm_region: WITHIN_CHANNEL local_size: 131071 alpha: 1e10 }",
        ),
    ),
}
"""Layers whose windows, or their strides, reach far beyond the image."""


def graph(network: tuple[tuple[int, ...], str]) -> Graph:
    """The network's graph."""
    shape, text = network
    return proto2net.parse(sample(text, inputs={"x": values(*shape)}).net)


def outputs(net: Graph, to: str) -> list[Ndarray]:
    """What a target computes with some weights of some image."""
    (x,) = net.inputs
    blobs = net.nodes[1].blobs.values()
    learned = [values(*blob.shape, start=3).astype("f") for blob in blobs]
    weights = {net.nodes[1].name: learned} if learned else {}
    network = proto2net.load(net, weights, to=to)
    return backends.get(to).runner.run(network, net, {x.name: values(*x.shape).astype("f")})


def check(net: Graph, to: str) -> None:
    """The outputs have Caffe's sizes, and are those of the other target that is only NumPy."""
    found, right = outputs(net, to), outputs(net, "numpy")
    assert [array.shape for array in found] == [blob.shape for blob in net.outputs]
    for top, array in zip(found, right, strict=True):
        np.testing.assert_allclose(top, array, rtol=1e-5, atol=1e-6)
