"""SSD finds in a framework what the NumPy target does, whatever the batch and the image's size."""

from __future__ import annotations

import numpy as np
import pytest
from ssd_cases import OPTIONS, definition, images, predictions, small_ssd, weights
from targets import of_any_size

import proto2net
from proto2net import backends


@pytest.mark.parametrize("name", OPTIONS)
def test_the_same_boxes_are_found(name: str, target: str) -> None:
    graph = proto2net.parse(definition(OPTIONS[name]))
    found, right = (
        backends.get(to).runner.run(
            proto2net.load(graph, to=to), graph, predictions(OPTIONS[name])
        )[0]
        for to in (target, "numpy")
    )
    assert found.shape == right.shape
    np.testing.assert_allclose(found, right, atol=1e-5)


@pytest.mark.parametrize("size", [(2, 64, 80), (3, 72, 100), (1, 97, 71)])
def test_one_source_detects_in_images_of_any_size(size: tuple[int, int, int], target: str) -> None:
    graph = proto2net.parse(small_ssd(2, 64, 80))
    network = of_any_size(graph, weights(graph), target)
    (found,) = backends.get(target).runner.run(network, graph, {"data": images(*size)})
    right = proto2net.load(small_ssd(*size), weights(graph), to="numpy")(images(*size))
    assert len(right[0, 0]) > size[0]
    np.testing.assert_allclose(found, right, atol=1e-5)
