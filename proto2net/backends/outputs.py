"""What a file gives of a graph: its outputs and losses, and the steps that these need."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from proto2net.backends.base import Step
from proto2net.errors import Issue
from proto2net.graph import Blob, Graph


def no_outputs(graph: Graph) -> list[Issue]:
    """The messages about a network that gives nothing: all that it makes is read or silenced."""
    made = [blob.name for blob in graph.blobs.values() if blob not in graph.input_set]
    hint = f"name the blobs that you want, as in --output {made[-1]}" if made else ""
    return [Issue("the network has no output: layers read or silence every blob", hint)]


def with_losses(graph: Graph) -> Graph:
    """The graph with losses as outputs too that are none since they have no name or a reader."""
    losses = [loss for _, loss in graph.losses if loss not in graph.output_set]
    return replace(graph, outputs=(*graph.outputs, *losses)) if losses else graph


def needed(steps: Sequence[Step], outputs: Iterable[Blob]) -> list[Step]:
    """The steps that the outputs need; others only feed what is silenced."""
    needed, kept = set(outputs), []
    for step in reversed(steps):
        if step.code.forward and needed.intersection(step.tops):
            needed.update(step.bottoms)
            kept.append(step)
    return kept[::-1]
