"""What a live network leaves behind, which is nothing; shared by the tests of each target."""

from __future__ import annotations

import gc
import linecache
import sys
import weakref
from typing import Any
from unittest.mock import patch

import numpy as np

import proto2net
from proto2net import backends

NET = """name: "Live"
layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 dim: 7 dim: 5 } } }
layer { name: "conv" type: "Convolution" bottom: "x" top: "conv"
        convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: "xavier" } } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "relu" }
layer { name: "fc" type: "InnerProduct" bottom: "relu" top: "fc"
        inner_product_param { num_output: 6 weight_filler { type: "xavier" } } }
"""


def check_that_networks_are_freed(to: str) -> None:
    """Load many networks and ask each for its blobs; then none of them is there any more."""
    feeds = {"x": np.ones((2, 3, 7, 5), np.float32)}
    gc.collect()  # what tests before this one have left
    modules, sources = _ours(sys.modules), _ours(linecache.cache)
    networks = []
    for _ in range(50):
        network = proto2net.load(NET, to=to)
        proto2net.blobs(network, feeds)
        networks.append(weakref.ref(network))
        assert len(_ours(sys.modules)) > len(modules)
        del network
    for _ in range(3):  # a network goes first, and then what was made to look inside it
        gc.collect()
    assert sum(network() is not None for network in networks) == 0
    assert _ours(sys.modules) <= modules  # those of tests before may go too
    assert _ours(linecache.cache) <= sources


def check_that_looking_inside_renders_once(to: str) -> None:
    """Ask a network for its blobs again and again, with weights that change in between."""
    network = proto2net.load(NET, to=to)
    backend = backends.get(to)
    runner = backend.runner
    feeds = {"x": np.ones((2, 3, 7, 5), np.float32)}
    # Of one sign: sums of others may be so near to 0 that nothing but rounding is left.
    runner.install(network, {n: np.full_like(a, 0.5) for n, a in runner.arrays(network).items()})
    with patch.object(type(backend), "emit", autospec=True, side_effect=type(backend).emit) as emit:
        first = proto2net.blobs(network, feeds)
        runner.install(network, {n: 3 * a for n, a in runner.arrays(network).items()})
        second = proto2net.blobs(network, feeds)
    assert emit.call_count == 1
    np.testing.assert_allclose(second["conv"], 3 * first["conv"], rtol=1e-5)


def _ours(names: dict[str, Any]) -> set[str]:
    return {name for name in names if "proto2net.live" in name}
