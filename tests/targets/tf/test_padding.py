"""SAME is TensorFlow's own padding, in the numpy target; and how Keras says it."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from padding_cases import computed, convolutions, graph, images, poolings, weights
from samples.sample import Ndarray

import proto2net
from proto2net import Graph, backends
from proto2net.graph import Entry
from proto2net.layers import Convolution, Pooling, ReLU
from proto2net.shape import Shape
from proto2net.wiring import wire

TF = backends.get("tf")


def convolved(layer: Convolution, image: Ndarray) -> Ndarray:
    """What TensorFlow itself computes, by one group after the other."""
    axes = image.ndim - 2
    weight, bias = weights(graph(layer, image.shape))["layer"]
    x = np.split(np.moveaxis(image, 1, -1), layer.group, -1)
    w = np.split(weight.transpose(*range(2, axes + 2), 1, 0), layer.group, -1)
    window = layer.window(image.shape)
    parts = [
        tf.nn.convolution(*part, window.stride, "SAME").numpy() for part in zip(x, w, strict=True)
    ]
    return np.moveaxis(np.concatenate(parts, -1) + bias, -1, 1)


def pooled(layer: Pooling, image: Ndarray) -> Ndarray:
    pool = {"MAX": tf.nn.max_pool2d, "AVE_EXC_PAD": tf.nn.avg_pool2d}[layer.pool]
    window = layer.window(image.shape)
    top = pool(image.transpose(0, 2, 3, 1), window.kernel, window.stride, "SAME")
    result: Ndarray = top.numpy().transpose(0, 3, 1, 2)
    return result


def check(layer: Convolution | Pooling, shape: Shape) -> None:
    """The numpy target computes what TensorFlow does, for images of any size."""
    net, fed = graph(layer, shape), images(shape)
    found = computed(net, "numpy", fed)
    right = convolved if isinstance(layer, Convolution) else pooled
    for top, image in zip(found, fed, strict=True):
        np.testing.assert_allclose(
            top, right(layer, image), rtol=1e-5, atol=1e-5, err_msg=str(layer)
        )
    assert net.outputs[0].shape == found[0].shape


def test_a_convolution_with_same_is_tensorflows_for_images_of_any_size() -> None:
    for layer, shape in convolutions():
        if set(layer.dilation) == {1}:  # Synopsys' SAME does not know of holes
            check(layer, shape)


def test_a_pooling_with_same_is_tensorflows_for_images_of_any_size() -> None:
    for layer, shape in poolings():
        if layer.pool != "AVE":  # in which padding counts
            check(layer, shape)


def line(net: Graph) -> str:
    """The line of the emitted file that has the layer."""
    source = proto2net.convert(net, to="tf")
    (found,) = (line.strip() for line in source.splitlines() if 'name="layer"' in line)
    return found.partition("  #")[0]


SHAPE = (2, 3, 8, 10)


def test_same_is_said_as_keras_says_it() -> None:
    window: Any = {"kernel": (3,), "stride": (2,), "pad_type": 1}
    said = 'padding="same", name="layer")(x)'
    wide = line(graph(Convolution(4, **window), SHAPE))
    assert wide == f"y = layers.Conv2D(4, 3, strides=2, {said}"
    deep = line(graph(Convolution(3, group=3, **window), SHAPE))
    assert deep == f"y = layers.DepthwiseConv2D(3, strides=2, {said}"
    assert line(graph(Pooling(**window), SHAPE)) == f"y = layers.MaxPooling2D(3, 2, {said}"
    mean = line(graph(Pooling("AVE_EXC_PAD", **window), SHAPE))
    assert mean == f"y = layers.AveragePooling2D(3, 2, {said}"


def test_a_convolution_with_same_has_its_activation_in_it() -> None:
    layer = Convolution(4, (3,), (2,), pad_type=1)
    entries = [node.entry for node in graph(layer, SHAPE).nodes]
    net = wire("padded", [*entries, Entry("relu", ReLU(), ("y",), ("y",))])
    assert 'strides=2, padding="same", activation="relu"' in proto2net.convert(net, to="tf")
