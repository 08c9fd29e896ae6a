"""Holds a network against a digest of what Caffe computed with it under the weights rule."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from golden.weights_rule import fill, input_values
from places import ROOT, TESTS

import proto2net
from proto2net import Graph

GOLDEN = TESTS / "golden"
MODELS = ROOT / "models" / "prototxt"
ZOO = sorted(path.stem for path in (GOLDEN / "zoo").glob("*.json"))


ALL = sorted(path.stem for path in MODELS.glob("*.prototxt"))


Shapes = list[tuple[int, ...]]


def batches(network: Any, graph: Graph, to: str) -> Iterator[tuple[Shapes, Shapes]]:
    """The outputs' shapes at batch 1 and 3, as a live network has them and as they should be."""
    from proto2net import backends

    for batch in (1, 3):
        feeds = {b.name: np.zeros((batch, *b.shape[1:]), np.float32) for b in graph.inputs}
        found = backends.get(to).runner.run(network, graph, feeds)
        right = [(batch, *blob.shape[1:]) for blob in graph.outputs]
        yield [array.shape for array in found], right


def digest(path: Path) -> dict[str, Any]:
    """The recorded digest: name, inputs, learned blobs, and each blob's shape and statistics."""
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def weights(graph: Graph, net: str) -> dict[str, list[np.ndarray]]:
    """The learned blobs of every layer under the weights rule."""
    return {
        node.name: [
            fill(net, node.name, node.layer.type, index, learned.shape)
            for index, learned in enumerate(node.blobs.values())
        ]
        for node in graph.nodes
        if node.blobs
    }


def inputs(graph: Graph, net: str) -> dict[str, np.ndarray]:
    """The input blobs under the weights rule."""
    return {blob.name: input_values(net, blob.name, blob.shape) for blob in graph.inputs}


def worst(network: Any, graph: Graph, recorded: dict[str, Any]) -> dict[str, float]:
    """Each blob's largest deviation from the digest, in units of its largest magnitude."""
    return deviations(proto2net.blobs(network, inputs(graph, recorded["net"])), recorded)


def deviations(blobs: dict[str, np.ndarray], recorded: dict[str, Any]) -> dict[str, float]:
    """The same of blobs that were computed for the inputs under the weights rule."""
    assert set(blobs) >= set(recorded["blobs"])
    return {name: _deviation(blobs[name], said) for name, said in recorded["blobs"].items()}


def _deviation(blob: np.ndarray, said: dict[str, Any]) -> float:
    assert list(blob.shape) == said["shape"]
    flat = blob.astype(np.float64).reshape(-1)
    found = [flat.mean(), flat.std(), np.abs(flat).max(), *flat[:8], *flat[-8:]]
    right = [said["mean"], said["std"], said["max_abs"], *said["head"], *said["tail"]]
    return float(np.abs(np.subtract(found, right)).max() / (said["max_abs"] or 1))
