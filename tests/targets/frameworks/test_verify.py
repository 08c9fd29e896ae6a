"""`verify` finds that a framework computes what NumPy does."""

from __future__ import annotations

import pytest
from digests import MODELS, weights

import proto2net
from proto2net.verify import compare


@pytest.mark.parametrize(
    ("name", "shape"), [("lenet", (2, 1, 28, 28)), ("squeezenet_v1.1", (2, 3, 99, 91))]
)
def test_a_framework_is_within_the_tolerance(
    name: str, shape: tuple[int, ...], target: str
) -> None:
    graph = proto2net.parse(MODELS / f"{name}.prototxt", inputs={"data": shape})
    for arrays in (None, weights(graph, name)):
        found = compare(graph, arrays, to=[target])
        assert found.divergent is None, found
        assert {row.blob for row in found.rows} == set(graph.blobs)
