"""A network and its learned weights for a target: a source file, and a file of arrays beside it."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from proto2net.backends.base import Array, Emitted
from proto2net.backends.preprocess import transformed
from proto2net.errors import Proto2NetError
from proto2net.graph import Graph
from proto2net.rewrites.optimize import optimize
from proto2net.weights import Matched, match, read


@dataclass(frozen=True)
class Ported:
    """What `port` makes. `write` puts the arrays on an unbuffered stream, one after the other."""

    graph: Graph
    emitted: Emitted
    suffix: str
    size: int
    """About how many bytes `write` writes."""
    write: Callable[[BinaryIO], None]


def port(
    graph: Graph,
    weights: str | Path,
    target: Any,
    *,
    name: str = "",
    stem: str = "weights",
    allow_missing: bool = False,
    optimized: bool = False,
) -> Ported:
    """The network for a target with the weights of a file, which are read when they are written.

    `stem` names the file of arrays without its suffix. Raises WeightError for weights that do not
    fit, UnsupportedError for what the target cannot say.
    """
    if not target.weights_suffix:
        raise Proto2NetError(f"{target.name} has no place for weights", "leave out --weights")
    matched = match(graph, read(weights), allow_missing=allow_missing)
    if optimized:
        graph, matched = _optimized(graph, matched)
    for note in matched.notes:
        logging.getLogger("proto2net").info(note)
    size = sum(array.nbytes for array in matched.values.values())
    if target.weights_suffix == ".caffemodel":
        from proto2net.caffe.exporter import write_model

        write = partial(write_model, graph=graph, values=matched.values)
        return Ported(graph, target.emit(graph, name), target.weights_suffix, size, write)

    from proto2net import tensors

    emitted = target.emit(graph, name, f"{stem}.safetensors")
    found = list(tensors.tensors(emitted, matched.values))
    write = partial(tensors.write, found=found, metadata=_metadata(graph, emitted, target.name))
    return Ported(graph, emitted, target.weights_suffix, size, write)


def _optimized(graph: Graph, matched: Matched) -> tuple[Graph, Matched]:
    """The graph with fewer layers, and its values."""
    arrays = {
        node.name: [matched.values[node, blob] for blob in node.blobs]
        for node in graph.nodes
        if node.blobs and all((node, blob) in matched.values for blob in node.blobs)
    }
    graph, arrays, notes = optimize(graph, arrays)
    found = match(graph, arrays, allow_missing=True)
    return graph, Matched(found.values, [*matched.notes, *notes])


def caffe_names(array: Array) -> list[str]:
    """What an array is made from, each as its layer and its place there: "conv1/0"."""
    return [f"{node.name}/{list(node.blobs).index(blob)}" for node, blob in array.sources]


def _metadata(graph: Graph, emitted: Emitted, target: str) -> dict[str, str]:
    """What the header of a .safetensors file says.

    These are the target, Caffe's names of the arrays, and how images were prepared.
    """
    names = {name: caffe_names(array) for name, array in emitted.arrays.items()}
    metadata = {"target": target, "caffe": json.dumps(names)}
    if found := transformed(graph):
        fields = {k: v for k, v in vars(found.transform).items() if v}
        metadata["transform_param"] = json.dumps({"color_order": "BGR", **fields})
    return metadata
