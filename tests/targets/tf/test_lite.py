"""The emitted Keras models stay right when TensorFlow Lite takes them over."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from layer_cases import Ndarray, assert_close
from places import TESTS
from samples.sample import layer, sample

import proto2net
from proto2net import Graph, backends
from proto2net.layout import inverse_order, laid_out, order

TF = backends.get("tf")
WILD = TESTS / "wild"


def lite(network: keras.Model, feeds: list[Ndarray]) -> list[Ndarray]:
    """What TFLite's interpreter makes of the converted model."""
    model = tf.lite.TFLiteConverter.from_keras_model(network).convert()
    run = tf.lite.Interpreter(model_content=model).get_signature_runner()
    names = [tensor.name for tensor in network.inputs]
    tops = run(**dict(zip(names, feeds, strict=True)))
    return [tops[name] for name in sorted(tops, key=lambda name: int(name.rpartition("_")[2]))]


def check(graph: Graph, weights: dict[str, list[Ndarray]], feeds: dict[str, Ndarray]) -> None:
    """The interpreter's numbers are those of the other target that is nothing but NumPy."""
    numpy = proto2net.load(graph, weights, to="numpy")
    right = backends.get("numpy").runner.run(numpy, graph, feeds)
    network = proto2net.load(graph, weights, to="tf")
    found = lite(network, [feeds[b.name].transpose(order(len(b.shape))) for b in graph.inputs])
    for blob, top, array in zip(graph.outputs, found, right, strict=True):
        assert top.shape == laid_out(array.shape), blob.name
        assert_close(top.transpose(inverse_order(top.ndim)), array, 1e-5, blob.name)


def convolution(name: str, options: str, kind: str = "Convolution", x: str = "x") -> str:
    return layer(kind, x, name, f"convolution_param {{ num_output: 8 {options} }}", name)


CONVOLUTIONS = [
    convolution("plain", "kernel_size: 3 pad: 1 stride: 2"),
    convolution("grouped", "kernel_h: 3 kernel_w: 2 group: 2 pad: 1"),
    convolution("depthwise", "kernel_size: 3 group: 4"),
    convolution("dilated", "kernel_size: 3 dilation: 2 pad: 2"),
    convolution("grouped_dilated", "kernel_size: 3 group: 4 dilation: 2"),
    convolution("strided_dilated", "kernel_size: 2 stride: 2 dilation: 3 group: 2"),
    convolution("up", "kernel_size: 4 stride: 2 pad: 1", "Deconvolution"),
    convolution("up_2", "kernel_h: 3 kernel_w: 4 stride: 2 group: 2", "Deconvolution"),
    convolution("up_4", "kernel_size: 4 stride: 3 pad: 1 group: 4", "Deconvolution"),
    convolution("up_dilated", "kernel_size: 3 dilation: 2 pad: 1", "Deconvolution"),
    convolution("up_wide", "kernel_size: 2 stride: 3 dilation: 2", "Deconvolution"),
    convolution("up_all", "kernel_size: 3 stride: 2 dilation: 2 group: 2", "Deconvolution"),
]
OF_OTHER_AXES = [
    convolution("line", "kernel_size: 3 dilation: 2 group: 2", x="l"),
    convolution("line_up", "kernel_size: 3 stride: 2 group: 4", "Deconvolution", x="l"),
    convolution("line_wide", "kernel_size: 3 dilation: 3 pad: 1", "Deconvolution", x="l"),
    convolution("volume", "kernel_size: 2 stride: 2", x="v"),
    convolution("volume_up", "kernel_size: 2 stride: 2 group: 2", "Deconvolution", x="v"),
    convolution("volume_wide", "kernel_size: 2 dilation: 2", "Deconvolution", x="v"),
]
SHAPES = {"x": (2, 4, 6, 7), "l": (2, 4, 9), "v": (2, 4, 3, 5, 4)}


@pytest.mark.parametrize("layers", [CONVOLUTIONS, OF_OTHER_AXES], ids=["images", "others"])
def test_convolutions_of_all_kinds_stay_right(layers: list[str]) -> None:
    rng = np.random.default_rng(2)
    used = {name for name in SHAPES if any(f'bottom: "{name}"' in text for text in layers)}
    feeds = {n: rng.standard_normal(SHAPES[n]).astype("f") for n in SHAPES if n in used}
    graph = proto2net.parse(sample("".join(layers), inputs=feeds).net)
    weights = {
        node.name: [rng.standard_normal(b.shape).astype("f") for b in node.blobs.values()]
        for node in graph.nodes
        if node.blobs
    }
    check(graph, weights, feeds)


def test_a_grouped_upsampling_of_a_file_stays_right() -> None:
    graph = proto2net.parse(WILD / "tflite_grouped_deconvolution.prototxt")
    rng = np.random.default_rng(1)
    weights = {"up": [rng.standard_normal((4, 1, 4, 4)).astype("f")]}
    check(graph, weights, {"data": rng.standard_normal((1, 4, 5, 7)).astype("f")})
