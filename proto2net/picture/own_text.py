"""Caffe's text of each layer: as it stands in its file, or as it would be written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from proto2net import limits
from proto2net.errors import Proto2NetError
from proto2net.graph import Graph, Node
from proto2net.plain import content

_BEGINS = re.compile(r"[ \t]*layers?[ \t]*:?[ \t]*\{")
_PART = re.compile(r"""[{}] | \#[^\n]* | "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*'""", re.VERBOSE)


def texts(graph: Graph) -> dict[Node[Any], str]:
    """The text of each layer, if there is one."""
    files: dict[str, list[str]] = {}
    found: dict[Node[Any], str] = {}
    for node in graph.nodes:
        if node.where and node.where.line:
            file = node.where.file
            if file not in files:
                files[file] = _lines(file)
            if text := _from_line(files[file], node.where.line - 1):
                found[node] = text
    return found or dict(_written(graph))


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
    """The layer that begins in this line, up to its last bracket; of an input, the line alone."""
    if first >= len(lines):
        return ""
    if not _BEGINS.match(lines[first]):
        return lines[first].strip()
    depth = 0
    for number in range(first, len(lines)):
        line = lines[number]
        for part in _PART.findall(line) if "{" in line or "}" in line else ():
            depth += (part == "{") - (part == "}")
            if depth == 0 and part == "}":
                return _moved_left(lines[first : number + 1])
    return ""


def _moved_left(lines: list[str]) -> str:
    margin = min(len(line) - len(line.lstrip()) for line in lines if line.strip())
    return "\n".join(line[margin:].rstrip() for line in lines)


def _written(graph: Graph) -> Iterator[tuple[Node[Any], str]]:
    """The layers in the current format; none of a network that it cannot say."""
    from proto2net.caffe import exporter  # with protobuf, which a graph does not need

    try:
        text = exporter.text(graph)
    except Proto2NetError:
        return
    layers = re.findall(r"^layer \{\n.*?^\}$", text, re.MULTILINE | re.DOTALL)
    if len(layers) == len(graph.nodes):
        yield from zip(graph.nodes, layers, strict=True)
