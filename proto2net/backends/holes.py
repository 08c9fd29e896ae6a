"""What every target says of a layer that is left for the user to write: a class of its name.

Its docstring quotes the layer as the file has it, and calling it raises NotImplementedError.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from textwrap import dedent, indent

from proto2net.backends.file import result_type
from proto2net.backends.source import INDENT, WIDTH, Namespace
from proto2net.backends.statements import Function, Parameter, Raise, Statement
from proto2net.backends.tree import call, dotted
from proto2net.graph import Blob, Node
from proto2net.layers.holes import Hole
from proto2net.shape import Shape, dims
from proto2net.text import plain

Shown = Callable[[Shape], str]
"""How a target writes the shape of a blob."""

_MOST = 60
"""Lines of the definition that a docstring quotes at most."""


def docstring(node: Node[Hole], shown: Shown = dims) -> list[str]:
    """What the layer is, what it reads and makes, and its text in the file."""

    def listed(blobs: Iterable[Blob]) -> str:
        return ", ".join(f"{plain(blob.name)} ({shown(blob.shape)})" for blob in blobs)

    lines = [
        f'"""The layer {plain(node.name)}, for you to write.',
        "",
        f"Type: {plain(node.layer.of)}.",
        *(f"Bottom: {listed([blob])}." for blob in node.bottoms),
        *(f"Top: {listed([blob])}." for blob in node.tops),
        *([""] if node.layer.text else []),
        *_quoted(node.layer.text),
        '"""',
    ]
    return [line.rstrip() for line in lines]


def method(name: str, node: Node[Hole], kind: str) -> Function:
    """The method that is to be written, from and to tensors of this type."""
    names = Namespace(["self"])
    tensor = dotted(kind)
    bottoms = [Parameter(names.name(blob.name), tensor) for blob in node.bottoms]
    result = result_type(tensor, len(node.tops), len(node.tops))
    return Function(name, [Parameter("self"), *bottoms], result, [unwritten(node)])


def unwritten(node: Node[Hole]) -> Statement:
    """The statement of a method that is to be written."""
    shapes = " and ".join(dims(blob.shape) for blob in node.tops)
    told = f"layer {plain(node.name)} is to be written: it makes {shapes}"
    return Raise(call("NotImplementedError", told))


def _quoted(text: str) -> list[str]:
    """Lines of a definition, in characters that neither end a docstring nor mean another."""
    if not text:
        return []
    first, _, rest = text.expandtabs().partition("\n")
    if (shallow := dedent(rest)) != rest:
        rest = indent(shallow, "  ")
    lines = f"layer {first}\n{rest}".split("\n")
    if len(lines) > _MOST:
        lines = [*lines[:_MOST], "…"]
    room = WIDTH - len(INDENT)
    return [plain(line, room).rstrip() for line in lines if line.strip()]
