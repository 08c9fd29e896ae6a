"""A difference as a page: the report, and below it both networks side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import groupby
from typing import TYPE_CHECKING

from proto2net.differ.comparing import SAME, Pairing
from proto2net.differ.items import Item
from proto2net.differ.values import cut, listed
from proto2net.differ.wording import ARRAY_HEAD, ARROW, array_row, layers, reshapings, sentence
from proto2net.errors import Proto2NetError
from proto2net.page import Child, Element, asset, element, page, table

if TYPE_CHECKING:
    from proto2net.differ.report import Difference

_NAME = 120
"""How many characters of a name a title has."""

_BLANK = " "
"""What holds a line open that has no text."""

_MARKED = {"+ ": "added", "- ": "removed", "~ ": "changed"}

_TEXTS = 2000
"""So many layers have their texts; to lay out more takes browsers long."""


def html(found: Difference) -> str:
    """A page that shows both networks side by side."""
    title = f"{cut(found.names[0], _NAME)} {ARROW} {cut(found.names[1], _NAME)}"
    body = element("main", element("h1", title), *_parts(found), class_="diff")
    style, script = (asset(__file__, name) for name in ("diff.css", "diff.js"))
    return page(title, [body], styles=[style], scripts=[script])


def _parts(found: Difference) -> Iterator[Element]:
    lines = found.text().splitlines()[1:]
    story = [element("span", f"{line}\n", class_=_MARKED.get(line[2:4])) for line in lines]
    yield element("pre", *story, class_="story")
    if found.graphs:
        yield _controls()
        heads = (element("h2", cut(name, _NAME)) for name in found.names)
        yield element("div", *heads, class_="sides heads")
        if len(found.layers) > _TEXTS:
            of = f"{_TEXTS:,} of {layers(len(found.layers))}, those that differ first"
            yield element("p", f"Caffe's text is shown of {of}.", class_="pale")
        yield element("ol", *_rows(found), class_="pairs")
    if found.arrays is not None:
        yield element("h2", "Weights")
        yield table(ARRAY_HEAD, [array_row(each) for each in found.arrays])


def _controls() -> Element:
    box = element("input", type="checkbox", id="all")
    return element(
        "div",
        element("label", box, " show what is the same"),
        element(
            "input", type="search", id="search", placeholder="name of a layer", aria_label="Find"
        ),
        element("button", "previous", id="previous", type="button", title="p"),
        element("button", "next", id="next", type="button", title="n"),
        element("span", "", id="place", class_="pale", aria_live="polite"),
        class_="controls no-print",
    )


def _rows(found: Difference) -> Iterator[Element]:
    """The layers in order; those in a row that are the same by themselves are behind one line."""
    texts = _Texts(found)
    for same, members in groupby(found.layers, lambda each: each.state == SAME):
        row = [*members]
        rows = [_pair(each, texts) for each in row]
        if not same:
            yield from rows
            continue
        names = listed((each.name for each in row), row=True)
        but = ", but for shapes" if any(each.reshaped for each in row) else ""
        summary = element("summary", f"{layers(len(rows))} the same{but}: {names}")
        yield element("li", element("details", summary, element("ol", *rows)), class_="run")


class _Texts:
    """Caffe's text of the layers of both networks; not of all, if there are very many."""

    def __init__(self, found: Difference) -> None:
        self.phases = [graph.phase for graph in found.graphs or ()]
        surest = sorted(found.layers, key=lambda each: each.state == SAME)
        self._shown = set(surest[:_TEXTS])

    def of(self, pairing: Pairing) -> list[list[str]]:
        """The lines of a layer in both networks; none of what is not there, or not shown."""
        if pairing not in self._shown:
            return []
        pairs = zip((pairing.a, pairing.b), self.phases, strict=True)
        return [_lines(item, phase) if item else [] for item, phase in pairs]


def _lines(item: Item, phase: str) -> list[str]:
    from proto2net.caffe.exporter import layer_text

    try:
        return layer_text(item.node, phase).splitlines()
    except Proto2NetError as error:
        return [f'layer "{item.name}" ({item.type})', f"# {error.issues[0].message}"]


def _pair(pairing: Pairing, texts: _Texts) -> Element:
    """A layer of both networks, side by side."""
    state = "reshaped" if pairing.state == SAME and pairing.reshaped else pairing.state
    names = dict.fromkeys(item.name for item in pairing.items)
    title = [
        element("strong", f" {ARROW} ".join(cut(name, _NAME) for name in names)),
        element("span", f" {pairing.items[-1].type}", class_="pale"),
        element("span", f" {state}", class_=f"state {state}"),
    ]
    told = [element("li", sentence(change)) for change in pairing.changes]
    why = f", because of {cut(pairing.follows, _NAME)}" if pairing.follows else ""
    told += [element("li", f"{line}{why}", class_="pale") for line in reshapings(pairing)]
    sides = texts.of(pairing)
    return element(
        "li",
        element("div", *title, class_="title"),
        *([element("ul", *told)] if told else []),
        *([element("div", *_sides(pairing, *sides), class_="sides")] if sides else []),
        class_=f"pair {state}",
        data_name="\n".join(names).lower(),
        tabindex=None if state == SAME else "-1",
    )


def _sides(pairing: Pairing, a: Sequence[str], b: Sequence[str]) -> Iterator[Element]:
    """The lines of both, those marked that differ; each stands beside the other's."""
    if not pairing.a or not pairing.b:
        for item, lines in ((pairing.a, a), (pairing.b, b)):
            yield _side(item, ["\n".join(lines)]) if item else element("div", class_="nothing")
        return
    if a == b:
        yield from (_side(item, ["\n".join(a)]) for item in pairing.items)
        return
    left: list[Element] = []
    right: list[Element] = []
    for what, a1, a2, b1, b2 in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        height = max(a2 - a1, b2 - b1)
        for column, lines, mark in ((left, a[a1:a2], "removed"), (right, b[b1:b2], "added")):
            kind = None if what == "equal" else mark
            column.extend(element("span", line, class_=kind) for line in lines)
            column.extend([element("span", _BLANK)] * (height - len(lines)))
    yield _side(pairing.a, left)
    yield _side(pairing.b, right)


def _side(item: Item, lines: Sequence[Child]) -> Element:
    """Where a layer stands, and its text."""
    place = [element("div", str(item.node.where), class_="place pale")] if item.node.where else []
    return element("div", *place, element("pre", *lines))
