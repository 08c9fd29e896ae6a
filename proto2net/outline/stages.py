"""Stages: regions in a row, each of which reads what the one before it makes, and nobody else."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from proto2net.graph import Graph, Node
from proto2net.outline.model import Part, Region, Stage

_PLACE = re.compile(r"(.*\d)(?:[\W_]+(?=\w)|(?=[^\W\d_]))([^\W\d_]*\d*)$")
_END = re.compile(r"[\W_]+$")


def staged(graph: Graph, parts: Sequence[Node[Any] | Region]) -> Iterator[Part]:
    """The parts in order, with rows of regions as stages."""
    of_kind = Counter(part.kind.title for part in parts if isinstance(part, Region))
    layers = {node.name for node in graph.nodes}
    for row in _rows(graph, parts):
        if len(row) == 1:
            yield row[0]
            continue
        regions = [part for part in row if isinstance(part, Region)]
        stage, _ = place(regions[0])
        whole = len(row) == of_kind[regions[0].kind.title]
        names = (stage, _named(regions, whole=whole), _named(regions, whole=False))
        yield Stage(
            next((name for name in names if name and name not in layers), names[-1]),
            tuple(regions),
            tuple(place(region)[1] for region in regions),
        )


def place(region: Region) -> tuple[str, str]:
    """The name of a region as that of its stage, and what it is within: "res4", "b12"."""
    found = _PLACE.match(region.key)
    if not found or not found[2]:
        return "", region.key
    return region.name.removesuffix(region.key) + found[1], found[2]


def _named(regions: Sequence[Region], *, whole: bool) -> str:
    """A name for a row that has none: as its kind, if it is all of that, or from where to where."""
    first, last = regions[0], regions[-1]
    shared = _END.sub("", first.name.removesuffix(first.key))
    return shared if whole and shared else f"{first.name}_to_{last.key}"


def _rows(graph: Graph, parts: Iterable[Node[Any] | Region]) -> Iterator[list[Node[Any] | Region]]:
    """The parts, those of a stage together."""
    row: list[Node[Any] | Region] = []
    for part in parts:
        if row and not _follows(graph, part, row[-1]):
            yield row
            row = []
        row.append(part)
    yield row


def _follows(graph: Graph, part: Node[Any] | Region, before: Node[Any] | Region) -> bool:
    """Whether a part goes on with the stage of the one before it."""
    if not isinstance(part, Region) or not isinstance(before, Region):
        return False
    readers = graph.consumers.get(before.exit, ())
    alone = before.exit not in graph.output_set and all(node in part.nodes for node in readers)
    projects = part.kind.optional and None not in part.nodes
    stage, stage_before = place(part)[0], place(before)[0]
    alike = bool(stage) or (part.kind == before.kind and not projects)
    return alone and part.entry == before.exit and stage == stage_before and alike
