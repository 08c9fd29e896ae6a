"""What the tests of every target do with its networks; no framework is imported before."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from layer_cases import Case, Weights, check_after, check_blobs, check_gradients

import proto2net
from proto2net import Graph, backends
from proto2net.layout import laid_out
from proto2net.weights.matching import match


def check(found: Case, to: str) -> None:
    """A network computes what Caffe does: forward, and backward where the target has that."""
    network = check_blobs(found, to)
    if found.after:
        check_after(found, to)
    if found.gradients is not None and to in ("torch", "tf"):
        check_gradients(found, to, network, import_module(f"{to}_gradients").differentiate)


def of_sizes(
    graph: Graph, weights: Weights, shapes: Sequence[tuple[int | None, ...]], to: str
) -> Any:
    """A live network for inputs of these shapes, which a Keras model has to be told."""
    if to != "tf":
        return proto2net.load(graph, weights, to=to)
    target = backends.get(to)
    emitted = target.emit(graph)
    names: dict[str, Any] = {"__name__": "emitted"}
    exec(emitted.source, names)  # noqa: S102  # our own rendering
    network = names[emitted.entry](*(laid_out(shape)[1:] for shape in shapes))
    target.runner.install(network, emitted.converted(match(graph, weights).model.values))
    return network


def of_any_size(graph: Graph, weights: Weights, to: str) -> Any:
    """A live network for images of any height and width."""
    shapes = [
        (*blob.shape[:2], *(None for _ in blob.shape[2:])) if len(blob.shape) > 2 else blob.shape
        for blob in graph.inputs
    ]
    return of_sizes(graph, weights, shapes, to)


def seed(to: str) -> None:
    """Let a framework draw the same numbers each time."""
    if to == "tf":
        import_module("keras").utils.set_random_seed(1)
    elif to == "torch":
        import_module("torch").manual_seed(1)


def forget(to: str) -> None:
    """Free what a framework keeps of networks that are no longer used."""
    if to == "tf":
        import_module("keras").backend.clear_session()  # which collects garbage too
    else:
        gc.collect()
