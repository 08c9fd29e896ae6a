"""Caffe's text of each layer: as it stands in its file, or as it would be written."""

from __future__ import annotations

import re
from typing import Any

from proto2net import limits
from proto2net.errors import Proto2NetError
from proto2net.graph import Graph, Node
from proto2net.plain import content

_BEGINS = re.compile(r"[ \t]*layers?[ \t]*:?[ \t]*\{")
_PART = re.compile(r"""[{}] | \#[^\n]* | "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*'""", re.VERBOSE)
_NOTHING = re.compile(r"\s*(#.*)?")


def texts(graph: Graph) -> dict[Node[Any], str]:
    """The text of each layer, if there is one."""
    files: dict[str, list[str]] = {}
    found: dict[Node[Any], str] = {}
    for node in graph.nodes:
        text = ""
        if node.where and node.where.line:
            file = node.where.file
            if file not in files:
                files[file] = _lines(file)
            text = _from_line(files[file], node.where.line - 1)
        if text := text or _written(node, graph.phase):
            found[node] = text
    return found


def _lines(file: str) -> list[str]:
    """The lines of a definition; none of what is no file, such as standard input."""
    if file.startswith("<"):
        return []
    try:
        read = content(file, limits.TEXT_BYTES, "definition")
    except Proto2NetError:  # it was there when it was parsed
        return []
    return read.decode("utf-8-sig", errors="replace").split("\n")


def _from_line(lines: list[str], first: int) -> str:
    """The layer whose lines these are; nothing where they have something else, too."""
    if first >= len(lines) or not _BEGINS.match(lines[first]):
        return ""
    depth = 0
    for number in range(first, len(lines)):
        line = lines[number]
        for part in _PART.finditer(line) if "{" in line or "}" in line else ():
            depth += (part[0] == "{") - (part[0] == "}")
            if depth == 0 and part[0] == "}":
                alone = _NOTHING.fullmatch(line, part.end())
                return _moved_left(lines[first : number + 1]) if alone else ""
    return ""


def _moved_left(lines: list[str]) -> str:
    margin = min(len(line) - len(line.lstrip()) for line in lines if line.strip())
    return "\n".join(line[margin:].rstrip() for line in lines)


def _written(node: Node[Any], phase: str) -> str:
    """The layer in the current format; nothing of one that it cannot say."""
    from proto2net.caffe.exporter import layer_text  # with protobuf, which a graph does not need

    try:
        return layer_text(node, phase).rstrip()
    except Proto2NetError:
        return ""
