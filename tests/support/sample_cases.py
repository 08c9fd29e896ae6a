"""A sample of the public definitions, fixed by hash, that every target runs and agrees on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from digests import inputs, weights
from reference import corpus

import proto2net
from proto2net import Graph, Proto2NetError, backends
from proto2net.batch import with_batch
from proto2net.graph import Blob, Entry, Node
from proto2net.layers import Input, Layer
from proto2net.wiring import wire

SIZE = 17
CHEAP = 1e9
"""Multiply-adds of what is quick enough to be run each time."""
UNSTATED = {"*": (1, 3, 224, 224)}
"""The shape of inputs whose shape a file does not state."""


def sample() -> Iterator[tuple[str, Graph]]:
    """The first cheap definitions by hash that convert to both frameworks, for one image."""
    found: set[str] = set()
    definitions = sorted(corpus({"deploy", "train_val"}), key=lambda each: each[1])
    for path, sha, text in definitions:
        if len(found) == SIZE:
            break
        try:
            graph = proto2net.parse(text, file=path, inputs=UNSTATED)
            graph = with_batch(graph, 1) if graph.inputs else graph
            if sha in found or sum(node.macs for node in graph.nodes) > CHEAP:
                continue
            for target in ("torch", "tf"):
                proto2net.convert(graph, to=target)
        except Proto2NetError:
            continue
        found.add(sha)
        yield path, graph


def deviation(graph: Graph, to: str) -> float:
    """The largest difference of any output from numpy's, in units of its largest magnitude.

    Layers that sort boxes and throw some away are given numpy's own values, and so is what reads
    what they keep: scores that differ by a rounding may change places.
    """
    arrays, feeds = positive(graph, weights(graph, "net")), fed(graph)
    right = proto2net.blobs(proto2net.load(graph, arrays, to="numpy"), feeds)
    right |= feeds  # a layer in place has changed what an input is
    choosing = [node for node in graph.nodes if node.layer.sizes_by_value]
    parts = [_without(graph, choosing, right)] if choosing else [graph]
    parts += [_alone(node, right) for node in choosing]
    return max(_part_deviation(part, arrays, right, to) for part in parts)


def _part_deviation(
    part: Graph, arrays: dict[str, list[np.ndarray]], right: dict[str, np.ndarray], to: str
) -> float:
    held = {node.name: arrays[node.name] for node in part.nodes if node.name in arrays}
    feeds = {blob.name: right[blob.name] for blob in part.inputs}
    makers = {top: node for node in part.nodes for top in node.tops}
    told = dict.fromkeys(_told(blob, makers) for blob in part.outputs)
    part = replace(part, outputs=tuple(told))
    found = backends.get(to).runner.run(proto2net.load(part, held, to=to), part, feeds)
    return max(
        _difference(*(_comparable(makers[blob].layer, each) for each in (array, right[blob.name])))
        for blob, array in zip(told, found, strict=True)
    )


def _told(output: Blob, makers: dict[Blob, Node[Layer]]) -> Blob:
    """The blob that tells whether an output is the same.

    Where a network's values grow from layer to layer, as they may by the weights rule, a softmax
    makes 0 or 1 of their roundings: what goes into it is compared then.
    """
    maker = makers[output]
    if maker.layer.type in ("Softmax", "Reshape") and maker.bottoms[0].name != output.name:
        return _told(maker.bottoms[0], makers)
    return output


def _comparable(layer: Layer, values: np.ndarray) -> np.ndarray:
    """Detections in an order that roundings do not change; losses up to Caffe's bound."""
    if layer.loss:
        return np.minimum(values, -np.log(np.finfo(np.float32).tiny))
    if not layer.sizes_by_value:
        return values
    rows = values.reshape(-1, values.shape[-1])
    return rows[np.argsort(rows @ np.sqrt(np.arange(2, 2 + rows.shape[1])))]


def _without(graph: Graph, choosing: list[Node[Layer]], right: dict[str, np.ndarray]) -> Graph:
    """The network with inputs for what these layers make."""
    entries = [
        _source([blob.name for blob in node.tops], right) if node in choosing else node.entry
        for node in graph.nodes
    ]
    return wire(graph.name, entries, graph.phase)


def _alone(node: Node[Layer], right: dict[str, np.ndarray]) -> Graph:
    """A layer as a network of its own."""
    bottoms = list(dict.fromkeys(blob.name for blob in node.bottoms))
    return wire(node.name, [*(_source([name], right) for name in bottoms), node.entry])


def _source(tops: list[str], right: dict[str, np.ndarray]) -> Entry:
    shapes = tuple(right[top].shape for top in tops)
    return Entry(f"source of {tops[0]}", Input(shapes), tops=tuple(tops))


def positive(graph: Graph, arrays: dict[str, list[np.ndarray]]) -> dict[str, list[np.ndarray]]:
    """The arrays with variances above 0, which the rule gives to Caffe's own BatchNorm only."""
    for node in graph.nodes:
        if node.layer.type == "BN":
            for index, blob in enumerate(node.blobs):
                if blob == "variance":
                    arrays[node.name][index] = 0.5 + np.abs(arrays[node.name][index])
    return arrays


def fed(graph: Graph) -> dict[str, np.ndarray]:
    """Inputs by the weights rule; regions lie in the image, whose size is what it is."""
    feeds = inputs(graph, "net")
    height, width = next((b.shape[2:] for b in graph.inputs if len(b.shape) == 4), (1, 1))
    for name, values in feeds.items():
        if values.shape == (1, 3) or name == "im_info":
            values[:] = np.resize([height, width, 1], values.shape)
        elif len(values.shape) in (2, 4) and values.shape[1] == 5:
            values[:, 0] = 0
            values[:, 1:3] = np.abs(values[:, 1:3]) * 50
            values[:, 3:] = values[:, 1:3] + np.abs(values[:, 3:]) * 100
    return feeds


def _difference(found: np.ndarray, right: np.ndarray) -> float:
    if found.shape != right.shape:
        return float("inf")
    if not right.size or np.array_equal(found, right, equal_nan=True):
        return 0.0
    return float(np.abs(found - right).max() / (np.abs(right).max() or 1))
