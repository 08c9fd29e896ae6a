"""A framework and NumPy agree on forks' layers, whatever the image's size is."""

from __future__ import annotations

import numpy as np
import pytest
from resized_cases import LAYERS, SIZES, graph, image, weights
from targets import of_any_size

import proto2net
from proto2net import backends


@pytest.mark.parametrize("name", LAYERS)
def test_images_may_have_any_size(name: str, target: str) -> None:
    net = graph(name)
    networks = {to: of_any_size(net, weights(net), to) for to in (target, "numpy")}
    for size in SIZES:
        found, right = (
            backends.get(to).runner.run(network, net, {"x": image(size)})
            for to, network in networks.items()
        )
        for a, b in zip(found, right, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5 * np.abs(b).max())


def test_what_segnet_samples_in_testing_is_dropped_at_random(target: str) -> None:
    net = proto2net.parse(
        'layer { name: "data" type: "Input" top: "x" input_param { shape { dim: 1 dim: 999 } } }'
        'layer { type: "Dropout" bottom: "x" top: "y" '
        "dropout_param { dropout_ratio: 0.25 sample_weights_test: true } }"
    )
    network = proto2net.load(net, to=target)
    (y,) = backends.get(target).runner.run(network, net, {"x": np.ones((1, 999), np.float32)})
    assert 0.1 < (y == 0).mean() < 0.4
    np.testing.assert_allclose(y[y != 0], 4 / 3, rtol=1e-5)
