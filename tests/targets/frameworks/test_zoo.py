"""Known networks compute in a framework, blob by blob, what Caffe recorded."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from digests import ALL, GOLDEN, MODELS, ZOO, batches, digest, weights, worst
from targets import forget

import proto2net


@pytest.fixture(autouse=True)
def _one_network_at_a_time(target: str) -> Iterator[None]:
    yield
    forget(target)


@pytest.mark.parametrize("name", ALL)
def test_network_runs_at_any_batch_and_agrees_with_caffe(name: str, target: str) -> None:
    graph = proto2net.parse(MODELS / f"{name}.prototxt")
    network = proto2net.load(graph, weights(graph, name), to=target)
    for found, right in batches(network, graph, target):
        assert found == right
    if name in ZOO:
        deviations = worst(network, graph, digest(GOLDEN / "zoo" / f"{name}.json"))
        assert {blob: d for blob, d in deviations.items() if not d <= 1e-4} == {}
