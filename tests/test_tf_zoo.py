"""Known networks compute in Keras, blob by blob, what Caffe recorded."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import keras
import pytest
from digests import GOLDEN, MODELS, ZOO, digest, weights, worst

import proto2net


@pytest.fixture(autouse=True)
def _one_network_at_a_time() -> Iterator[None]:
    yield
    keras.backend.clear_session()
    gc.collect()


@pytest.mark.parametrize("name", ZOO)
def test_network_agrees_with_caffe(name: str) -> None:
    recorded = digest(GOLDEN / "zoo" / f"{name}.json")
    graph = proto2net.parse(MODELS / f"{name}.prototxt")
    network = proto2net.load(graph, weights(graph, name), to="tf")
    deviations = worst(network, graph, recorded)
    assert {blob: d for blob, d in deviations.items() if not d <= 1e-4} == {}
