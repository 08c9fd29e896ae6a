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


@pytest.mark.parametrize("name", ZOO)
def test_network_agrees_with_caffe(name: str, target: str) -> None:
    recorded = digest(GOLDEN / "zoo" / f"{name}.json")
    graph = proto2net.parse(MODELS / f"{name}.prototxt")
    network = proto2net.load(graph, weights(graph, name), to=target)
    deviations = worst(network, graph, recorded)
    assert {blob: d for blob, d in deviations.items() if not d <= 1e-4} == {}


@pytest.mark.parametrize("name", ALL)
def test_every_file_of_the_zoo_runs_at_batch_1_and_3(name: str, target: str) -> None:
    graph = proto2net.parse(MODELS / f"{name}.prototxt")
    for found, right in batches(graph, target):
        assert found == right
