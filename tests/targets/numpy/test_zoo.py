"""Known networks compute in NumPy, blob by blob, what Caffe recorded."""

from __future__ import annotations

import pytest
from digests import GOLDEN, MODELS, digest, weights, worst

import proto2net

# What a few seconds allow; the others of the zoo agree too.
NAMES = [
    "lenet",
    "cifar10_full",
    "cifar10_nin",
    "squeezenet_v1.1",
    "mobilenet",
    "nin",
    "googlenet",
    "resnet50",
]


@pytest.mark.parametrize("name", NAMES)
def test_network_agrees_with_caffe(name: str) -> None:
    recorded = digest(GOLDEN / "zoo" / f"{name}.json")
    graph = proto2net.parse(MODELS / f"{name}.prototxt")
    network = proto2net.load(graph, weights(graph, name), to="numpy")
    tolerance = 1e-5 if len(graph.nodes) <= 20 else 1e-4
    deviations = worst(network, graph, recorded)
    assert {name: d for name, d in deviations.items() if not d <= tolerance} == {}
