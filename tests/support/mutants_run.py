"""Runs mutants: what a target computes is held against NumPy, as far as that can be done at all.

Nothing here knows a framework: a process that asks for one target has that one only.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import mutants
import numpy as np

import proto2net
from proto2net import Graph, backends
from proto2net.api import built
from proto2net.errors import Proto2NetError
from proto2net.feeds import label_blobs
from proto2net.graph import Node

Ndarray = np.ndarray[Any, np.dtype[Any]]
Slots = dict[tuple[Node[Any], str], Ndarray]

ELEMENTS = 500_000
"""Of all blobs together, and of all learned blobs."""
MACS = 50_000_000
TOLERANCE = 1e-4
"""In units of the largest magnitude."""

ALWAYS_RANDOM = ("DummyData",)
RANDOM_IN_TRAINING = ("Dropout", "SeLuDropout")

EXPLAINED = {
    ("Upsample", "IndexError"): "a mask that points outside of the top, where Caffe stops too",
}
"""Why a layer type may raise this in every target, NumPy included."""


class NotRun(Exception):
    """Why a mutant is not compared, in a few words that are counted."""


def outcome(text: str, phase: str, seed: int, target: str) -> str:
    """Empty where the target agrees with NumPy; else what differs. Raises NotRun."""
    graph = proto2net.parse(text + "\n", phase=phase)
    _check_size(graph)
    _check_random(graph)
    _check_defined(graph)
    if seed % 2:  # every blob, of layers that are rendered one by one; else what a user gets
        made = tuple(blob for blob in graph.blobs.values() if blob not in graph.input_set)
        graph = dataclasses.replace(graph, outputs=made)
    return differences(graph, seed, target)


def differing(seeds: range, target: str) -> dict[int, str]:
    """What differs, by the seeds of the mutants that are networks and can be run."""
    good, found = mutants.sources(), {}
    for seed in seeds:
        try:
            differs = outcome(mutants.mutant(seed, good).text, mutants.phase(seed), seed, target)
        except (NotRun, Proto2NetError):
            continue
        found[seed] = differs
    return found


def differences(graph: Graph, seed: int, target: str) -> str:
    """What differs between a target and NumPy, for weights and inputs of a seed."""
    rng = np.random.default_rng(seed)
    values, feeds = _weights(graph, rng), _feeds(graph, rng)
    right = _outputs(graph, "numpy", values, feeds)
    found = _outputs(graph, target, values, feeds)
    for blob, one, other in zip(graph.outputs, found, right, strict=True):
        if problem := _difference(one, other):
            maker = next(node for node in graph.nodes if blob in node.tops)
            return f'blob "{blob.name}" of {maker}: {problem}'
    return ""


def _check_size(graph: Graph) -> None:
    blobs = [top.shape for node in graph.nodes for top in node.tops]
    learned = [one.shape for node in graph.nodes for one in node.blobs.values()]
    for shapes in (blobs, learned):
        if sum(int(np.prod(shape, dtype=object)) for shape in shapes) > ELEMENTS:
            raise NotRun("too large")
    if sum(node.macs for node in graph.nodes) > MACS:
        raise NotRun("too large")


def _check_random(graph: Graph) -> None:
    for node in graph.nodes:
        kind, training = node.layer.type, graph.phase == "TRAIN"
        stochastic = getattr(node.layer, "pool", "") == "STOCHASTIC"
        if kind in ALWAYS_RANDOM or (training and (stochastic or kind in RANDOM_IN_TRAINING)):
            raise NotRun("random numbers")


def _check_defined(graph: Graph) -> None:
    for node in graph.nodes:
        if getattr(node.layer, "pad_ratio", 0) > 2**16:
            raise NotRun("corners beyond 32 bits, which are not defined in C")


def _weights(graph: Graph, rng: np.random.Generator) -> Slots:
    """Values of each learned blob that owns its array; variances and factors are above 0."""
    values: Slots = {}
    for node in graph.nodes:
        for name, learned in node.blobs.items():
            slot = graph.owner(node, name)
            if slot not in values:
                drawn = rng.uniform(-0.5, 0.5, learned.shape)
                if name in ("variance", "scale_factor"):
                    drawn = abs(drawn) + 0.5
                values[slot] = np.asarray(drawn, np.float32)
    return values


def _feeds(graph: Graph, rng: np.random.Generator) -> dict[str, Ndarray]:
    labels = label_blobs(graph)
    return {
        blob.name: np.asarray(
            rng.uniform(0 if blob in labels else -1, 0 if blob in labels else 1, blob.shape),
            np.float32,
        )
        for blob in graph.inputs
    }


def _outputs(graph: Graph, target: str, values: Slots, feeds: dict[str, Ndarray]) -> list[Ndarray]:
    backend = backends.get(target)
    try:
        emitted = backend.emit(graph)
    except Proto2NetError:
        raise NotRun(f"{target} refuses it") from None
    owned = {
        (node, name): values[graph.owner(node, name)] for node in graph.nodes for name in node.blobs
    }
    with np.errstate(all="ignore"):
        network = built(backend, emitted, graph.phase)
        backend.runner.install(network, emitted.converted(owned))
        try:
            found: list[Ndarray] = backend.runner.run(network, graph, feeds)
        except Exception as error:
            for node in graph.nodes:
                if why := EXPLAINED.get((node.layer.type, type(error).__name__)):
                    raise NotRun(why) from None
            raise
    return found


def _difference(found: Ndarray, right: Ndarray) -> str:
    if found.shape != right.shape:
        return f"its shape is {found.shape}, not {right.shape}"
    if found.dtype != right.dtype:
        return f"its type is {found.dtype}, not {right.dtype}"
    finite = np.isfinite(right)
    if not np.array_equal(found[~finite], right[~finite], equal_nan=True):
        return "not the same are NaN or infinite"
    if not np.isfinite(found[finite]).all():
        return "NaN or infinite where NumPy is not"
    largest = float(np.abs(right[finite]).max(initial=0)) or 1.0
    apart = np.abs(found[finite].astype(np.float64) - right[finite])
    worst = float(apart.max(initial=0)) / largest
    return f"off by {worst:.1e} of its largest magnitude" if worst > TOLERANCE else ""
