"""What stands on a box: the layer's name, its type, and the numbers that tell it from others."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from proto2net.graph import Blob, Node
from proto2net.page import visible
from proto2net.shape import ANY_SIZE, Sizes

_NARROW = frozenset("iljtfrI.,:;'|!()[]/\\ -")
_WIDE = frozenset("mwMW@%<>=+~")
_LONGEST = 200
"""Characters of a text of which the width is measured: no box shows as many."""


def width(text: str, size: float) -> float:
    """About how wide a text is in a common font without serifs, rather more than less."""
    return size * sum(map(_EMS.__getitem__, text))


class _Ems(dict[str, float]):
    """How wide characters are, in ems, as they are met."""

    def __missing__(self, char: str) -> float:
        self[char] = _em(char)
        return self[char]


_EMS = _Ems()


def _em(char: str) -> float:
    if char in _NARROW:
        return 0.36
    if char in _WIDE:
        return 0.92
    if char.isascii():
        return 0.7 if char.isupper() else 0.6
    return 1.0 if unicodedata.east_asian_width(char) in "WF" else 0.64


def cut(text: str, room: float, size: float) -> str:
    """A text that has this room on a line; of a longer one the beginning and the end are left."""
    if len(text) <= _LONGEST and width(text, size) <= room:
        return text
    room -= width("…", size)
    ends: list[str] = []
    for chars, share in ((text[:_LONGEST], 0.6), (text[: -_LONGEST - 1 : -1], 0.4)):
        taken, left = "", room * share
        for char in chars:
            left -= size * _EMS[char]
            if left < 0:
                break
            taken += char
        ends.append(taken)
    return f"{ends[0]}…{ends[1][::-1]}"


def name_of(node: Node[Any]) -> str:
    """What a layer is called; of one without a name, its type."""
    return visible(node.name).replace("\n", "\\n").replace("\t", "\\t") or node.layer.type


@lru_cache  # many values have the same shape
def shape_text(sizes: Sizes, *, batch: bool = True) -> str:
    """A shape in a line: 64 × 112 × 112. Without its `batch` that is the first axis of several."""
    shown = sizes if batch or len(sizes) < 2 else sizes[1:]
    return " × ".join([ANY_SIZE if size is None else str(size) for size in shown]) or "scalar"


def numbers(node: Node[Any]) -> str:
    """What a paper says of a layer: 64, 7 × 7 / 2; mostly nothing."""
    layer = node.layer
    found: list[str] = []
    if width := getattr(layer, "num_output", 0):
        found.append(str(width))
    if getattr(layer, "global_pooling", False):
        found.append("global")
    elif window := _window(layer):
        found.append(window)
    dilation = _sizes(getattr(layer, "dilation", ()))
    if any(size > 1 for size in dilation):
        found.append(f"dilation {_each(dilation)}")
    if (groups := getattr(layer, "group", 1)) != 1:
        channels = node.bottoms[0].shape[1:2] if node.bottoms else ()
        if (groups,) != channels:
            found.append(f"{groups} groups")
        elif "Depthwise" not in layer.type:
            found.append("depthwise")
    for field in ("pool", "operation"):
        value = getattr(layer, field, "")
        if isinstance(value, str) and value:
            found.append({"AVE": "average", "SUM": "+", "PROD": "×"}.get(value, value.lower()))
    return ", ".join(found)


def _window(layer: Any) -> str:
    """The kernel of a layer and its stride: 3 × 3 / 2."""
    kernel = _sizes(getattr(layer, "kernel", None) or getattr(layer, "kernel_size", ()))
    if not any(kernel):
        return ""
    stride = _sizes(getattr(layer, "stride", ()))
    square = kernel * 2 if len(kernel) == 1 else kernel
    step = f" / {_each(stride)}" if any(size > 1 for size in stride) else ""
    return " × ".join(map(str, square)) + step


def _sizes(value: object) -> tuple[int, ...]:
    if isinstance(value, int):
        return (value,)
    each = value if isinstance(value, tuple) else ()
    return tuple(size for size in each if isinstance(size, int))


def _each(sizes: Sequence[int]) -> str:
    return str(sizes[0]) if len(set(sizes)) == 1 else " × ".join(map(str, sizes))


def blob_name(blob: Blob) -> str:
    """What a value is called."""
    return visible(blob.name).replace("\n", "\\n").replace("\t", "\\t")
