"""The network that a command is about, as NET and its options say."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from proto2net import Graph, Issue, ParseError, Proto2NetError, limits, parse
from proto2net.layers.holes import Hole

STANDARD = "-"
"""Standard input or output in the place of a file."""


def read_graph(net: str, options: dict[str, Any]) -> Graph:
    """The graph of NET, a file or standard input. Raises Proto2NetError."""
    if net != STANDARD:
        return parse(Path(net), **options)
    return parse(standard_text(), file="<stdin>", **options)


def standard_text() -> str:
    """The definition on standard input. Raises Proto2NetError."""
    try:
        with open(0, "rb", closefd=False) as stream:
            content = stream.read(limits.TEXT_BYTES + 1)
    except OSError as error:
        raise Proto2NetError(f"standard input: {error.strerror}") from None
    if len(content) > limits.TEXT_BYTES:
        from proto2net.caffe.prototxt import too_long

        raise ParseError([too_long("<stdin>")])
    text = content.decode("utf-8-sig", errors="replace")
    return f"{text}\n"  # a line break tells text from a path


def check_weights(weights: str | None) -> None:
    """Refuse the name of no file, as an empty variable of the shell gives it."""
    if weights == "":
        raise click.UsageError("--weights names no file: it is empty")


def weights_of(net: str, weights: str | None) -> str | None:
    """The file of weights: NET itself, where it has some and no other is named."""
    from proto2net.weights.reading import is_caffemodel

    return net if weights is None and net != STANDARD and is_caffemodel(Path(net)) else weights


def whole(graph: Graph) -> Graph:
    """The same, if it can be run. Raises Proto2NetError for holes."""
    issues = [
        Issue("a hole cannot be run", "declare its type with --layers", node.where, str(node))
        for node in graph.nodes
        if isinstance(node.layer, Hole)
    ]
    if issues:
        raise Proto2NetError(issues)
    return graph


@contextmanager
def uncollected() -> Iterator[None]:
    """Look for no garbage, which takes time: nearly all that is made lives until the end."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
