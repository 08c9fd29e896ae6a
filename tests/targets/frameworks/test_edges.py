"""What no image has: windows beyond it, and regions without a size."""

from __future__ import annotations

import numpy as np
import pytest
from samples.sample import Ndarray

import proto2net
from proto2net import Graph, backends


@pytest.mark.parametrize("kind", ["AVE", "MAX", "TILE"])
def test_windows_that_lie_far_apart_take_no_memory(kind: str, target: str) -> None:
    net = proto2net.parse(
        'layer { name: "x" type: "Input" top: "x" input_param {'
        " shape { dim: 1 dim: 2 dim: 3 dim: 4 } } }"
        f'layer {{ type: "Unpooling" bottom: "x" top: "y" unpooling_param {{ unpool: {kind}'
        " kernel_h: 3 kernel_w: 2147483647 stride_h: 2147483647 stride_w: 1 unpool_size: 6 } }"
    )
    assert_as_in_numpy(net, target, {"x": np.random.default_rng(0).random((1, 2, 3, 4), "f")})


def test_a_region_without_a_size_is_never_the_nearest(target: str) -> None:
    net = proto2net.parse(
        'layer { name: "r" type: "Input" top: "r" input_param { shape { dim: 3 dim: 5 } } }'
        'layer { type: "ScaleRoute" bottom: "r" top: "y"'
        " scale_route_param { low_scale: 20 high_scale: 60 } }"
    )
    regions = np.array([[0, 9, 0, 1, 4], [0, 0, 0, 3, 3], [0, 0, 0, 5, 5]], np.float32)
    (found,) = assert_as_in_numpy(net, target, {"r": regions})
    np.testing.assert_array_equal(found.reshape(-1, 5), regions[2:])


def assert_as_in_numpy(net: Graph, target: str, feeds: dict[str, Ndarray]) -> list[Ndarray]:
    found, right = (
        backends.get(to).runner.run(proto2net.load(net, to=to), net, feeds)
        for to in (target, "numpy")
    )
    for one, other in zip(found, right, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)
    return found
