"""The plan of a network as a file of SVG, which READMEs and papers can show."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from proto2net.facts.families import FAMILIES, family_of
from proto2net.graph import Graph
from proto2net.page import STYLE, Element, element
from proto2net.picture.labels import blob_name, name_of, shape_text
from proto2net.picture.plan import ENTRY, EXIT, GAP, HEAD, STRIP, Box, Plan, Route

MARGIN = 18.0
"""Around the picture."""
_CARDS = 5.0
"""How far the cards below that of a row of blocks are seen."""
_FACE, _FRAME = 0.15, 0.05
"""How much of its family's colour the ground of a layer has, and of the accent that of a block."""

Point = tuple[float, float]


def svg(graph: Graph, plan: Plan, *, is_open: bool = False) -> str:
    """The file, with all blocks closed or open."""
    return f"{drawing(graph, plan, element('style', style()), is_open=is_open)}\n"


def drawing(graph: Graph, plan: Plan, *first: Element, is_open: bool = False) -> Element:
    """The picture alone, for a page that has its style."""
    wide = plan.width[is_open] + 2 * MARGIN
    high = plan.height(is_open=is_open) + 2 * MARGIN + _STUB
    name = graph.name or "A network"
    return element(
        "svg",
        element("title", name),
        *first,
        element("rect", class_="ground", width=_n(wide), height=_n(high), rx=8),
        *_drawn(graph, plan, (MARGIN, MARGIN), is_open),
        xmlns="http://www.w3.org/2000/svg",
        width=_n(wide),
        height=_n(high),
        viewBox=f"0 0 {_n(wide)} {_n(high)}",
        role="img",
        class_="net",
    )


# ---- colours ---------------------------------------------------------------------------------


@cache
def colours() -> tuple[dict[str, str], dict[str, str]]:
    """The colours of pages by name, light and dark."""
    light, _, dark = STYLE.partition("@media (prefers-color-scheme: dark)")
    first, second = (dict(re.findall(r"--(\w+): (#\w+)", part)) for part in (light, dark))
    return first, second


@cache
def style() -> str:
    """The style of a picture, in a page too. It has numbers alone, which every program reads."""
    light, dark = map(_coloured, colours())
    return f"{_FIXED}{light}@media (prefers-color-scheme: dark) {{\n{dark}}}\n"


_FIXED = """
.net { font-family: system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; }
.net text { font-size: 11px; }
.net .name { font-size: 12.5px; font-weight: 600; }
.net .line { fill: none; stroke-linejoin: round; }
.net .shape { font-size: 10px; paint-order: stroke; stroke-width: 3px; stroke-linejoin: round; }
.net .frame, .net .card { stroke-width: 1px; }
"""


def _coloured(colour: dict[str, str]) -> str:
    """The rules that have colours."""
    ground = colour["ground"]
    families = "".join(
        f".net .{family} .face {{ fill: {_mixed(colour[family], ground, _FACE)}; }}\n"
        f".net .{family} .bar, .net .bar.{family} {{ fill: {colour[family]}; }}\n"
        for family in FAMILIES
    )
    return (
        f".net .ground {{ fill: {ground}; }}\n"
        f".net text {{ fill: {colour['text']}; }}\n"
        f".net .detail, .net .shape {{ fill: {colour['pale']}; }}\n"
        f".net .shape {{ stroke: {ground}; }}\n"
        f".net .line {{ stroke: {colour['edge']}; }}\n"
        f".net .tip {{ fill: {colour['edge']}; }}\n"
        f".net .card {{ fill: {colour['raised']}; stroke: {colour['edge']}; }}\n"
        f".net .frame {{ fill: {_mixed(colour['accent'], ground, _FRAME)};"
        f" stroke: {colour['edge']}; }}\n"
        f"{families}"
    )


def _mixed(colour: str, ground: str, share: float) -> str:
    """The ground with this share of a colour."""
    pairs = ((int(colour[i : i + 2], 16), int(ground[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(share * a + (1 - share) * b):02x}" for a, b in pairs)


# ---- what is drawn ---------------------------------------------------------------------------


def _drawn(graph: Graph, plan: Plan, at: Point, is_open: bool) -> Iterator[Element]:
    """All of a plan whose left upper corner is here: lines, and boxes over them."""
    tops = [at[1]]
    for height in plan.heights(is_open=is_open):
        tops.append(tops[-1] + height + GAP)
    placed = [(at[0] + box.x[is_open], tops[box.row]) for box in plan.boxes]
    for route in plan.routes:
        yield _line(graph, plan, route, at[0], tops, placed, is_open)
    for box, place in zip(plan.boxes, placed, strict=True):
        yield from _box(graph, box, place, is_open)
    for route in plan.routes:
        group = plan.boxes[route.source].group
        if route.label and not (group and is_open):  # which has the shape within
            x, y = _start(plan, route, at[0], tops, placed, is_open)
            y += _CARDS if group else 0
            yield element(
                "text",
                route.label,
                class_="shape",
                x=_n(x + 6 * route.beside),
                y=_n(y + 12),
                text_anchor="end" if route.beside < 0 else None,
            )


def _box(graph: Graph, box: Box, at: Point, is_open: bool) -> Iterator[Element]:
    wide, high = box.size(is_open=is_open)
    x, y = at[0] - wide / 2, at[1]
    if box.group is None:
        yield from (_strip(graph, box, index, (x, y)) for index in range(len(box.strips)))
        return
    told = f"{box.group.name}: {box.group.kind}, {len(box.group.nodes)} layers"
    if box.inside and is_open:
        name = element("text", box.name, class_="name", x=_n(x + 12), y=_n(y + 18))
        detail = element("text", box.detail, class_="detail", x=_n(x + 12), y=_n(y + 33))
        frame = element("rect", class_="frame", rx=8, **_place(x, y, wide, high))
        yield element("g", element("title", told), frame, name, detail)
        left = x + (wide - box.inside.width[1]) / 2
        yield from _drawn(graph, box.inside, (left, y + ENTRY), is_open)
        return
    cards = [
        element("rect", class_="card", rx=6, **_place(x + by, y + by, wide, high))
        for by in ((_CARDS, _CARDS / 2, 0) if box.group.blocks else (0,))
    ]
    yield element(
        "g",
        element("title", told),
        *cards,
        *_bars(box, (x, y)),
        element("text", box.name, class_="name", x=_n(x + 16), y=_n(y + 18)),
        element("text", box.detail, class_="detail", x=_n(x + 16), y=_n(y + 33)),
    )


def families_in(box: Box) -> list[str]:
    """The families of the layers of a block, or of the first in a row of them, in order."""
    group = box.group
    while group and group.blocks and isinstance(first := group.inside.items[0], type(group)):
        group = first
    return [family_of(type(node.layer)) for node in group.nodes] if group else []


def _bars(box: Box, at: Point) -> Iterator[Element]:
    """What is in a closed block, as the colours of its layers."""
    families = families_in(box)
    part = (box.height - 10) / len(families)
    for index, family in enumerate(families):
        place = _place(at[0] + 5, at[1] + 5 + index * part, 4, part)
        yield element("rect", class_=f"bar {family}", **place)


def _strip(graph: Graph, box: Box, index: int, at: Point) -> Element:
    strip, (x, y) = box.strips[index], at
    y, high = (y, HEAD) if index == 0 else (y + HEAD + STRIP * (index - 1) + 1.5, STRIP - 1.5)
    shapes = ", ".join(shape_text(graph.open_shape(top)) for top in strip.node.tops)
    texts = [
        element("text", strip.name, class_="name", x=_n(x + 13), y=_n(y + 18)),
        element("text", strip.detail, class_="detail", x=_n(x + 13), y=_n(y + 33)),
    ]
    if index:
        right = _n(x + box.width - 9)
        texts = [
            element("text", strip.detail, x=_n(x + 13), y=_n(y + 13)),
            element("text", strip.name, class_="detail", x=right, y=_n(y + 13), text_anchor="end"),
        ]
    return element(
        "g",
        element("title", f"{name_of(strip.node)}: {strip.node.layer.type}, {shapes}"),
        element("rect", class_="face", rx=4, **_place(x, y, box.width, high)),
        element("rect", class_="bar", rx=2, **_place(x, y, 4, high)),
        *texts,
        class_=family_of(type(strip.node.layer)),
    )


# ---- lines -----------------------------------------------------------------------------------

_STUB = 22.0
"""How long the line of an output is."""
_INSIDE = 0.8
"""How much of its tip a line ends above it, so that the tip is sharp."""


def _start(
    plan: Plan,
    route: Route,
    left: float,
    tops: Sequence[float],
    placed: Sequence[Point],
    is_open: bool,
) -> Point:
    if route.source < 0:
        return left + plan.width[is_open] / 2, tops[0]
    x, y = placed[route.source]
    return x + route.port, y + plan.boxes[route.source].size(is_open=is_open)[1]


def _line(
    graph: Graph,
    plan: Plan,
    route: Route,
    left: float,
    tops: Sequence[float],
    placed: Sequence[Point],
    is_open: bool,
) -> Element:
    """A line: from its box down its trunk, and from there to its ends."""
    start, y = _start(plan, route, left, tops, placed, is_open)
    x = start
    bottoms = [top - GAP for top in tops[1:]]
    drawn, tips = [f"M{_n(x)} {_n(y)}V{_n(bottoms[route.row])}"], []
    trunk = [left + each[is_open] for each in route.trunk]
    for row, goal in enumerate(trunk, route.row + 1):
        drawn.append(f"{_curve(x, bottoms[row - 1], goal, tops[row])}V{_n(bottoms[row])}")
        x = goal
    middle = left + plan.width[is_open] / 2
    for end in route.ends:
        goal = placed[end.box][0] + end.port if end.box >= 0 else middle
        row = end.row - 1 if trunk else route.row
        before = trunk[row - route.row - 1] if row > route.row else start
        down = tops[end.row] + (EXIT if end.box < 0 else 0)
        tip = _tip_of(route) if end.box >= 0 else 0.0
        way = _curve(before, bottoms[row], goal, down - tip * _INSIDE)
        drawn.append(f"M{_n(before)} {_n(bottoms[row])}{way}")
        tips.append(_tip(goal, down, tip))
    if not route.ends:
        drawn.append(f"V{_n(y + _STUB - _tip_of(route) * _INSIDE)}")
        tips.append(_tip(x, y + _STUB, _tip_of(route)))
    told = f"{blob_name(route.blob)}: {shape_text(graph.open_shape(route.blob))}"
    return element(
        "g",
        element("title", told),
        element("path", class_="line", stroke_width=route.width, d="".join(drawn)),
        element("path", class_="tip", d="".join(tips)),
        *([element("circle", class_="tip", cx=_n(start), cy=_n(y), r=3)] * (route.source < 0)),
    )


def _curve(x: float, y: float, goal: float, down: float) -> str:
    middle = _n((y + down) / 2)
    if abs(x - goal) < 0.1:
        return f"V{_n(down)}"
    return f"C{_n(x)} {middle} {_n(goal)} {middle} {_n(goal)} {_n(down)}"


def _tip_of(route: Route) -> float:
    """How long and wide the tip of a line is."""
    return route.width + 4.5


def _tip(x: float, y: float, size: float) -> str:
    return f"M{_n(x)} {_n(y)}l{_n(-size / 2)} {_n(-size)}h{_n(size)}z" if size else ""


def _place(x: float, y: float, width: float, height: float) -> dict[str, str]:
    return {"x": _n(x), "y": _n(y), "width": _n(width), "height": _n(height)}


def _n(number: float) -> str:
    """A number with at most one digit behind the point."""
    return f"{number:.1f}".removesuffix(".0")
