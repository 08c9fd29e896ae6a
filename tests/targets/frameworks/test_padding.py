"""A framework pads as the numpy target does, which is held against TensorFlow and the forks."""

from __future__ import annotations

import numpy as np
import pytest
from padding_cases import UNEVEN, computed, convolutions, graph, images, poolings

from proto2net.layers import Layer
from proto2net.shape import Shape


def agrees(layer: Layer, shape: Shape, target: str) -> None:
    net, fed = graph(layer, shape), images(shape)
    for found, right in zip(computed(net, target, fed), computed(net, "numpy", fed), strict=True):
        np.testing.assert_allclose(found, right, rtol=1e-5, atol=1e-5, err_msg=str(layer))


def test_a_convolution_with_same_is_right_for_images_of_any_size(target: str) -> None:
    for layer, shape in convolutions():
        agrees(layer, shape, target)


def test_a_pooling_with_same_is_right_for_images_of_any_size(target: str) -> None:
    for layer, shape in poolings():
        agrees(layer, shape, target)


@pytest.mark.parametrize("name", UNEVEN)
def test_uneven_padding_is_right_for_images_of_any_size(name: str, target: str) -> None:
    agrees(*UNEVEN[name], target)
