"""A diagram with places: the one layout, which the page and the file of SVG both draw.

A diagram is laid out twice: as it is with all its blocks closed, and with room for all of them
open, each inside a block as one vertex more of its rows. From left to right a box has a place for
each; which of the two holds depends on whether any block of the diagram is open. From top to
bottom a row is as high as its highest box. So a page that opens a block has nothing to lay out: it
adds up the heights of rows, and there is no second algorithm in another language. With some blocks
open and others closed, there is more room than needed, and nothing overlaps.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from proto2net.frozen import dataclass
from proto2net.graph import Blob, Graph, Node
from proto2net.picture.diagram import Diagram, Group, Item, Line, Stack
from proto2net.picture.labels import cut, name_of, numbers, shape_text, width
from proto2net.picture.layered import Arranged, arranged, placed

BOLD, DETAIL = 14.0, 11.0
"""The sizes of letters: of names, which are as wide as those of this size, and of all else."""
HEAD, STRIP = 42.0, 19.0
"""How high the first layer of a box is, and each below it."""
GAP = 40.0
"""Between rows."""
ENTRY, EXIT = 46.0, -8.0
"""In an open block, what enters begins so far below its upper edge, and what leaves, above it."""
_LEAST, _MOST = 116.0, 250.0
"""How wide a box is."""
_BESIDE = 26.0
"""What is left and right of a text in a box."""
_PORT = 16.0
"""Between two lines that end at one box."""

Two = tuple[float, float]
"""A number for the diagram with all blocks closed, and one for that with any open."""


@dataclass(frozen=True)
class Strip:
    """A layer on a box, as its texts are cut for it."""

    node: Node[Any]
    name: str
    detail: str


@dataclass(frozen=True)
class Box:
    """An item with its place: `x` is its middle. A block has a plan of what it holds."""

    row: int
    x: Two
    width: float
    height: float
    strips: tuple[Strip, ...]
    group: Group | None = None
    name: str = ""
    detail: str = ""
    inside: Plan | None = None

    def size(self, *, is_open: bool) -> Two:
        """Its width and height; those of an open one with all blocks within it open too."""
        if self.inside is None or not is_open:
            return self.width, self.height
        wide = max(self.width, *self.inside.width)
        return wide, ENTRY + self.inside.height(is_open=True) + EXIT


@dataclass(frozen=True)
class End:
    """Where a line ends: at which box (-1: it leaves the block), and how far from its middle."""

    box: int
    row: int
    port: float


@dataclass(frozen=True)
class Route:
    """A line with its way: from a box (-1: it enters the block) along a trunk to its ends."""

    blob: Blob
    source: int
    row: int
    port: float
    trunk: tuple[Two, ...]
    """Where it goes through each row below its own."""
    ends: tuple[End, ...]
    width: float
    label: str
    """The shape, where it is another than that of what the box reads."""
    beside: int
    """At which side of the line's begin the label has room: 1 for the right, -1 for the left."""


@dataclass(frozen=True)
class Plan:
    """A diagram with the places of all."""

    width: Two
    rows: int
    boxes: tuple[Box, ...]
    routes: tuple[Route, ...]

    def height(self, *, is_open: bool) -> float:
        """How high it is with all its blocks closed, or open."""
        return sum(self.heights(is_open=is_open)) + GAP * max(self.rows - 1, 0)

    def heights(self, *, is_open: bool) -> list[float]:
        """The height of each row."""
        heights = [0.0] * self.rows
        for box in self.boxes:
            heights[box.row] = max(heights[box.row], box.size(is_open=is_open)[1])
        return heights


def plan(graph: Graph, diagram: Diagram) -> Plan:
    """The plan of a graph's diagram."""
    boxes = [_box(graph, item) for item in diagram.items]
    count = len(boxes)
    ends = (count, count + 1) if diagram.is_block else None  # as if they were boxes
    wires = tuple([(line.source, line.readers) for line in diagram.lines])
    rows = arranged(diagram.size, wires, ends)
    ports = (0.0, 0.0) if diagram.is_block else ()
    closed = placed(rows, (*(box.width for box in boxes), *ports))
    opened = closed
    if any(box.inside for box in boxes):
        opened = placed(rows, (*(box.size(is_open=True)[0] for box in boxes), *ports))
    x = [*zip(closed[0], opened[0], strict=True)]
    standing = tuple(
        replace(box, row=rows.row[index], x=x[index]) for index, box in enumerate(boxes)
    )
    routes = _routes(graph, diagram, rows, standing, x)
    return Plan((closed[1], opened[1]), len(rows.order), standing, tuple(routes))


# ---- boxes -----------------------------------------------------------------------------------


def _box(graph: Graph, item: Item) -> Box:
    if isinstance(item, Stack):
        first, *others = item.nodes
        head, *names = map(name_of, item.nodes)
        detail, types = _detail(first), [node.layer.type for node in others]
        below = [f"{kind}  {name}" for kind, name in zip(types, names, strict=True)]
        needed = [width(head, BOLD), *(width(text, DETAIL) for text in (detail, *below))]
        wide = _clamped(max(needed) + _BESIDE)
        room = wide - _BESIDE
        strips = [Strip(first, cut(head, room, BOLD), cut(detail, room, DETAIL))]
        for node, name, kind in zip(others, names, types, strict=True):
            shown = cut(kind, room, DETAIL)
            left = room - width(f"{shown}  ", DETAIL)
            strips.append(Strip(node, cut(name, left, DETAIL) if left > 24 else "", shown))
        return Box(0, (0, 0), wide, HEAD + STRIP * len(others), tuple(strips))
    count = f"{item.blocks} × " if item.blocks else ""
    detail = f"{count}{item.kind}, {len(item.nodes)} layers"
    wide = _clamped(max(width(item.name, BOLD), width(detail, DETAIL)) + _BESIDE + 14)
    room = wide - _BESIDE - 14
    name, shown = cut(item.name, room, BOLD), cut(detail, room, DETAIL)
    return Box(0, (0, 0), wide, HEAD, (), item, name, shown, plan(graph, item.inside))


def _clamped(wide: float) -> float:
    return float(math.ceil(min(max(wide, _LEAST), _MOST)))


def _detail(node: Node[Any]) -> str:
    told = numbers(node)
    return f"{node.layer.type} {told}" if told else node.layer.type


# ---- lines -----------------------------------------------------------------------------------


def _routes(
    graph: Graph, diagram: Diagram, rows: Arranged, boxes: Sequence[Box], x: Sequence[Two]
) -> list[Route]:
    starts, ports = _ports(diagram, rows, boxes, x)
    count = len(boxes)
    found = []
    for index, line in enumerate(diagram.lines):
        trunk = rows.trunks[index]
        at = x[line.source][0] + starts.get(index, 0.0)
        first = rows.row[line.source] + 1
        below = [x[reader][0] for reader in line.readers if rows.row[reader] == first]
        below += [x[trunk[0]][0]] if trunk else []
        only_right = any(x > at + 1 for x in below) and not any(x < at - 1 for x in below)
        ends = (
            End(reader if reader < count else -1, rows.row[reader], ports.get((index, reader), 0.0))
            for reader in line.readers
        )
        found.append(
            Route(
                line.blob,
                line.source if line.source < count else -1,
                rows.row[line.source],
                starts.get(index, 0.0),
                tuple(x[vertex] for vertex in trunk),
                tuple(ends),
                _thickness(line.blob),
                _label(graph, diagram, line),
                -1 if only_right else 1,
            )
        )
    return found


def _ports(
    diagram: Diagram, rows: Arranged, boxes: Sequence[Box], x: Sequence[Two]
) -> tuple[dict[int, float], dict[tuple[int, int], float]]:
    """Where lines begin and end at their boxes, beside each other: less or more than the middle."""
    leaving: dict[int, list[tuple[float, int]]] = {}
    coming: dict[int, list[tuple[float, int]]] = {}
    for index, line in enumerate(diagram.lines):
        trunk = rows.trunks[index]
        below = [x[trunk[0]][0]] if trunk else [x[reader][0] for reader in line.readers]
        mean = sum(below) / len(below) if below else x[line.source][0]
        leaving.setdefault(line.source, []).append((mean, index))
        for reader in line.readers:
            behind = rows.row[reader] - rows.row[line.source] - 2
            before = trunk[behind] if 0 <= behind < len(trunk) else line.source
            coming.setdefault(reader, []).append((x[before][0], index))
    starts = {index: port for box, port, index in _beside(leaving, boxes)}
    ends = {(index, box): port for box, port, index in _beside(coming, boxes)}
    return starts, ends


def _beside(
    lines: Mapping[int, list[tuple[float, int]]], boxes: Sequence[Box]
) -> list[tuple[int, float, int]]:
    """The port of each line at a box, in the order of where they come from."""
    found = []
    for box, each in lines.items():
        if box >= len(boxes) or len(each) < 2:
            continue
        step = min(_PORT, (boxes[box].width - 24) / (len(each) - 1))
        for number, (_, index) in enumerate(sorted(each)):
            found.append((box, step * (number - (len(each) - 1) / 2), index))
    return found


def _thickness(blob: Blob) -> float:
    """How thick a line is: by the digits of how many activations an image has there."""
    size = math.prod(blob.shape[1:] if len(blob.shape) > 1 else blob.shape)
    return round(min(max(0.9 + 0.75 * (math.log10(size or 1) - 2), 0.9), 4.5), 2)


def _label(graph: Graph, diagram: Diagram, line: Line) -> str:
    if line.source >= len(diagram.items):
        return ""
    item = diagram.items[line.source]
    before = item.nodes[0].bottoms[0].shape[1:] if item.nodes[0].bottoms else ()
    if before == line.blob.shape[1:] and line.readers:
        return ""
    return shape_text(graph.open_shape(line.blob), batch=False)
