"""Elements of HTML and SVG, in which a text is nothing but text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from proto2net.frozen import dataclass

_VOID = frozenset({"br", "col", "hr", "input", "link", "meta"})
"""Elements of HTML that hold nothing, and are not closed."""

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})


@dataclass(frozen=True)
class Element:
    """An element with its attributes and what it holds, which `str` writes."""

    tag: str
    children: tuple[Child, ...]
    attributes: Mapping[str, str]

    def __str__(self) -> str:
        parts: list[str] = []
        _write(self, parts)
        return "".join(parts)


Child = Element | str
"""What an element holds: others, and text."""


def element(tag: str, *children: Child, **attributes: object) -> Element:
    """An element. Of attributes `class_` is class and `stroke_width` stroke-width; None is none.

    True is an attribute without a value, such as `hidden`, and False is none.
    """
    shown = {
        name.rstrip("_").replace("_", "-"): "" if value is True else str(value)
        for name, value in attributes.items()
        if value is not None and value is not False
    }
    return Element(tag, children, shown)


def table(head: Iterable[Child], rows: Iterable[Iterable[Child]]) -> Element:
    """A table of these rows below its head."""
    titles = (element("th", title, scope="col") for title in head)
    lines = (element("tr", *(element("td", cell) for cell in row)) for row in rows)
    return element("table", element("thead", element("tr", *titles)), element("tbody", *lines))


def visible(text: str) -> str:
    """A text in which each character is seen as it is: others are escapes, such as \\u202e.

    So none changes the direction of what stands beside it, and XML may hold all of them. Lines
    stay lines.
    """
    if text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return "".join(c if c.isprintable() or c in "\n\t" else repr(c)[1:-1] for c in text)


def _write(shown: Element, parts: list[str]) -> None:
    parts.append(f"<{shown.tag}")
    parts += (f' {name}="{_escaped(value)}"' for name, value in shown.attributes.items())
    parts.append(">")
    if shown.tag in _VOID:
        return
    for child in shown.children:
        if isinstance(child, Element):
            _write(child, parts)
        else:
            parts.append(_escaped(child))
    parts.append(f"</{shown.tag}>")


def _escaped(text: str) -> str:
    return visible(text).translate(_ESCAPES)
