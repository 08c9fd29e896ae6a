"""Units that the outline found, such as a convolution with its normalisation, as blocks."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any

from proto2net.backends.base import Step
from proto2net.backends.blocks import Block
from proto2net.backends.forming import blocks
from proto2net.backends.tree import Expression
from proto2net.backends.unify import Meaning
from proto2net.graph import Graph, Node
from proto2net.outline import Kind, Region
from proto2net.outline.units import Unit, is_product, units, words

LEAST_PLACES = 8
"""Places where a unit must be written: with fewer it saves less than its definition takes."""

LEAST_OBJECTS = 2
"""Objects that a unit must have: one with a function behind it is said as shortly without."""


def unit_blocks(
    graph: Graph,
    steps: Sequence[Step],
    functions: Mapping[Expression, Sequence[Meaning]],
    places: Mapping[Node[Any], object],
    taken: Container[Node[Any]],
) -> Iterator[Block]:
    """The units that one definition each can say, of layers that are not taken meanwhile.

    `places` tells where layers of blocks are in the definitions of these: alike ones are written
    once.
    """
    step_of = {node: step for step in steps for node in step.nodes}
    for alike in units(graph):
        groups: dict[Any, list[Unit]] = {}
        if not _are_many(alike, places):
            continue
        for unit in alike:
            form = _form(graph, unit, step_of)
            if form and not any(node in taken for node in unit):
                groups.setdefault(form, []).append(unit)
        for found in groups.values():
            if _are_many(found, places):
                yield from blocks(_regions(found), steps, functions)


def _are_many(found: Sequence[Unit], places: Mapping[Node[Any], object]) -> bool:
    """Whether these would be written often enough."""
    return len({places.get(unit[0], unit[0].name) for unit in found}) >= LEAST_PLACES


def _form(graph: Graph, unit: Unit, step_of: Mapping[Node[Any], Step]) -> tuple[Any, ...]:
    """What units of one definition have in common; empty if this is said by none."""
    row = {step_of[node].nodes: step_of[node] for node in unit if node in step_of}
    codes = [step.code for step in row.values()]
    whole = tuple(node for nodes in row for node in nodes) == unit
    special = any(code.definition or code.state or code.updates for code in codes)
    stopped = not all(flow for node in unit for flow in node.propagate_down)
    if not whole or special or stopped or sum(bool(c.init) for c in codes) < LEAST_OBJECTS:
        return ()
    frozen = tuple(graph.frozen(node, blob) for node in unit for blob in node.blobs)
    said = [(c.kind, tuple(c.arrays)) if c.init else (c.forward,) for c in codes]
    return frozen, *said


def _regions(found: Sequence[Unit]) -> Iterator[Region]:
    """The units as regions of one kind."""
    types = [node.layer.type.lower() for node in found[0]]
    kind = Kind("".join(words(found[0])), tuple(_SHORT.get(each, each) for each in types), (), ())
    for unit in found:
        name = next((node.name for node in unit if is_product(node)), unit[0].name)
        yield Region(kind, name, name, unit, unit[0].bottoms[0], unit[-1].tops[0])


_SHORT = {"convolution": "conv", "deconvolution": "deconv", "innerproduct": "fc", "batchnorm": "bn"}
"""What layers of a long name are called within a unit."""
