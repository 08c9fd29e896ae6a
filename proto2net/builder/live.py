"""Networks made with tensors: their outputs are tensors of the same framework."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from proto2net import layout
from proto2net.errors import Proto2NetError
from proto2net.graph import Graph
from proto2net.shape import Shape

_TARGETS = {"torch": "torch", "tensorflow": "tf", "keras": "tf"}
"""The target whose networks take the tensors of a framework, by its package."""


class Tensor(NamedTuple):
    """A tensor that a network is made with: its target, and its shape in Caffe's order."""

    value: Any
    target: str
    shape: Shape


def tensors(inputs: Mapping[str, Any]) -> dict[str, Tensor]:
    """Which inputs are tensors. Raises Proto2NetError unless all are, of one framework, or none."""
    found = {name: _tensor(value) for name, value in inputs.items() if hasattr(value, "shape")}
    kinds = {tensor.target for tensor in found.values()}
    if len(kinds) > 1 or (found and len(found) < len(inputs)):
        raise Proto2NetError(
            f"only some of the inputs {', '.join(inputs)} are tensors of one framework",
            "give a shape for each, or a tensor of one framework for each",
        )
    return found


def _tensor(value: Any) -> Tensor:
    package = type(value).__module__.partition(".")[0]
    target = _TARGETS.get(package)
    if target is None:
        raise Proto2NetError(
            f"an input is a {package}.{type(value).__name__}",
            "give a shape, or a tensor of TensorFlow or PyTorch",
        )
    shape = tuple(1 if size is None else int(size) for size in value.shape)
    return Tensor(value, target, shape if target == "torch" else layout.in_caffe_order(shape))


def computed(
    graph: Graph, given: Mapping[str, Tensor], load: Callable[[Graph, str], Any]
) -> dict[str, Any]:
    """The tensor of every blob of a graph, the inputs' too."""
    from proto2net import backends

    target = next(iter(given.values())).target
    wanted = tuple(blob for blob in graph.blobs.values() if blob not in graph.input_set)
    network = load(dataclasses.replace(graph, outputs=wanted), target)
    values = {name: tensor.value for name, tensor in given.items()}
    inputs = [values[blob.name] for blob in graph.inputs]
    results = backends.get(target).runner.call(network, inputs, graph.phase)
    return values | {blob.name: result for blob, result in zip(wanted, results, strict=True)}
