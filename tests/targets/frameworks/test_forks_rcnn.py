"""Regions of interest, at other sizes than declared, and through a whole detector."""

from __future__ import annotations

import numpy as np
import pytest
from forks_cases import CASCADE, MSCNN, RESIZED, detection, regions, resized
from layer_cases import assert_close, case
from targets import of_any_size

from proto2net import backends


@pytest.mark.parametrize("name", RESIZED)
def test_layer_takes_other_sizes_than_it_declares(name: str, target: str) -> None:
    graph = case(name).graph
    inputs, right = resized(name)
    feeds = {key: array.astype(np.float32) for key, array in inputs.items()}
    (found,) = backends.get(target).runner.run(of_any_size(graph, {}, target), graph, feeds)
    assert_close(found, right.astype(np.float32), 1e-5, name)


def test_a_detector_finds_what_it_finds_in_numpy(target: str) -> None:
    graph, weights, inputs = detection()
    found, right = (
        backends.get(to).runner.run(of_any_size(graph, weights, to), graph, inputs)
        for to in (target, "numpy")
    )
    assert len(right[0]) > 20
    for blob, mine, theirs in zip(graph.outputs, found, right, strict=True):
        assert_close(mine, theirs, 1e-5, blob.name)


@pytest.mark.parametrize("text", [MSCNN, CASCADE], ids=["mscnn", "cascade"])
def test_mscnn_finds_what_it_finds_in_numpy(text: str, target: str) -> None:
    graph, weights, inputs = regions(text)
    found, right = (
        backends.get(to).runner.run(of_any_size(graph, weights, to), graph, inputs)
        for to in (target, "numpy")
    )
    assert min(map(len, right)) > 4
    for blob, mine, theirs in zip(graph.outputs, found, right, strict=True):
        assert_close(mine, theirs, 1e-5, blob.name)
