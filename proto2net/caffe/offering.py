"""Which definition beside one that does not say how images are prepared may say it.

Texts are compared, and nothing is parsed, since every conversion asks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from proto2net import limits, plain
from proto2net.graph import Graph
from proto2net.layers import Input

_WIDTHS = re.compile(rb"\b(num_output|kernel_size)\s*:\s*([0-9]+)")
_COMPARED = 8
"""So many numbers at the start of two definitions have to be the same."""
_LOOKED_AT = 8
"""How many definitions of a folder are looked at."""


def offered(graph: Graph, file: Path, beside: Sequence[Path]) -> str:
    """What is to be told of a definition beside that of the graph which is likely to say it."""
    nodes = [node for node in graph.nodes if isinstance(node.layer, Input)]
    if any(getattr(node.layer, "transform_param", None) for node in nodes) or not any(
        len(blob.shape) == 4 for blob in graph.inputs
    ):
        return ""
    own = _start(file)
    for other in beside[:_LOOKED_AT] if own else ():
        if other != file and _start(other, b"transform_param") == own:
            return f"--transform-from {other} would take over how images are prepared"
    return ""


def _start(file: Path, word: bytes = b"") -> list[tuple[bytes, ...]]:
    """The first widths that a definition's text states, if it has this word."""
    try:
        if plain.is_special(file) or file.stat().st_size > limits.TEXT_BYTES:
            return []
        content = file.read_bytes()
    except OSError:
        return []
    if word not in content:
        return []
    return [match.groups() for match in islice(_WIDTHS.finditer(content), _COMPARED)]
